// Keeps the responses that came live and are not on the page: those that would move it, which the line "2 new
// responses" inserts when it is pressed, and those on other pages of the thread, which a line counts and links.
import { countText } from "./lib/page.js";

const waiting = new Map();
const elsewhere = new Map();

export const isWaiting = (item) => waiting.get(item.id);
export const countWaiting = (top) => [...waiting.values()].filter((item) => item.dataset.top === top).length;

// Finds an element within the comments that wait to be shown.
export function findWaiting(selector) {
  return [...waiting.values()].map((item) => item.querySelector(selector)).find(Boolean);
}

export function addWaiting(item) {
  waiting.set(item.id, item);
  updateLines();
  return [];
}

export function addElsewhere(item) {
  elsewhere.set(item.id, item);
  updateLines();
  return [];
}

export function forget(id) {
  if (waiting.delete(id) || elsewhere.delete(id)) updateLines();
}

function updateLines() {
  updateLine(document.getElementById("waiting"), waiting.size);
  const link = document.getElementById("elsewhere");
  updateLine(link, elsewhere.size);
  // the permalink of the first finds its page
  const first = elsewhere.values().next().value?.querySelector("a.time");
  if (first && link) link.href = first.getAttribute("href");
}

function updateLine(line, count) {
  if (!line) return;
  line.textContent = countText(line.dataset, count);
  line.hidden = count === 0;
}

// Returns the comments that wait, in the order in which they came, and keeps none.
export function takeWaiting() {
  const items = [...waiting.values()];
  waiting.clear();
  updateLines();
  return items;
}

// The reader turns to another page of the thread; live.js asks again for what that page lacks.
document.addEventListener("talkback:turning", () => {
  waiting.clear();
  elsewhere.clear();
});
