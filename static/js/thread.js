// Ways of swapping that may be repeated and may come in any order, so that the answer to a writer
// and the live event for everybody else can be the same bytes:
//   newer   replaces its target only by a newer version
//   numbers the same for several, each found by its id, here or in what waits to be shown
//   thread  puts a comment in its place, or replaces its article; replies, focus and what is in view stay put
const waiting = new Map();
const elsewhere = new Map();
const thread = () => document.getElementById("responses");
const form = () => document.getElementById("comment-form");
const version = (element) => Number(element.dataset.version);

window.htmx?.registerExtension("thread", {
  handle_swap(style, target, fragment, swap) {
    if (style === "newer") return newer(target, fragment.firstElementChild);
    if (style === "numbers") return [...fragment.children].flatMap(renew);
    if (style !== "thread") return false;
    return [...fragment.children].filter(whole).flatMap((item) => steadily(() => arrive(item, swap)));
  },
});

document.addEventListener("click", (event) => {
  if (event.target.closest("#waiting")) open();
});
document.addEventListener("talkback:placed", ({ detail }) => detail?.isConnected && settle(detail));

// What comes from a server of another release may have another form.
const whole = (item) => item.matches(".response[id]") && item.querySelector("article") !== null;

function newer(target, element) {
  if (!element || version(target) >= version(element)) return [];
  target.replaceWith(element);
  return [element];
}

function renew(element) {
  if (!element.id) return [];
  const waits = () => [...waiting.values()].map((item) => item.querySelector(`#${CSS.escape(element.id)}`)).find(Boolean);
  const target = document.getElementById(element.id) ?? waits();
  return target ? newer(target, element) : [];
}

// A comment as it now is: placed, held back until asked for, changed where it stands, or taken away.
function arrive(item, { own, total }) {
  const result = put(item, own);
  const top = item.dataset.top ?? String(number(item));
  const held = [...waiting.values()].filter((other) => other.dataset.top === top).length;
  if (total) document.dispatchEvent(new CustomEvent("talkback:counted", { detail: { top, total: Number(total), held } }));
  return result;
}

function put(item, own) {
  const standing = document.getElementById(item.id);
  if (item.hasAttribute("data-gone")) return leave(standing, item);
  if (standing) return version(standing) < version(item) ? change(standing, item) : [];
  const list = listOf(item) ?? (own ? thread() : null);
  if (!list) return paged() ? note(item) : [];
  if (!own && leftOut(item)) return follows(item) ? note(item) : [];
  if (!own && list === thread() && !belongs(list, item)) return note(item);
  if (waiting.has(item.id) && !own) return change(waiting.get(item.id), item);
  if (!own && list.isConnected && moves(list, item)) return hold(item);
  drop(item.id);
  return place(item, list);
}

function listOf(item) {
  const branch = item.dataset.branch;
  if (!branch) return thread();
  const id = `comment-${branch}-replies`;
  const held = [...waiting.values()].map((other) => other.querySelector(`#${id}`)).find(Boolean);
  // a comment that it stands under may be left out of a long branch
  return document.getElementById(id) ?? held ?? document.getElementById(`comment-${item.dataset.top}-replies`);
}

// Whether a reply is one of those that this page leaves out of a long branch.
function leftOut(item) {
  const gap = document.getElementById(`gap-${item.dataset.top}`)?.dataset;
  const at = Number(item.dataset.position);
  if (gap && at > Number(gap.position) && at < Number(gap.until ?? Infinity)) return true;
  return Boolean(item.dataset.top) && at < Number(thread().dataset.from ?? -Infinity);
}

// Of a page of replies: whether it stands on one of those that follow.
function follows(item) {
  const gap = document.getElementById(`gap-${item.dataset.top}`)?.dataset;
  return Boolean(gap) && !gap.until && Number(item.dataset.position) > Number(gap.position);
}

// A reply says whom it answers where its place does not show that.
function settle(item) {
  const link = item.querySelector("article .in-reply-to");
  if (link) link.hidden = item.parentElement.id === `comment-${/\d+$/.exec(link.href)}-replies`;
}

function place(item, list) {
  list.insertBefore(item, follower(list, item) ?? null);
  settle(item);
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

const paged = () => "before" in thread().dataset || "after" in thread().dataset;

// Whether a new branch stands on this page of the thread, and not on one before or after it.
function belongs(list, item) {
  const next = follower(list, item);
  if (!next) return !("after" in list.dataset);
  return next !== list.firstElementChild || !("before" in list.dataset);
}

const number = (item) => Number(item.id.replace(/\D/g, ""));

// Whether placing the comment would move text that is being read, or a field that is being written in.
function moves(list, item) {
  const next = follower(list, item) ?? following(list);
  const line = next ? next.getBoundingClientRect().top : list.getBoundingClientRect().bottom;
  if (line <= 0 || line >= innerHeight) return false;
  const writing = form()?.contains(document.activeElement) && form().getBoundingClientRect().top >= line - 1;
  return Boolean(next) || Boolean(writing);
}

// The comment after the end of a list of replies; none at the end of the thread.
function following(list) {
  for (let item = list.closest("li"); item; item = item.parentElement.closest("li")) {
    if (item.nextElementSibling) return item.nextElementSibling;
  }
  return null;
}

function change(standing, item) {
  const [old, article] = [standing.querySelector("article"), item.querySelector("article")];
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(article);
  standing.dataset.version = item.dataset.version;
  if (standing.isConnected) settle(standing);
  if (focused === old) article.focus({ preventScroll: true });
  else if (focused) article.querySelector(`.${focused.className}`)?.focus({ preventScroll: true });
  if (article.classList.contains("hidden-response")) release(standing);
  return [article];
}

function leave(standing, item) {
  drop(item.id);
  if (!standing || version(standing) > version(item)) return [];
  if (standing.querySelector("ol > li")) return change(standing, item);
  release(standing);
  standing.remove();
  return [];
}

// A form that answers a comment which went away keeps its text and goes back to its own place.
function release(item) {
  if (form()?.closest("li") === item) form().dispatchEvent(new CustomEvent("talkback:orphaned", { bubbles: true }));
}

function hold(item) {
  waiting.set(item.id, item);
  tell();
  return [];
}

function note(item) {
  elsewhere.set(item.id, item);
  tell();
  return [];
}

function drop(id) {
  if (waiting.delete(id) || elsewhere.delete(id)) tell();
}

function tell() {
  say(document.getElementById("waiting"), waiting.size);
  const link = document.getElementById("elsewhere");
  say(link, elsewhere.size);
  // the way to the first of them: its permalink finds its page
  const first = elsewhere.values().next().value?.querySelector("a.time");
  if (first && link) link.href = first.getAttribute("href");
}

function say(line, count) {
  if (!line) return;
  line.textContent = count === 1 ? line.dataset.one : line.dataset.many.replace("{n}", count);
  line.hidden = count === 0;
}

function open() {
  const items = [...waiting.values()];
  waiting.clear();
  tell();
  for (const item of items) place(item, listOf(item));
  items[0]?.querySelector("article").focus();
}

// Makes a change without moving what is in view: the field that is being written in, or the first comment in sight.
function steadily(work) {
  const anchor = form()?.contains(document.activeElement) ? document.activeElement : firstInSight();
  const top = anchor?.getBoundingClientRect().top;
  const result = work();
  if (anchor?.isConnected) scrollBy({ top: anchor.getBoundingClientRect().top - top, behavior: "instant" });
  return result;
}

function firstInSight() {
  const articles = thread()?.querySelectorAll("article") ?? [];
  return [...articles].find((article) => article.getBoundingClientRect().bottom > 0);
}

// Another page of the thread comes: what came since it was made, while an older one stood here, is asked for again.
document.addEventListener("talkback:turning", () => {
  waiting.clear();
  elsewhere.clear();
});
