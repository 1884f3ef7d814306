// Quotes a comment, or a selected passage of a comment or of the post, in the form: as Markdown with a link to the
// passage. Without this script, Quote is a page; blog/html/reader/quotation.py does the same there.
const MAX_LENGTH = 600;
const BLOCKS = "p, li, pre, div, blockquote, h1, h2, h3, h4, h5, h6, figcaption, dt, dd, tr";
const MARKUP =
  /(?:https?:\/\/|www\.)\S+|[\\`*]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|<(?=[\p{L}\p{N}_/!?])|\](?=\()|&(?=#?\w+;)|^(?:[>~+-]|\d{1,9}(?=[.)]))/gmu;
const strings = document.getElementById("thread-strings")?.dataset;
const form = () => document.getElementById("comment-form");
const body = () => form().elements.namedItem("body");
const button = document.createElement("button");
let passage = null; // what the button quotes

button.type = "button";
button.className = "quote-this";
button.textContent = strings?.quote ?? "";

document.addEventListener("click", (event) => {
  if (event.target === button) return quotePassage();
  const link = event.target.closest("a.quoting");
  if (!link || !form() || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
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

function quotation(text, name, address) {
  const lines = shorten(text).split("\n").map(escape);
  const author = name.replace(/\s+/g, " ").replace(/[\\`*_[\]<>&]/g, "\\$&");
  return [...lines, "", `— [${author}](${address})`].map((line) => `> ${line}`.trimEnd()).join("\n") + "\n\n";
}

function escape(line) {
  return line.replace(MARKUP, (mark) => {
    if (/^[hw]/.test(mark)) return mark;
    return /^\d/.test(mark) ? `${mark}\\` : `\\${mark}`;
  });
}

function shorten(text) {
  if (text.length <= MAX_LENGTH) return text;
  const start = text.slice(0, MAX_LENGTH);
  const end = start.lastIndexOf(" ");
  return `${start.slice(0, end > MAX_LENGTH / 2 ? end : -1).replace(/[\s,;:.–—-]+$/u, "")}…`;
}

// Returns the text of a piece of the page: an empty line between paragraphs, line breaks as they are.
function read(piece) {
  const root = document.createElement("div");
  root.append(piece);
  for (const hidden of root.querySelectorAll(".visually-hidden, .quote-this, script, style")) hidden.remove();
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replace(/\s+/g, " ");
  for (const end of root.querySelectorAll("br")) end.replaceWith("\n");
  for (const block of root.querySelectorAll(BLOCKS)) block.append("\n\n");
  return root.textContent.replace(/ *\n */g, "\n").replace(/\n{2,}/g, "\n\n").trim();
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
  from.address ??= location.pathname + fragment(text);
  return { text, from, range, inside };
}

function extendToWords(range) {
  const isLetter = (node, at) => node.nodeType === 3 && /[\p{L}\p{N}]/u.test(node.data[at] ?? "");
  const { startContainer: first, endContainer: last } = range;
  while (range.startOffset > 0 && isLetter(first, range.startOffset - 1) && isLetter(first, range.startOffset)) {
    range.setStart(first, range.startOffset - 1);
  }
  while (isLetter(last, range.endOffset) && isLetter(last, range.endOffset - 1)) range.setEnd(last, range.endOffset + 1);
}

// Returns a text fragment, by which the browser finds the passage. A long one is given by its ends.
// https://wicg.github.io/scroll-to-text-fragment/
function fragment(text) {
  const lines = text.split("\n").filter(Boolean);
  if (lines.length === 1 && text.length <= 80) return `#:~:text=${encode(text)}`;
  const shortEnd = (line, which) => (line.length <= 40 ? line : which(line.split(" ")).join(" ").slice(0, 80));
  const [first, last] = [shortEnd(lines[0], (all) => all.slice(0, 5)), shortEnd(lines.at(-1), (all) => all.slice(-5))];
  return `#:~:text=${encode(first)},${encode(last)}`;
}

function encode(text) {
  return encodeURIComponent(text).replace(/[-!'()*~_]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
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
addEventListener("scroll", () => passage && showButton(), { passive: true });
addEventListener("resize", () => passage && showButton());
document.addEventListener("keydown", ({ key }) => key === "Escape" && hide());
// pressing the button must not clear the selection
button.addEventListener("pointerdown", (event) => event.preventDefault());
button.addEventListener("mousedown", (event) => event.preventDefault());
