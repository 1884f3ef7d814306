// Moves the one comment form under the comment that it replies to and back, with its text. After posting, the focus
// goes to the new response. Without this script, Reply is a page.
const form = () => document.getElementById("comment-form");
const home = () => document.getElementById("comment-form-place");

document.addEventListener("click", (event) => {
  if (!form() || !home() || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a.reply, a.cancel-reply, a#post-a-comment");
  if (!link) return;
  event.preventDefault();
  if (link.matches(".reply")) reply(link);
  else if (link.matches(".cancel-reply")) cancel();
  else newComment();
});

function reply(link) {
  moveUnder(link.dataset.parent, link.dataset.name);
  field("body").focus();
}

// Under the parent, or at its usual place if the parent is on another page of the thread.
function moveUnder(parent, name) {
  const article = document.getElementById(`comment-${parent}`);
  if (article) article.after(form());
  else home().append(form());
  setParent(parent, name);
}

document.addEventListener("talkback:answer", ({ detail }) => {
  if (form() && home() && detail?.parent) moveUnder(detail.parent, detail.name ?? "");
});

function cancel() {
  const link = form().closest("li")?.querySelector("a.reply");
  moveBack();
  (link ?? field("body")).focus();
}

function newComment() {
  moveBack();
  form().scrollIntoView({ block: "start" });
  field("body").focus({ preventScroll: true });
}

function moveBack() {
  if (form().parentElement !== home()) home().append(form());
  setParent("", "");
}

function setParent(parent, name) {
  field("parent_id").value = parent;
  form().querySelector(".replying").hidden = !parent;
  form().querySelector(".replying-name").textContent = name;
}

const field = (name) => form().elements.namedItem(name);

function showError(sentence) {
  document.getElementById("comment-error").textContent = `▲ ${sentence}`;
}

// The server counts the time that the form has been open from the moment at which it issued the token.
let knownToken = "", tokenTime = 0;

document.addEventListener("htmx:after:swap", () => {
  const value = form() && field("csrf_token")?.value;
  if (!value || value === knownToken) return;
  knownToken = value;
  tokenTime = performance.now();
});

// Milliseconds until the server accepts the form: a restored text may be ready sooner than anybody could type it.
function millisecondsToWait(target) {
  if (target !== form()) return 0;
  return Math.max(0, tokenTime + 1000 * Number(field("csrf_token")?.dataset.seconds) + 50 - performance.now());
}

// If the button is pressed before the token has arrived, the request waits for it.
document.addEventListener("htmx:before:request", ({ target, detail: { ctx } }) => {
  if (!isCommentForm(target) || (field("csrf_token") && !millisecondsToWait(target))) return;
  ctx.fetch = async (address, request) => {
    await ensureToken();
    await new Promise((resolve) => { setTimeout(resolve, millisecondsToWait(target)); });
    for (const name of ["csrf_token", "key"]) request.body.set(name, field(name)?.value ?? "");
    return fetch(address, request);
  };
});

const isCommentForm = (target) => form() && (target === form() || target === form().querySelector(".preview-button"));

async function ensureToken() {
  const place = document.getElementById("comment-token");
  if (place.classList.contains("htmx-request")) {
    await new Promise((resolve) => place.addEventListener("htmx:finally:request", resolve, { once: true }));
  }
  if (!field("csrf_token")) await htmx.ajax("GET", place.getAttribute("hx-get"), { target: place, swap: "innerHTML" });
}

document.addEventListener("talkback:posted", ({ detail }) => {
  moveBack();
  const response = document.getElementById(detail?.held ? "held-response" : detail?.comment);
  document.getElementById("announcement").textContent = detail?.sentence ?? "";
  response?.focus({ preventScroll: true });
  response?.scrollIntoView({ block: "nearest" });
});

document.addEventListener("talkback:orphaned", () => {
  const hasFocus = form().contains(document.activeElement);
  moveBack();
  showError(form().dataset.orphaned);
  if (hasFocus) field("body").focus();
});

document.addEventListener("htmx:error", (event) => {
  if (isCommentForm(event.target)) showError(form().dataset.unreachable);
});

// The preview is out of date once the text changes.
document.addEventListener("input", (event) => {
  if (form()?.contains(event.target)) document.getElementById("preview-place").replaceChildren();
});
