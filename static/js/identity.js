// Who writes, remembered in this browser alone once something was posted, for as long as the box is ticked.
const KEY = "talkback reader";
const OFF = "off";
const FIELDS = ["name", "email", "website"];
let sent = null;

const form = () => document.getElementById("comment-form");
const box = () => document.getElementById("remember");
const field = (name) => form().elements.namedItem(name);

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function store(text) {
  try {
    localStorage.setItem(KEY, text);
  } catch {
    // forbidden or full: not remembered
  }
}

function known() {
  try {
    return JSON.parse(stored()) ?? {};
  } catch {
    return {};
  }
}

function settle() {
  if (!box()) return;
  box().closest("p").hidden = false;
  box().checked = stored() !== OFF;
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
  if (sent && stored() !== OFF) store(JSON.stringify(sent));
  sent = null;
}

if (form()) {
  settle();
  for (const name of FIELDS) field(name).value ||= known()[name] ?? "";
}
