// Quotes a comment, or a marked passage of a comment or of the post, in the form: as Markdown that links to where the
// passage stands. Without this, Quote is a page of its own; blog/html/reader/quotation.py does the same there.
const LONGEST = 600;
const BLOCKS = "p, li, pre, div, blockquote, h1, h2, h3, h4, h5, h6, figcaption, dt, dd, tr";
const MEANT =
  /(?:https?:\/\/|www\.)\S+|[\\`*]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|<(?=[\p{L}\p{N}_/!?])|\](?=\()|&(?=#?\w+;)|^(?:[>~+-]|\d{1,9}(?=[.)]))/gmu;
const words = document.getElementById("thread-words")?.dataset;
const form = () => document.getElementById("comment-form");
const body = () => form().elements.namedItem("body");
const button = document.createElement("button");
let passage = null; // what the button would quote

button.type = "button";
button.className = "quote-this";
button.textContent = words?.quote ?? "";

document.addEventListener("click", (event) => {
  if (event.target === button) return take();
  const link = event.target.closest("a.quoting");
  if (!link || !form() || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const article = link.closest("article");
  const text = article.querySelector(".body").cloneNode(true);
  if (text.querySelectorAll(":scope > :not(blockquote)").length) {
    for (const quoted of text.querySelectorAll("blockquote")) quoted.remove();
  }
  write(read(text), source(article));
});

function take() {
  const { text, from } = passage;
  hide();
  getSelection().removeAllRanges();
  write(text, from);
}

// Where a passage stands, and who says it.
function source(article) {
  if (!article.matches(".response article")) return { name: article.querySelector("h1").textContent.trim() };
  const { parent, name } = article.querySelector("a.reply").dataset;
  return { parent, name, address: new URL(article.querySelector("a.time").href).pathname };
}

function write(text, { parent, name, address }) {
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
  const lines = shortened(text).split("\n").map(escaped);
  const said = name.replace(/\s+/g, " ").replace(/[\\`*_[\]<>&]/g, "\\$&");
  return [...lines, "", `— [${said}](${address})`].map((line) => `> ${line}`.trimEnd()).join("\n") + "\n\n";
}

function escaped(line) {
  return line.replace(MEANT, (mark) => {
    if (/^[hw]/.test(mark)) return mark;
    return /^\d/.test(mark) ? `${mark}\\` : `\\${mark}`;
  });
}

function shortened(text) {
  if (text.length <= LONGEST) return text;
  const start = text.slice(0, LONGEST);
  const end = start.lastIndexOf(" ");
  return `${start.slice(0, end > LONGEST / 2 ? end : -1).replace(/[\s,;:.–—-]+$/u, "")}…`;
}

// The text of a piece of the page: an empty line between paragraphs, lines as they were broken.
function read(piece) {
  const whole = document.createElement("div");
  whole.append(piece);
  for (const unread of whole.querySelectorAll(".visually-hidden, .quote-this, script, style")) unread.remove();
  const texts = document.createTreeWalker(whole, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replace(/\s+/g, " ");
  for (const end of whole.querySelectorAll("br")) end.replaceWith("\n");
  for (const block of whole.querySelectorAll(BLOCKS)) block.append("\n\n");
  return whole.textContent.replace(/ *\n */g, "\n").replace(/\n{2,}/g, "\n\n").trim();
}

// The marked passage, in whole words, if it stands within one comment's text or within the post.
function marked() {
  const selection = getSelection();
  if (!form() || !selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0).cloneRange();
  const around = range.commonAncestorContainer;
  const inside = (around.closest ? around : around.parentElement).closest(".response .body, article.post");
  if (!inside) return null;
  widen(range);
  const text = read(range.cloneContents());
  if (!text) return null;
  const from = source(inside.closest("article"));
  from.address ??= location.pathname + fragment(text);
  return { text, from, range, inside };
}

function widen(range) {
  const letter = (node, at) => node.nodeType === 3 && /[\p{L}\p{N}]/u.test(node.data[at] ?? "");
  const { startContainer: first, endContainer: last } = range;
  while (range.startOffset > 0 && letter(first, range.startOffset - 1) && letter(first, range.startOffset)) {
    range.setStart(first, range.startOffset - 1);
  }
  while (letter(last, range.endOffset) && letter(last, range.endOffset - 1)) range.setEnd(last, range.endOffset + 1);
}

// A text fragment: the browser finds the passage by it. A long one, or one of several blocks, by its ends.
// https://wicg.github.io/scroll-to-text-fragment/
function fragment(text) {
  const lines = text.split("\n").filter(Boolean);
  if (lines.length === 1 && text.length <= 80) return `#:~:text=${encoded(text)}`;
  const few = (line, which) => (line.length <= 40 ? line : which(line.split(" ")).join(" ").slice(0, 80));
  const [first, last] = [few(lines[0], (all) => all.slice(0, 5)), few(lines.at(-1), (all) => all.slice(-5))];
  return `#:~:text=${encoded(first)},${encoded(last)}`;
}

function encoded(text) {
  return encodeURIComponent(text).replace(/[-!'()*~_]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

// The button: beside the end of the passage, where there is a margin; else at the foot of the window, so that it covers
// neither the passage nor what a phone puts around it. In the page it stands at its place in the order of Tab.
function offer() {
  passage = words && marked();
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

let soon = 0;
function later() {
  if (document.activeElement === button) return;
  clearTimeout(soon);
  soon = setTimeout(offer, 150);
}

document.addEventListener("selectionchange", later);
addEventListener("scroll", () => passage && offer(), { passive: true });
addEventListener("resize", () => passage && offer());
document.addEventListener("keydown", ({ key }) => key === "Escape" && hide());
// so that pressing the button does not take the marking away
button.addEventListener("pointerdown", (event) => event.preventDefault());
button.addEventListener("mousedown", (event) => event.preventDefault());
