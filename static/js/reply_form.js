// Moves the one comment form under the comment that it replies to and back, with its text. After posting, the focus
// goes to the new response. Without this script, Reply is a page.
import { announce, commentForm as form, field, isCommentForm, isPlainClick } from "./lib/page.js";

const home = () => document.getElementById("comment-form-place");

document.addEventListener("click", (event) => {
  if (!form() || !home() || !isPlainClick(event)) return;
  const link = event.target.closest("a.reply, a.cancel-reply, a#post-a-comment");
  if (!link) return;
  event.preventDefault();
  if (link.matches(".reply")) reply(link);
  else if (link.matches(".cancel-reply")) cancel();
  else newComment();
});

// Ctrl or Cmd with Enter posts; Escape leaves a reply, whose text stays in the form.
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.target.form !== form() || !form()) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form().querySelector("button.post").click();
  } else if (event.key === "Escape" && field("parent_id").value && home()) cancel();
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

function showError(sentence) {
  document.getElementById("comment-error").textContent = `▲ ${sentence}`;
}

document.addEventListener("talkback:posted", ({ detail }) => {
  moveBack();
  const response = document.getElementById(detail?.held ? "held-response" : detail?.comment);
  announce(detail?.sentence);
  showMailNotice(detail?.mail, response);
  response?.focus({ preventScroll: true });
  response?.scrollIntoView({ block: "nearest" });
});

// Under the new response, which is in view; the form may be below it.
function showMailNotice(sentence, response) {
  document.querySelector(".mail-notice")?.remove();
  if (!sentence || !response) return;
  response.after(Object.assign(document.createElement("p"), { className: "mail-notice", textContent: sentence }));
}

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
