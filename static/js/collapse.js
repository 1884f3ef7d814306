// Collapses and expands the replies under a comment, and remembers it as long as the tab lives. A link into a
// collapsed branch, or the reader's new response in it, expands it.
import { commentForm, countText, findTarget } from "./lib/page.js";
import { isStrings, readJson, writeJson } from "./lib/storage.js";

const section = document.querySelector(".responses");
const strings = document.getElementById("thread-strings")?.dataset;
const key = `talkback folded ${document.getElementById("response-count")?.dataset.post}`;
const collapsed = new Set(readJson("sessionStorage", key, [], isStrings));
const save = () => writeJson("sessionStorage", key, [...collapsed]);

if (section && strings) {
  new MutationObserver(update).observe(section, { childList: true, subtree: true });
  update();
  reveal(location.hash);
}

// Gives each comment with replies a button that shows how many there are.
function update() {
  for (const list of section.querySelectorAll(".replies")) {
    const loaded = list.querySelectorAll("article:not(.hidden-response)").length;
    const gaps = [...list.querySelectorAll(".gap")].map((gap) => Number(gap.dataset.count ?? 0));
    const count = gaps.reduce((sum, omitted) => sum + omitted, loaded);
    const item = list.parentElement;
    const article = item.querySelector("article");
    const button = article.querySelector(".fold");
    if (count === 0) button?.remove();
    else label(button ?? addButton(article, list), item, count);
    item.classList.toggle("folded", count > 0 && collapsed.has(item.id));
  }
}

function addButton(article, list) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "fold";
  button.setAttribute("aria-controls", list.id);
  (article.querySelector(".actions") ?? article).append(button);
  return button;
}

function label(button, item, count) {
  const isCollapsed = collapsed.has(item.id);
  const [one, many] = isCollapsed ? [strings.hiddenOne, strings.hiddenMany] : [strings.hideOne, strings.hideMany];
  const text = countText({ one, many }, count);
  if (button.textContent === text) return;
  button.textContent = text;
  button.setAttribute("aria-expanded", String(!isCollapsed));
}

function setCollapsed(item, collapse) {
  if (collapse) collapsed.add(item.id);
  else collapsed.delete(item.id);
  // a form among the replies must stay visible, with its text
  const form = commentForm();
  if (collapse && item.querySelector(".replies").contains(form)) item.querySelector("article").after(form);
  save();
  update();
}

document.addEventListener("click", ({ target }) => {
  const link = target.closest("a[href*='#']");
  if (link?.pathname === location.pathname) reveal(link.hash);
  const item = target.closest(".fold")?.closest("li");
  if (item) setCollapsed(item, !collapsed.has(item.id));
});

// Expands every branch around the target, and scrolls to it if one was collapsed.
function reveal(hash) {
  const target = hash.length > 1 && findTarget(hash);
  if (expandTo(target)) target.scrollIntoView();
}

function expandTo(target) {
  const items = target && section?.contains(target) ? ancestors(target).filter((item) => collapsed.has(item.id)) : [];
  for (const item of items) setCollapsed(item, false);
  return items.length > 0;
}

function ancestors(target) {
  const item = target.closest(".response")?.parentElement.closest(".response");
  return item ? [item, ...ancestors(item)] : [];
}

addEventListener("hashchange", () => reveal(location.hash));
// the form must be visible where it moves to
document.addEventListener("talkback:answer", ({ detail }) => expandTo(document.getElementById(`comment-${detail?.parent}`)));
document.addEventListener("talkback:posted", ({ detail }) => detail?.comment && !detail.held && reveal(`#${detail.comment}`));
