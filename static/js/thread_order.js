// Says where a response belongs on this page of the thread, and whether it would move what is read or written.
import { commentForm, numberIn } from "./lib/page.js";

export const thread = () => document.getElementById("responses");
const position = (item) => Number(item.dataset.position);
const number = (item) => Number(numberIn(item.id));

const older = (a, b) => position(a) - position(b) || number(a) - number(b);
const agreed = (item) => Number(item.querySelector(".agreed")?.textContent ?? 0);
const RANKS = { oldest: older, newest: (a, b) => older(b, a), agreed: (a, b) => agreed(b) - agreed(a) || older(a, b) };

// Finds the comment of the list that comes after `item`.
export function follower(list, item) {
  const rank = RANKS[list === thread() ? list.dataset.order : "oldest"];
  return [...list.children].find((other) => rank(other, item) > 0);
}

export const isPaged = () => "before" in thread().dataset || "after" in thread().dataset;

// Whether a new branch is on this page of the thread.
export function belongs(list, item) {
  const next = follower(list, item);
  if (!next) return !("after" in list.dataset);
  return next !== list.firstElementChild || !("before" in list.dataset);
}

// Whether this page leaves the reply out of a long branch.
export function isInGap(item) {
  const gap = document.getElementById(`gap-${item.dataset.top}`)?.dataset;
  const at = position(item);
  if (gap && at > Number(gap.position) && at < Number(gap.until ?? Infinity)) return true;
  return Boolean(item.dataset.top) && at < Number(thread().dataset.from ?? -Infinity);
}

// On a page of replies: whether the reply is on a later page.
export function isOnLaterPage(item) {
  const gap = document.getElementById(`gap-${item.dataset.top}`)?.dataset;
  return Boolean(gap) && !gap.until && position(item) > Number(gap.position);
}

// Whether inserting the comment would move text in view, or a field with focus.
export function movesReader(list, item) {
  const next = follower(list, item) ?? itemAfter(list);
  const line = next ? next.getBoundingClientRect().top : list.getBoundingClientRect().bottom;
  if (line <= 0 || line >= innerHeight) return false;
  const form = commentForm();
  const writing = form?.contains(document.activeElement) && form.getBoundingClientRect().top >= line - 1;
  return Boolean(next) || Boolean(writing);
}

// The comment after the end of a list of replies; none at the end of the thread.
function itemAfter(list) {
  for (let item = list.closest("li"); item; item = item.parentElement.closest("li")) {
    if (item.nextElementSibling) return item.nextElementSibling;
  }
  return null;
}
