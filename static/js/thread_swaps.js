// Swap styles for responses, which may be repeated and may come in any order, so that the answer to the author and the
// live event for everybody else can be the same bytes:
//   thread  inserts a comment at its place, or replaces its article; replies, focus and scroll position stay
//   replies inserts a page of a long branch
//   numbers as in counts.js, also among the comments not shown yet
import { replaceNumbers, version } from "./counts.js";
import { addSwapStyle } from "./lib/htmx.js";
import { ignore } from "./lib/loading.js";
import { commentForm, numberIn } from "./lib/page.js";
import { addElsewhere, addWaiting, countWaiting, findWaiting, forget, isWaiting, takeWaiting } from "./thread_lines.js";
import { belongs, follower, isInGap, isOnLaterPage, isPaged, movesReader, thread } from "./thread_order.js";

addSwapStyle("numbers", (_, fragment) => {
  return replaceNumbers([...fragment.children], (id) => document.getElementById(id) ?? findWaiting(`#${CSS.escape(id)}`));
});
addSwapStyle("thread", (_, fragment, spec) => {
  return [...fragment.children].filter(isComment).flatMap((item) => withoutMoving(() => receive(item, spec)));
});
// by a module that comes after the replies, so htmx inserts nothing itself
addSwapStyle("replies", (_, fragment) => {
  import("./gaps.js").then(({ insertReplies }) => insertReplies(fragment), ignore);
  return [];
});

document.addEventListener("click", ({ target }) => {
  if (!target.closest("#waiting")) return;
  const items = takeWaiting();
  for (const item of items) insert(item);
  items[0]?.querySelector("article").focus();
});

// A server of another release may send something else.
const isComment = (item) => item.matches(".response[id]") && item.querySelector("article") !== null;

// Takes the current state of a comment: inserts it, holds it back until asked for, replaces it or removes it.
function receive(item, { own, total }) {
  const result = apply(item, own);
  const top = item.dataset.top ?? numberIn(item.id);
  if (total && document.getElementById(`gap-${top}`)) {
    import("./gaps.js").then(({ updateTotal }) => updateTotal(top, Number(total), countWaiting(top)), ignore);
  }
  return result;
}

function apply(item, own) {
  const existing = document.getElementById(item.id);
  if (item.hasAttribute("data-gone")) return removeItem(existing, item);
  if (existing) return version(existing) < version(item) ? replaceArticle(existing, item) : [];
  const list = listOf(item) ?? (own ? thread() : null);
  if (!list) return isPaged() ? addElsewhere(item) : [];
  if (!own && isInGap(item)) return isOnLaterPage(item) ? addElsewhere(item) : [];
  if (!own && list === thread() && !belongs(list, item)) return addElsewhere(item);
  if (isWaiting(item) && !own) return replaceArticle(isWaiting(item), item);
  if (!own && list.isConnected && movesReader(list, item)) return addWaiting(item);
  forget(item.id);
  return insert(item, list);
}

function listOf(item) {
  const branch = item.dataset.branch;
  if (!branch) return thread();
  const id = `comment-${branch}-replies`;
  // the parent may be left out of a long branch
  const list = document.getElementById(id) ?? findWaiting(`#${id}`);
  return list ?? document.getElementById(`comment-${item.dataset.top}-replies`);
}

// Shows whom a reply answers unless its place shows it.
export function updateReplyLink(item) {
  const link = item.querySelector("article .in-reply-to");
  if (link) link.hidden = item.parentElement.id === `comment-${/\d+$/.exec(link.href)}-replies`;
}

function insert(item, list = listOf(item)) {
  list.insertBefore(item, follower(list, item) ?? null);
  updateReplyLink(item);
  item.classList.add("arrived");
  return [item];
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
  const form = commentForm();
  if (form?.closest("li") === item) form.dispatchEvent(new CustomEvent("talkback:orphaned", { bubbles: true }));
}

// Makes a change and scrolls, so that the field with focus, or the first comment in view, does not move.
function withoutMoving(work) {
  const articles = [...(thread()?.querySelectorAll("article") ?? [])];
  const firstVisible = () => articles.find((article) => article.getBoundingClientRect().bottom > 0);
  const anchor = commentForm()?.contains(document.activeElement) ? document.activeElement : firstVisible();
  const top = anchor?.getBoundingClientRect().top;
  const result = work();
  if (anchor?.isConnected) scrollBy({ top: anchor.getBoundingClientRect().top - top, behavior: "instant" });
  return result;
}
