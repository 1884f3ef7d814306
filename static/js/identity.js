// Stores name, e-mail address and website of the reader in this browser after a post, while the box is ticked.
import { commentForm as form, field } from "./lib/page.js";
import { isRecord, readJson, readText, writeText } from "./lib/storage.js";

const KEY = "talkback reader";
const OFF = "off";
const FIELDS = ["name", "email", "website"];
let sent = null;

const box = () => document.getElementById("remember");

const isOff = () => readText("localStorage", KEY) === OFF;
const save = (text) => writeText("localStorage", KEY, text);
const readIdentity = () => readJson("localStorage", KEY, {}, isRecord);

function updateBox() {
  if (!box()) return;
  box().closest("p").hidden = false;
  box().checked = !isOff();
}

document.addEventListener("change", ({ target }) => {
  if (target !== box()) return;
  save(target.checked ? "{}" : OFF);
});

document.addEventListener("submit", (event) => {
  if (event.target !== form() || event.submitter?.matches(".preview-button")) return;
  sent = Object.fromEntries(FIELDS.map((name) => [name, field(name).value]));
  if (!event.defaultPrevented) remember();
});

document.addEventListener("talkback:posted", remember);
document.addEventListener("htmx:after:swap", updateBox);

function remember() {
  if (sent && !isOff()) save(JSON.stringify(sent));
  sent = null;
}

if (form()) {
  updateBox();
  for (const name of FIELDS) if (typeof readIdentity()[name] === "string") field(name).value ||= readIdentity()[name];
}
