// Shows editors the links to the desk on public pages, which are the same for everybody, and opens the decisions on a
// comment under it. This browser stores whether an editor is signed in; the server decides by the cookie.
import { isPlainClick } from "./lib/page.js";
import { readText } from "./lib/storage.js";

if (readText("localStorage", "talkback desk")) document.documentElement.classList.add("at-desk");

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.moderate");
  if (!link || !globalThis.htmx || !isPlainClick(event)) return;
  event.preventDefault();
  // after the comment, not in it: the comment is replaced live after the decision
  const article = link.closest("article");
  if (article.nextElementSibling?.matches(".verbs-place")) article.nextElementSibling.remove();
  else openDecisions(link, article);
});

async function openDecisions(link, article) {
  addResultLine();
  const place = document.createElement("div");
  place.className = "verbs-place";
  article.after(place);
  await htmx.ajax("GET", link.getAttribute("href"), { source: place, target: place, swap: "innerHTML" });
  place.querySelector("button")?.focus();
}

// The result and its Undo are at the end of the page: a comment that is removed takes its decisions with it.
function addResultLine() {
  if (document.getElementById("moderated")) return;
  const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet" });
  sheet.href = new URL("../css/moderate.css", import.meta.url).pathname;
  document.head.append(sheet);
  const line = Object.assign(document.createElement("div"), { id: "moderated", className: "moderated" });
  line.setAttribute("role", "status");
  line.addEventListener("click", ({ target }) => { if (target.matches(".close")) line.replaceChildren(); });
  document.body.append(line);
}
