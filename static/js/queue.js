// The queue at the desk: forms open in their entry, the focus moves on after a decision, and everything works by keys
// while no field has the focus. Without this script, plain forms and links do the same.
const queue = document.querySelector(".queue");
const keys = document.getElementById("keys");
const entries = () => [...queue.querySelectorAll("article")];
const entryOf = (element) => element?.closest?.(".queue article") ?? null;
const isDecided = (entry) => entry.querySelector(".decided") !== null;
const hasText = (place) => Boolean(place?.querySelector("textarea")?.value.trim());

let current = null; // the entry that keys act on
let byKey = false;
let pending = 0; // decisions that were sent but not answered
let undoNext = false;
let leaving = false;

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  x: mark,
  a: () => decide("a"),
  s: () => decide("s"),
  d: () => decide("d"),
  r: () => current?.querySelector('[data-key="r"]')?.click(),
  o: () => current?.querySelector("a.open, a.time").click(),
  u: undo,
  "?": () => (keys?.open ? keys.close() : keys?.showModal()),
};

addEventListener("keydown", (event) => {
  byKey = true;
  if (event.key === "Escape") leaveForm(event);
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isEditing(event.target)) return;
  if (!Object.hasOwn(KEYS, event.key) || (event.repeat && !"jk".includes(event.key))) return;
  if (keys?.open && event.key !== "?") return;
  event.preventDefault();
  KEYS[event.key]();
});
addEventListener("pointerdown", () => { byKey = false; });
document.addEventListener("focusin", ({ target }) => { current = entryOf(target) ?? current; });

// Whether the element is a text field, or in a form that is open in an entry.
function isEditing(element) {
  return element.closest('textarea, select, input:not([type="checkbox"]), [contenteditable], .place form') !== null;
}

function focus(entry) {
  if (!entry) return;
  current = entry;
  entry.focus({ preventScroll: true });
  entry.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = entries();
  const here = all.indexOf(current);
  focus(here < 0 ? all[0] : all[here + by]);
}

function mark() {
  const box = current?.querySelector(".mark input:enabled");
  if (box) box.checked = !box.checked;
}

function decide(key) {
  const button = current?.querySelector(`button[data-key="${key}"]`);
  if (!button) return;
  button.click();
  focusNext(current);
}

// Moves to the next undecided entry. On the last one the focus stays.
function focusNext(entry) {
  const all = entries();
  focus(all.slice(all.indexOf(entry) + 1).find((other) => !isDecided(other)) ?? entry);
}

// Undoes the last decision, which may not be answered yet.
function undo() {
  if (pending) {
    undoNext = true;
    return;
  }
  const latest = [...document.querySelectorAll("button.undo")].sort((a, b) => b.dataset.entry - a.dataset.entry)[0];
  if (!latest) return;
  const entry = entryOf(latest);
  latest.click();
  focus(entry);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest(".queue a.more, .place a.cancel");
  if (!link || !window.htmx || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.matches(".more")) openForm(link);
  else closeForm(link.closest(".place"));
});

// An open form with text is never replaced by another form.
async function openForm(link) {
  const entry = entryOf(link);
  const place = entry.querySelector(".place");
  if (!hasText(place)) {
    await htmx.ajax("GET", link.getAttribute("href"), { source: place, target: place, swap: "innerHTML" });
  }
  const field = place.querySelector("textarea, input:not([type=hidden]), a");
  field?.focus({ preventScroll: true });
  place.scrollIntoView({ block: "nearest" });
}

function closeForm(place) {
  place.replaceChildren();
  focus(entryOf(place));
}

function leaveForm(event) {
  const place = event.target.closest?.(".place");
  if (!place || event.isComposing) return;
  if (hasText(place)) focus(entryOf(place));
  else closeForm(place);
}

document.getElementById("mark-all")?.addEventListener("change", ({ target }) => {
  for (const box of queue.querySelectorAll(".mark input:enabled")) box.checked = target.checked;
});

const isDecision = (event) => event.target.closest?.(".deciding, .marked");
document.addEventListener("htmx:before:request", (event) => { if (isDecision(event)) pending += 1; });
document.addEventListener("htmx:finally:request", () => {
  pending = 0;
  if (undoNext) undo();
  undoNext = false;
});

// An entry keeps its height when one line replaces its buttons, so that nothing moves.
let focusedEntry = null;
document.addEventListener("htmx:before:swap", ({ detail: { tasks } }) => {
  focusedEntry = entryOf(document.activeElement);
  for (const { target } of tasks) {
    const entry = entryOf(target);
    if (entry) entry.style.minHeight = `${entry.getBoundingClientRect().height}px`;
  }
});

document.addEventListener("htmx:after:swap", () => {
  for (const entry of entries()) updateEntry(entry);
  if (focusedEntry?.isConnected && !focusedEntry.contains(document.activeElement)) restoreFocus(focusedEntry);
  focusedEntry = null;
});

function updateEntry(entry) {
  const versionField = entry.querySelector(".deciding [name=seen]");
  if (versionField) entry.style.minHeight = "";
  for (const input of entry.querySelectorAll("[name=comment], [name=listed]")) {
    input.disabled = !versionField;
    input.checked &&= Boolean(versionField);
    if (versionField) input.value = `${entry.id.replace(/\D/g, "")}-${versionField.value}`;
  }
}

// The element with focus was replaced.
function restoreFocus(entry) {
  if (byKey && isDecided(entry)) focusNext(entry);
  else (entry.querySelector(".undo") ?? entry).focus({ preventScroll: true });
}

// If the session has ended, the form is sent again as a plain one: the sign-in page keeps its text.
document.addEventListener("htmx:before:response", (event) => {
  const { response, sourceElement, hx } = event.detail.ctx;
  if (response.status !== 403 || !hx.redirect || !sourceElement.matches?.(".place form")) return;
  event.preventDefault();
  leaving = true;
  sourceElement.submit();
});

document.addEventListener("submit", ({ target }) => { if (!target.matches(".place form")) leaving = true; });
addEventListener("beforeunload", (event) => {
  if (!leaving && [...queue.querySelectorAll(".place")].some(hasText)) event.preventDefault();
});

const button = document.getElementById("keys-button");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => keys.showModal());
}
