// The queue in the hands of an editor: forms open in their entry, the focus goes on by itself, and everything works
// by keys as long as no field has the focus. Without this, all of it works by plain forms and links.
const queue = document.querySelector(".queue");
const keys = document.getElementById("keys");
const entries = () => [...queue.querySelectorAll("article")];
const entryOf = (element) => element?.closest?.(".queue article") ?? null;
const decided = (entry) => entry.querySelector(".decided") !== null;
const written = (place) => Boolean(place?.querySelector("textarea")?.value.trim());

let current = null; // the entry that keys are about
let byKey = false;
let under = 0; // decisions on their way
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
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || busy(event.target)) return;
  if (!Object.hasOwn(KEYS, event.key) || (event.repeat && !"jk".includes(event.key))) return;
  if (keys?.open && event.key !== "?") return;
  event.preventDefault();
  KEYS[event.key]();
});
addEventListener("pointerdown", () => { byKey = false; });
document.addEventListener("focusin", ({ target }) => { current = entryOf(target) ?? current; });

// A field is being filled in, or a form that stands open in an entry.
function busy(element) {
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
  goOn(current);
}

// To the next entry that nothing has been decided about; on the last one it stays where it is.
function goOn(entry) {
  const all = entries();
  focus(all.slice(all.indexOf(entry) + 1).find((other) => !decided(other)) ?? entry);
}

// The last thing that was done, which may still be on its way.
function undo() {
  if (under) {
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
  if (link.matches(".more")) bring(link);
  else put(link.closest(".place"));
});

// What has been written in an open form is never thrown away for another form.
async function bring(link) {
  const entry = entryOf(link);
  const place = entry.querySelector(".place");
  if (!written(place)) {
    await htmx.ajax("GET", link.getAttribute("href"), { source: place, target: place, swap: "innerHTML" });
  }
  const field = place.querySelector("textarea, input:not([type=hidden]), a");
  field?.focus({ preventScroll: true });
  place.scrollIntoView({ block: "nearest" });
}

function put(place) {
  place.replaceChildren();
  focus(entryOf(place));
}

function leaveForm(event) {
  const place = event.target.closest?.(".place");
  if (!place || event.isComposing) return;
  if (written(place)) focus(entryOf(place));
  else put(place);
}

document.getElementById("mark-all")?.addEventListener("change", ({ target }) => {
  for (const box of queue.querySelectorAll(".mark input:enabled")) box.checked = target.checked;
});

const about = (event) => event.target.closest?.(".deciding, .marked");
document.addEventListener("htmx:before:request", (event) => { if (about(event)) under += 1; });
document.addEventListener("htmx:finally:request", () => {
  under = 0;
  if (undoNext) undo();
  undoNext = false;
});

// Nothing under the thumb or the eye moves: an entry keeps its height when its verbs make room for one line.
let held = null;
document.addEventListener("htmx:before:swap", ({ detail: { tasks } }) => {
  held = entryOf(document.activeElement);
  for (const { target } of tasks) {
    const entry = entryOf(target);
    if (entry) entry.style.minHeight = `${entry.getBoundingClientRect().height}px`;
  }
});

document.addEventListener("htmx:after:swap", () => {
  for (const entry of entries()) tidy(entry);
  if (held?.isConnected && !held.contains(document.activeElement)) settle(held);
  held = null;
});

function tidy(entry) {
  const seen = entry.querySelector(".deciding [name=seen]");
  if (seen) entry.style.minHeight = "";
  for (const input of entry.querySelectorAll("[name=comment], [name=listed]")) {
    input.disabled = !seen;
    input.checked &&= Boolean(seen);
    if (seen) input.value = `${entry.id.replace(/\D/g, "")}-${seen.value}`;
  }
}

// What had the focus was replaced.
function settle(entry) {
  if (byKey && decided(entry)) goOn(entry);
  else (entry.querySelector(".undo") ?? entry).focus({ preventScroll: true });
}

// Where the session has ended, the form is sent once more as a plain one: the sign-in form takes the text along.
document.addEventListener("htmx:before:response", (event) => {
  const { response, sourceElement, hx } = event.detail.ctx;
  if (response.status !== 403 || !hx.redirect || !sourceElement.matches?.(".place form")) return;
  event.preventDefault();
  leaving = true;
  sourceElement.submit();
});

document.addEventListener("submit", ({ target }) => { if (!target.matches(".place form")) leaving = true; });
addEventListener("beforeunload", (event) => {
  if (!leaving && [...queue.querySelectorAll(".place")].some(written)) event.preventDefault();
});

const button = document.getElementById("keys-button");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => keys.showModal());
}
