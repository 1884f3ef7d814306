// What many modules repeat: clicks, announcements, the comment form, texts with a number.

// Whether a click would follow its link in this tab: a modifier key asks the browser for a new tab, window or download.
export function isPlainClick(event) {
  return !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
}

// Has screen readers say a sentence. A live region says only what changes in it.
export function announce(sentence) {
  document.getElementById("announcement").textContent = sentence ?? "";
}

export const commentForm = () => document.getElementById("comment-form");
export const field = (name, form = commentForm()) => form?.elements.namedItem(name) ?? null;
export const isCommentForm = (target) => commentForm() && (target === commentForm() || target.matches("#comment-form .preview-button"));
export const numberIn = (text) => text.replace(/\D/g, "");

// Picks the text for a number from the data attributes `one` and `many`.
export const countText = ({ one, many }, count) => (count === 1 ? one : many.replace("{n}", count));

// Finds the element that a fragment names. The fragment may be any text.
export function findTarget(hash) {
  const name = hash.replace(/^#/, "");
  try {
    return document.getElementById(decodeURIComponent(name));
  } catch {
    return document.getElementById(name);
  }
}
