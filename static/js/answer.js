// The one form: it goes under the comment that is answered and back, with the text in it; and after
// posting, the focus goes to the new response. Without this, Reply is a page of its own.
const form = () => document.getElementById("comment-form");
const home = () => document.getElementById("comment-form-place");

document.addEventListener("click", (event) => {
  if (!form() || !home() || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a.reply, a.cancel-reply, a#post-a-comment");
  if (!link) return;
  event.preventDefault();
  if (link.matches(".reply")) reply(link);
  else if (link.matches(".cancel-reply")) cancel();
  else write();
});

function reply(link) {
  stand(link.dataset.parent, link.dataset.name);
  field("body").focus();
}

// Under the comment that is answered, or at home where that stands on another page of the thread.
function stand(parent, name) {
  const article = document.getElementById(`comment-${parent}`);
  if (article) article.after(form());
  else home().append(form());
  answering(parent, name);
}

document.addEventListener("talkback:answer", ({ detail }) => {
  if (form() && home() && detail?.parent) stand(detail.parent, detail.name ?? "");
});

function cancel() {
  const link = form().closest("li")?.querySelector("a.reply");
  goHome();
  (link ?? field("body")).focus();
}

function write() {
  goHome();
  form().scrollIntoView({ block: "start" });
  field("body").focus({ preventScroll: true });
}

function goHome() {
  if (form().parentElement !== home()) home().append(form());
  answering("", "");
}

function answering(parent, name) {
  field("parent_id").value = parent;
  form().querySelector(".replying").hidden = !parent;
  form().querySelector(".replying-name").textContent = name;
}

const field = (name) => form().elements.namedItem(name);

function complain(sentence) {
  document.getElementById("comment-error").textContent = `▲ ${sentence}`;
}

// When the token came that stands in the form: from then on the site counts how long the form has been open.
let counted = "", opened = 0;

document.addEventListener("htmx:after:swap", () => {
  const value = form() && field("csrf_token")?.value;
  if (!value || value === counted) return;
  counted = value;
  opened = performance.now();
});

// A text that was restored, or that a browser filled in, is sent no sooner than one that somebody wrote could be.
function early(target) {
  if (target !== form()) return 0;
  return Math.max(0, opened + 1000 * Number(field("csrf_token")?.dataset.seconds) + 50 - performance.now());
}

// Whoever presses the button before the token has come, as a browser that fills forms does, waits for it.
document.addEventListener("htmx:before:request", ({ target, detail: { ctx } }) => {
  if (!sends(target) || (field("csrf_token") && !early(target))) return;
  ctx.fetch = async (address, request) => {
    await token();
    await new Promise((resolve) => { setTimeout(resolve, early(target)); });
    for (const name of ["csrf_token", "key"]) request.body.set(name, field(name)?.value ?? "");
    return fetch(address, request);
  };
});

const sends = (target) => form() && (target === form() || target === form().querySelector(".preview-button"));

async function token() {
  const place = document.getElementById("comment-token");
  if (place.classList.contains("htmx-request")) {
    await new Promise((resolve) => place.addEventListener("htmx:finally:request", resolve, { once: true }));
  }
  if (!field("csrf_token")) await htmx.ajax("GET", place.getAttribute("hx-get"), { target: place, swap: "innerHTML" });
}

document.addEventListener("talkback:posted", ({ detail }) => {
  goHome();
  const posted = document.getElementById(detail?.held ? "held-response" : detail?.comment);
  document.getElementById("announcement").textContent = detail?.sentence ?? "";
  posted?.focus({ preventScroll: true });
  posted?.scrollIntoView({ block: "nearest" });
});

document.addEventListener("talkback:orphaned", () => {
  const writing = form().contains(document.activeElement);
  goHome();
  complain(form().dataset.orphaned);
  if (writing) field("body").focus();
});

document.addEventListener("htmx:error", (event) => {
  if (sends(event.target)) complain(form().dataset.unreachable);
});

// What was shown is no longer what is written.
document.addEventListener("input", (event) => {
  if (form()?.contains(event.target)) document.getElementById("preview-place").replaceChildren();
});
