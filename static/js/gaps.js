// Inserts the replies that a page leaves out of a long branch, and updates how many are still left out. Without this
// script, the link leads to pages of those replies.
import { numberIn } from "./lib/page.js";
import { updateReplyLink } from "./thread_swaps.js";

const strings = document.getElementById("thread-strings")?.dataset ?? {};
const position = (item) => Number(item.dataset.position);

// `fragment` is a page of replies: the root of the branch, and under it some of its replies in order.
export function insertReplies(fragment) {
  const top = fragment.querySelector("#responses > .response");
  const gap = top && document.getElementById(`gap-${numberIn(top.id)}`);
  if (!gap) return;
  const list = document.getElementById(`comment-${numberIn(top.id)}-replies`);
  const next = top.querySelector(".gap");
  const items = [...top.querySelectorAll(".replies .response")];
  for (const item of items.toReversed()) item.remove();
  const missing = items.filter((item) => !document.getElementById(item.id));
  gap.dataset.position = next?.dataset.position ?? Infinity;
  for (const item of missing) insert(item, document.getElementById(`comment-${item.dataset.branch}-replies`) ?? list);
  for (const item of list.querySelectorAll(":scope > .response")) moveToParent(item, list);
  updateGap(gap, next, missing.filter((item) => !item.querySelector(".hidden-response")).length);
  for (const item of missing) htmx.process(item);
  missing[0]?.querySelector("article").focus({ preventScroll: true });
}

// Searches from the end, since replies are ordered by time.
function insert(item, list) {
  let next = null;
  for (let other = list.lastElementChild; other && position(other) > position(item); other = other.previousElementSibling) {
    next = other;
  }
  list.insertBefore(item, next);
  if (item.isConnected) updateReplyLink(item);
}

// A reply that was at the top, since its parent was left out, moves under its parent.
function moveToParent(item, list) {
  const replies = document.getElementById(`comment-${item.dataset.branch}-replies`);
  if (replies && replies !== list && !item.contains(replies)) insert(item, replies);
}

function updateGap(gap, next, inserted) {
  const link = gap.querySelector("a");
  const left = "count" in gap.dataset ? Number(gap.dataset.count) - inserted : 1;
  if (!next || left <= 0) return gap.remove();
  const address = next.querySelector("a").getAttribute("href");
  for (const name of ["href", "hx-get"]) link.setAttribute(name, address);
  showCount(gap, left);
}

function showCount(gap, count) {
  if (!("count" in gap.dataset)) return;
  gap.dataset.count = count;
  const { size } = gap.dataset;
  const text = count > size ? strings.moreSome : count === 1 ? strings.moreOne : strings.moreMany;
  gap.querySelector("a").textContent = text.replace("{n}", count).replace("{size}", size);
}

// A branch changed: `total` counts its responses, `held` those that wait to be shown.
export function updateTotal(top, total, held) {
  const gap = document.getElementById(`gap-${top}`);
  if (!gap || !Number.isFinite(total)) return;
  const loaded = document.getElementById(`thread-${top}`).querySelectorAll("article:not(.hidden-response)").length;
  if (total <= loaded + held) gap.remove();
  else showCount(gap, total - loaded - held);
}
