// Stores name, e-mail address and website of the reader in this browser after a post, while the box is ticked.
const KEY = "talkback reader";
const OFF = "off";
const FIELDS = ["name", "email", "website"];
let sent = null;

const form = () => document.getElementById("comment-form");
const box = () => document.getElementById("remember");
const field = (name) => form().elements.namedItem(name);

const isOff = () => browserStorage.readText("localStorage", KEY) === OFF;
const save = (text) => browserStorage.writeText("localStorage", KEY, text);
const readIdentity = () => browserStorage.readJson("localStorage", KEY, {}, browserStorage.isRecord);

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
