// Turns the pages of a thread in their place, and follows links within it. Without this, each is a page load.
const turns = (element) => element.matches?.(".responses a[hx-select]") ?? false;

// The form goes home with its text first.
document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
  if (ctx.target?.id !== "thread-page") return;
  document.getElementById("comment-form-place").append(document.getElementById("comment-form") ?? "");
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

// A refusal, or no answer at all, would take the responses away: the page at that address says what it is.
document.addEventListener("htmx:before:response", (event) => {
  const { response, sourceElement } = event.detail.ctx;
  if (response.status === 200 || !turns(sourceElement)) return;
  event.preventDefault();
  location.assign(sourceElement.href);
});
document.addEventListener("htmx:error", ({ target }) => {
  if (turns(target)) location.assign(target.href);
});

// Whom a reply answers may stand on another page, so that the link is a permalink; on this one it is found at once.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.in-reply-to");
  const answered = link && document.getElementById(`comment-${/\d+$/.exec(link.href)}`);
  if (!answered || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  location.hash = answered.id;
  answered.scrollIntoView();
});
