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
  link.closest("li").querySelector("article").after(form());
  answering(link.dataset.parent, link.dataset.name);
  field("body").focus();
}

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

// Whoever presses the button before the token has come, as a browser that fills forms does, waits for it.
document.addEventListener("htmx:before:request", ({ target, detail: { ctx } }) => {
  if (target !== form() || field("csrf_token")) return;
  ctx.fetch = async (address, request) => {
    await token();
    for (const name of ["csrf_token", "key"]) request.body.set(name, field(name)?.value ?? "");
    return fetch(address, request);
  };
});

async function token() {
  const place = document.getElementById("comment-token");
  if (place.classList.contains("htmx-request")) {
    await new Promise((resolve) => place.addEventListener("htmx:finally:request", resolve, { once: true }));
  }
  if (!field("csrf_token")) await htmx.ajax("GET", place.getAttribute("hx-get"), { target: place, swap: "innerHTML" });
}

document.addEventListener("talkback:posted", ({ detail }) => {
  goHome();
  const posted = document.getElementById(detail.held ? "held-response" : detail.comment);
  document.getElementById("announcement").textContent = detail.sentence;
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
  if (event.target === form()) complain(form().dataset.unreachable);
});
