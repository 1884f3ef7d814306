// Quotes a comment, or a selected passage of a comment or of the post, in the form: as Markdown with a link to the
// passage. Without this script, Quote is a page; blog/html/reader/quotation.py does the same there.
import { commentForm as form, field, isPlainClick } from "./lib/page.js";
import { extendToWords, quotation, read, textFragment } from "./quotation.js";

const strings = document.getElementById("thread-strings")?.dataset;
const body = () => field("body");
const button = document.createElement("button");
let passage = null; // what the button quotes

button.type = "button";
button.className = "quote-this";
button.textContent = strings?.quote ?? "";

document.addEventListener("click", (event) => {
  if (event.target === button) return quotePassage();
  const link = event.target.closest("a.quoting");
  if (!link || !form() || !isPlainClick(event)) return;
  event.preventDefault();
  const article = link.closest("article");
  const text = article.querySelector(".body").cloneNode(true);
  if (text.querySelectorAll(":scope > :not(blockquote)").length) {
    for (const quoted of text.querySelectorAll("blockquote")) quoted.remove();
  }
  insert(read(text), source(article));
});

function quotePassage() {
  const { text, from } = passage;
  hide();
  getSelection().removeAllRanges();
  insert(text, from);
}

// The author and the address of a passage.
function source(article) {
  if (!article.matches(".response article")) return { name: article.querySelector("h1").textContent.trim() };
  const { parent, name } = article.querySelector("a.reply").dataset;
  return { parent, name, address: new URL(article.querySelector("a.time").href).pathname };
}

function insert(text, { parent, name, address }) {
  if (!body().value.trim() && parent) {
    document.dispatchEvent(new CustomEvent("talkback:answer", { detail: { parent, name } }));
  } else if (!body().value.trim()) document.querySelector("a#post-a-comment").click();
  const before = body().value.trimEnd();
  body().value = `${before && `${before}\n\n`}${quotation(text, name, address)}`;
  body().dispatchEvent(new Event("input", { bubbles: true }));
  body().focus();
  body().setSelectionRange(body().value.length, body().value.length);
  body().scrollIntoView({ block: "nearest" });
}

// Returns the selected passage in whole words, if it lies within one comment or within the post.
function selectedPassage() {
  const selection = getSelection();
  if (!form() || !selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0).cloneRange();
  const container = range.commonAncestorContainer;
  const inside = (container.closest ? container : container.parentElement).closest(".response .body, article.post");
  if (!inside) return null;
  extendToWords(range);
  const text = read(range.cloneContents());
  if (!text) return null;
  const from = source(inside.closest("article"));
  from.address ??= location.pathname + textFragment(text);
  return { text, from, range, inside };
}

// Shows the button in the margin beside the end of the passage. Without a margin it goes to the foot of the window,
// where it covers neither the passage nor the menu that a phone shows beside it. In the tab order it follows the text.
function showButton() {
  passage = strings && selectedPassage();
  if (!passage) return hide();
  const boxes = [...passage.range.getClientRects()].filter((box) => box.width && box.bottom > 0);
  const box = boxes.findLast(({ bottom }) => bottom < innerHeight) ?? boxes[0];
  if (!box) return hide();
  if (button.parentElement !== passage.inside) passage.inside.append(button);
  const block = passage.range.endContainer;
  const side = (block.closest ? block : block.parentElement).closest("p, li, .body, .post").getBoundingClientRect().right + 12;
  const [width, height] = [button.offsetWidth, button.offsetHeight];
  const margin = side + width + 6 < innerWidth;
  const left = margin ? side : (innerWidth - width) / 2;
  const top = margin ? Math.max(6, box.bottom - (box.height + height) / 2) : innerHeight - height - 18;
  button.style.translate = `${Math.round(left)}px ${Math.round(top)}px`;
}

function hide() {
  passage = null;
  button.remove();
}

let timer = 0;
function showSoon() {
  if (document.activeElement === button) return;
  clearTimeout(timer);
  timer = setTimeout(showButton, 150);
}

document.addEventListener("selectionchange", showSoon);
showSoon();
addEventListener("scroll", () => passage && showButton(), { passive: true });
addEventListener("resize", () => passage && showButton());
document.addEventListener("keydown", ({ key }) => key === "Escape" && hide());
// pressing the button must not clear the selection
button.addEventListener("pointerdown", (event) => event.preventDefault());
button.addEventListener("mousedown", (event) => event.preventDefault());
