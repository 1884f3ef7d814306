// Swaps the pages of a thread in place, and follows links within it. Without this script, each is a page load.
import { commentForm, isPlainClick } from "./lib/page.js";

const isPageLink = (element) => element.matches?.(".responses a[hx-select]") ?? false;

// The form must not be swapped out with its text.
document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
  if (ctx.target?.id !== "thread-page") return;
  document.getElementById("comment-form-place").append(commentForm() ?? "");
  document.dispatchEvent(new CustomEvent("talkback:turning"));
});

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.target?.id !== "thread-page") return;
  const page = document.getElementById("thread-page");
  if (!page) return location.reload();
  page.focus({ preventScroll: true });
  page.scrollIntoView({ block: "start" });
  document.dispatchEvent(new CustomEvent("talkback:turned", { detail: Number(page.dataset.version) }));
});

// A refusal, or no answer, must not replace the responses: load the page, which says what is wrong.
document.addEventListener("htmx:before:response", (event) => {
  const { response, sourceElement } = event.detail.ctx;
  if (response.status === 200 || !isPageLink(sourceElement)) return;
  event.preventDefault();
  location.assign(sourceElement.href);
});
document.addEventListener("htmx:error", ({ target }) => {
  if (isPageLink(target)) location.assign(target.href);
});

// The comment that a reply answers may be on another page, so the link is a permalink. On this page, jump to it.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.in-reply-to");
  const parent = link && document.getElementById(`comment-${/\d+$/.exec(link.href)}`);
  if (!parent || !isPlainClick(event)) return;
  event.preventDefault();
  location.hash = parent.id;
  parent.scrollIntoView();
});
