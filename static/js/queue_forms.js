// Opens the forms of an entry of the queue in it, and never loses their text. Without this script, they are pages.
import { isPlainClick } from "./lib/page.js";

const queue = document.querySelector(".queue");
const entryOf = (element) => element?.closest?.(".queue article") ?? null;
const hasText = (place) => Boolean(place?.querySelector("textarea")?.value.trim());
let leaving = false;

document.addEventListener("click", (event) => {
  const link = event.target.closest(".queue a.more, .place a.cancel");
  if (!link || !globalThis.htmx || !isPlainClick(event)) return;
  event.preventDefault();
  if (link.matches(".more")) openForm(link);
  else closeForm(link.closest(".place"));
});

// An open form with text is never replaced by another form.
async function openForm(link) {
  const place = entryOf(link).querySelector(".place");
  if (!hasText(place)) {
    await htmx.ajax("GET", link.getAttribute("href"), { source: place, target: place, swap: "innerHTML" });
  }
  const field = place.querySelector("textarea, input:not([type=hidden]), a");
  field?.focus({ preventScroll: true });
  place.scrollIntoView({ block: "nearest" });
}

function closeForm(place) {
  place.replaceChildren();
  focusEntry(place);
}

function focusEntry(place) {
  const entry = entryOf(place);
  entry.focus({ preventScroll: true });
  entry.scrollIntoView({ block: "nearest" });
}

addEventListener("keydown", (event) => {
  const place = event.key === "Escape" && !event.isComposing && event.target.closest?.(".place");
  if (!place) return;
  if (hasText(place)) focusEntry(place);
  else closeForm(place);
});

// If the session has ended, the form is sent again as a plain one: the sign-in page keeps its text.
document.addEventListener("htmx:before:response", (event) => {
  const { response, sourceElement, hx } = event.detail.ctx;
  if (response.status !== 403 || !hx.redirect || !sourceElement.matches?.(".place form")) return;
  event.preventDefault();
  leaving = true;
  sourceElement.submit();
});

document.addEventListener("submit", ({ target }) => { if (!target.matches(".place form")) leaving = true; });
addEventListener("beforeunload", (event) => {
  if (!leaving && [...queue.querySelectorAll(".place")].some(hasText)) event.preventDefault();
});
