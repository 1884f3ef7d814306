// Swap styles for htmx that may be repeated and may come in any order, so that the answer to the author and the live
// event for everybody else can be the same bytes:
//   newer   replaces its target only with a newer version
//   numbers does so for several elements, each found by its id, on the page or among the comments not shown yet
//   thread  inserts a comment at its place, or replaces its article; replies, focus and scroll position stay
const waiting = new Map();
const elsewhere = new Map();
const thread = () => document.getElementById("responses");
const form = () => document.getElementById("comment-form");
const version = (element) => Number(element.dataset.version);

window.htmx?.registerExtension("thread", {
  handle_swap(style, target, fragment, swap) {
    if (style === "newer") return replaceIfNewer(target, fragment.firstElementChild);
    if (style === "numbers") return [...fragment.children].flatMap(updateNumber);
    if (style !== "thread") return false;
    return [...fragment.children].filter(isComment).flatMap((item) => withoutMoving(() => receive(item, swap)));
  },
});

document.addEventListener("click", (event) => {
  if (event.target.closest("#waiting")) showWaiting();
});
document.addEventListener("talkback:placed", ({ detail }) => detail?.isConnected && updateReplyLink(detail));

// A server of another release may send something else.
const isComment = (item) => item.matches(".response[id]") && item.querySelector("article") !== null;

function replaceIfNewer(target, element) {
  if (!element || version(target) >= version(element)) return [];
  target.replaceWith(element);
  return [element];
}

function updateNumber(element) {
  if (!element.id) return [];
  const findWaiting = () => [...waiting.values()].map((item) => item.querySelector(`#${CSS.escape(element.id)}`)).find(Boolean);
  const target = document.getElementById(element.id) ?? findWaiting();
  return target ? replaceIfNewer(target, element) : [];
}

// Takes the current state of a comment: inserts it, holds it back until asked for, replaces it or removes it.
function receive(item, { own, total }) {
  const result = apply(item, own);
  const top = item.dataset.top ?? String(number(item));
  const held = [...waiting.values()].filter((other) => other.dataset.top === top).length;
  if (total) document.dispatchEvent(new CustomEvent("talkback:counted", { detail: { top, total: Number(total), held } }));
  return result;
}

function apply(item, own) {
  const existing = document.getElementById(item.id);
  if (item.hasAttribute("data-gone")) return removeItem(existing, item);
  if (existing) return version(existing) < version(item) ? replaceArticle(existing, item) : [];
  const list = listOf(item) ?? (own ? thread() : null);
  if (!list) return isPaged() ? countElsewhere(item) : [];
  if (!own && isInGap(item)) return isOnLaterPage(item) ? countElsewhere(item) : [];
  if (!own && list === thread() && !belongs(list, item)) return countElsewhere(item);
  if (waiting.has(item.id) && !own) return replaceArticle(waiting.get(item.id), item);
  if (!own && list.isConnected && movesReader(list, item)) return addWaiting(item);
  forget(item.id);
  return insert(item, list);
}

function listOf(item) {
  const branch = item.dataset.branch;
  if (!branch) return thread();
  const id = `comment-${branch}-replies`;
  const held = [...waiting.values()].map((other) => other.querySelector(`#${id}`)).find(Boolean);
  // the parent may be left out of a long branch
  return document.getElementById(id) ?? held ?? document.getElementById(`comment-${item.dataset.top}-replies`);
}

// Whether this page leaves the reply out of a long branch.
function isInGap(item) {
  const gap = document.getElementById(`gap-${item.dataset.top}`)?.dataset;
  const at = Number(item.dataset.position);
  if (gap && at > Number(gap.position) && at < Number(gap.until ?? Infinity)) return true;
  return Boolean(item.dataset.top) && at < Number(thread().dataset.from ?? -Infinity);
}

// On a page of replies: whether the reply is on a later page.
function isOnLaterPage(item) {
  const gap = document.getElementById(`gap-${item.dataset.top}`)?.dataset;
  return Boolean(gap) && !gap.until && Number(item.dataset.position) > Number(gap.position);
}

// Shows whom a reply answers unless its place shows it.
function updateReplyLink(item) {
  const link = item.querySelector("article .in-reply-to");
  if (link) link.hidden = item.parentElement.id === `comment-${/\d+$/.exec(link.href)}-replies`;
}

function insert(item, list) {
  list.insertBefore(item, follower(list, item) ?? null);
  updateReplyLink(item);
  item.classList.add("arrived");
  return [item];
}

function follower(list, item) {
  const rank = RANKS[list === thread() ? list.dataset.order : "oldest"];
  return [...list.children].find((other) => rank(other, item) > 0);
}

const older = (a, b) => Number(a.dataset.position) - Number(b.dataset.position) || number(a) - number(b);
const agreed = (item) => Number(item.querySelector(".agreed")?.textContent ?? 0);
const RANKS = { oldest: older, newest: (a, b) => older(b, a), agreed: (a, b) => agreed(b) - agreed(a) || older(a, b) };

const isPaged = () => "before" in thread().dataset || "after" in thread().dataset;

// Whether a new branch is on this page of the thread.
function belongs(list, item) {
  const next = follower(list, item);
  if (!next) return !("after" in list.dataset);
  return next !== list.firstElementChild || !("before" in list.dataset);
}

const number = (item) => Number(item.id.replace(/\D/g, ""));

// Whether inserting the comment would move text in view, or a field with focus.
function movesReader(list, item) {
  const next = follower(list, item) ?? itemAfter(list);
  const line = next ? next.getBoundingClientRect().top : list.getBoundingClientRect().bottom;
  if (line <= 0 || line >= innerHeight) return false;
  const writing = form()?.contains(document.activeElement) && form().getBoundingClientRect().top >= line - 1;
  return Boolean(next) || Boolean(writing);
}

// The comment after the end of a list of replies; none at the end of the thread.
function itemAfter(list) {
  for (let item = list.closest("li"); item; item = item.parentElement.closest("li")) {
    if (item.nextElementSibling) return item.nextElementSibling;
  }
  return null;
}

function replaceArticle(existing, item) {
  const [old, article] = [existing.querySelector("article"), item.querySelector("article")];
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(article);
  existing.dataset.version = item.dataset.version;
  if (existing.isConnected) updateReplyLink(existing);
  if (focused === old) article.focus({ preventScroll: true });
  else if (focused) article.querySelector(`.${focused.className}`)?.focus({ preventScroll: true });
  if (article.classList.contains("hidden-response")) releaseForm(existing);
  return [article];
}

function removeItem(existing, item) {
  forget(item.id);
  if (!existing || version(existing) > version(item)) return [];
  if (existing.querySelector("ol > li")) return replaceArticle(existing, item);
  releaseForm(existing);
  existing.remove();
  return [];
}

// If the comment under which the form is goes away, the form moves back with its text.
function releaseForm(item) {
  if (form()?.closest("li") === item) form().dispatchEvent(new CustomEvent("talkback:orphaned", { bubbles: true }));
}

function addWaiting(item) {
  waiting.set(item.id, item);
  updateLines();
  return [];
}

function countElsewhere(item) {
  elsewhere.set(item.id, item);
  updateLines();
  return [];
}

function forget(id) {
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
  line.textContent = count === 1 ? line.dataset.one : line.dataset.many.replace("{n}", count);
  line.hidden = count === 0;
}

function showWaiting() {
  const items = [...waiting.values()];
  waiting.clear();
  updateLines();
  for (const item of items) insert(item, listOf(item));
  items[0]?.querySelector("article").focus();
}

// Makes a change and scrolls, so that the field with focus, or the first comment in view, does not move.
function withoutMoving(work) {
  const anchor = form()?.contains(document.activeElement) ? document.activeElement : firstVisible();
  const top = anchor?.getBoundingClientRect().top;
  const result = work();
  if (anchor?.isConnected) scrollBy({ top: anchor.getBoundingClientRect().top - top, behavior: "instant" });
  return result;
}

function firstVisible() {
  const articles = thread()?.querySelectorAll("article") ?? [];
  return [...articles].find((article) => article.getBoundingClientRect().bottom > 0);
}

// The reader turns to another page of the thread; live.js asks again for what that page lacks.
document.addEventListener("talkback:turning", () => {
  waiting.clear();
  elsewhere.clear();
});
