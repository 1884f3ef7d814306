// Makes a quotation in Markdown of a passage of the page, as blog/html/reader/quotation.py does on the server.
const MAX_LENGTH = 600;
const BLOCKS = "p, li, pre, div, blockquote, h1, h2, h3, h4, h5, h6, figcaption, dt, dd, tr";
const MARKUP =
  /(?:https?:\/\/|www\.)[^\s\u2014\u2015\u2026\u3001-\u3003\u3008-\u3011\u3014-\u301f\ufe10-\ufe1f\ufe30-\ufe6f\uff01\uff02\uff07-\uff09\uff0c\uff0e\uff1a-\uff1c\uff1e\uff1f\uff3b-\uff3d\uff5b-\uff64]+|[\\`*]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|<(?=[\p{L}\p{N}_/!?])|\](?=\()|&(?=#?\w+;)|^(?:[>~+-]|\d{1,9}(?=[.)]))/gmu;

export function quotation(text, name, address) {
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
export function read(piece) {
  const root = document.createElement("div");
  root.append(piece);
  for (const hidden of root.querySelectorAll(".visually-hidden, .quote-this, script, style")) hidden.remove();
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replace(/\s+/g, " ");
  for (const end of root.querySelectorAll("br")) end.replaceWith("\n");
  for (const block of root.querySelectorAll(BLOCKS)) block.append("\n\n");
  return root.textContent.replace(/ *\n */g, "\n").replace(/\n{2,}/g, "\n\n").trim();
}

export function extendToWords(range) {
  const isLetter = (node, at) => node.nodeType === 3 && /[\p{L}\p{N}]/u.test(node.data[at] ?? "");
  const { startContainer: first, endContainer: last } = range;
  while (range.startOffset > 0 && isLetter(first, range.startOffset - 1) && isLetter(first, range.startOffset)) {
    range.setStart(first, range.startOffset - 1);
  }
  while (isLetter(last, range.endOffset) && isLetter(last, range.endOffset - 1)) range.setEnd(last, range.endOffset + 1);
}

// Returns a text fragment, by which the browser finds the passage. A long one is given by its ends.
// https://wicg.github.io/scroll-to-text-fragment/
export function textFragment(text) {
  const lines = text.split("\n").filter(Boolean);
  if (lines.length === 1 && text.length <= 80) return `#:~:text=${encode(text)}`;
  const shortEnd = (line, which) => (line.length <= 40 ? line : which(line.split(" ")).join(" ").slice(0, 80));
  const [first, last] = [shortEnd(lines[0], (all) => all.slice(0, 5)), shortEnd(lines.at(-1), (all) => all.slice(-5))];
  return `#:~:text=${encode(first)},${encode(last)}`;
}

function encode(text) {
  return encodeURIComponent(text).replace(/[-!'()*~_]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
