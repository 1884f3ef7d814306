// Moves the focus between responses by the keys j and k; ? lists the keys. Hidden responses and those in collapsed
// branches are left out.
import { actOnKeys } from "./lib/keys.js";

actOnKeys({ j: () => step(1), k: () => step(-1) });

function step(by) {
  const all = [...document.querySelectorAll("#responses .response > article:not(.hidden-response)")];
  const articles = all.filter((article) => article.checkVisibility());
  const current = document.activeElement.closest(".response")?.querySelector("article");
  const here = articles.indexOf(current);
  const next = here < 0 ? nearest(articles, by) : articles[here + by];
  if (!next) return;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

// Without a focus, what the reader sees counts: forward to the first response that begins in view or below it, and from
// the end of the page to the last one; back to the last one that begins above.
function nearest(articles, by) {
  const isAbove = (article) => article.getBoundingClientRect().top < 0;
  const next = articles.find((article) => !isAbove(article)) ?? articles.at(-1);
  return by > 0 ? next : articles.findLast(isAbove);
}
