// The queue at the desk: the focus moves on after a decision, and everything works by keys while no field has the focus.
// Without this script, plain forms and links do the same.
import { actOnKeys } from "./lib/keys.js";
import "./queue_forms.js";

const queue = document.querySelector(".queue");
const entries = () => [...queue.querySelectorAll("article")];
const entryOf = (element) => element?.closest?.(".queue article") ?? null;
const isDecided = (entry) => entry.querySelector(".decided") !== null;

let current = null; // the entry that keys act on
let byKey = false;
let pending = 0; // decisions that were sent but not answered
let undoNext = false;

actOnKeys({
  j: () => step(1),
  k: () => step(-1),
  x: mark,
  a: () => decide("a"),
  s: () => decide("s"),
  d: () => decide("d"),
  r: () => current?.querySelector('[data-key="r"]')?.click(),
  o: () => current?.querySelector("a.open, a.time").click(),
  u: undo,
}, ".place form");

addEventListener("keydown", () => { byKey = true; }, true);
addEventListener("pointerdown", () => { byKey = false; });
document.addEventListener("focusin", ({ target }) => { current = entryOf(target) ?? current; });

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
