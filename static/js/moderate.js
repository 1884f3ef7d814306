// On public pages, which are the same for everybody: shows an editor, as this browser remembers, the links to the
// desk, and brings a comment's verbs under it. The server still decides by the cookie.
// where a browser keeps nothing, the desk itself has them all
if (stored.readText("localStorage", "talkback desk")) document.documentElement.classList.add("at-desk");

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.moderate");
  if (!link || !window.htmx || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  // beside the comment, not in it: the comment itself changes live as soon as it is decided
  const article = link.closest("article");
  if (article.nextElementSibling?.matches(".verbs-place")) article.nextElementSibling.remove();
  else bring(link, article);
});

async function bring(link, article) {
  prepare();
  const place = document.createElement("div");
  place.className = "verbs-place";
  article.after(place);
  await htmx.ajax("GET", link.getAttribute("href"), { source: place, target: place, swap: "innerHTML" });
  place.querySelector("button")?.focus();
}

// What was done, and its undoing, stands apart: a comment that is taken away takes its verbs along.
function prepare() {
  if (document.getElementById("moderated")) return;
  const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet" });
  sheet.href = new URL("../css/moderate.css", import.meta.url).pathname;
  document.head.append(sheet);
  const line = Object.assign(document.createElement("div"), { id: "moderated", className: "moderated" });
  line.setAttribute("role", "status");
  line.addEventListener("click", ({ target }) => { if (target.matches(".close")) line.replaceChildren(); });
  document.body.append(line);
}
