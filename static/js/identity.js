// Who writes, remembered in this browser alone once something was posted, for as long as the box is ticked.
const KEY = "talkback reader";
const OFF = "off";
const FIELDS = ["name", "email", "website"];
let sent = null;

const form = () => document.getElementById("comment-form");
const box = () => document.getElementById("remember");
const field = (name) => form().elements.namedItem(name);

const off = () => stored.readText("localStorage", KEY) === OFF;
const store = (text) => stored.writeText("localStorage", KEY, text);
const known = () => stored.readJson("localStorage", KEY, {}, stored.isRecord);

function settle() {
  if (!box()) return;
  box().closest("p").hidden = false;
  box().checked = !off();
}

document.addEventListener("change", ({ target }) => {
  if (target !== box()) return;
  store(target.checked ? "{}" : OFF);
});

document.addEventListener("submit", (event) => {
  if (event.target !== form() || event.submitter?.matches(".preview-button")) return;
  sent = Object.fromEntries(FIELDS.map((name) => [name, field(name).value]));
  if (!event.defaultPrevented) remember();
});

document.addEventListener("talkback:posted", remember);
document.addEventListener("htmx:after:swap", settle);

function remember() {
  if (sent && !off()) store(JSON.stringify(sent));
  sent = null;
}

if (form()) {
  settle();
  for (const name of FIELDS) if (typeof known()[name] === "string") field(name).value ||= known()[name];
}
