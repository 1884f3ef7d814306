// Opens the forms for editing and deleting a response under it. Without htmx, the links are pages.
import { isPlainClick } from "./lib/page.js";

const unreachable = () => document.getElementById("author-actions").dataset.unreachable;
export const findResponse = (id) => document.getElementById(`comment-${id}`) ?? document.getElementById(`held-${id}`);

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.own-edit, a.own-delete, a.own-cancel");
  if (!link || !globalThis.htmx || !isPlainClick(event)) return;
  event.preventDefault();
  if (link.matches(".own-cancel")) cancel(link);
  else openForm(link);
});

document.addEventListener("htmx:error", ({ target }) => {
  if (target.matches?.(".own-form")) target.querySelector(".error").textContent = `▲ ${target.dataset.unreachable}`;
});

async function openForm(link) {
  const article = link.closest("article");
  const { id } = link.closest(".own").dataset;
  closeForm(id);
  const place = document.createElement("div");
  place.className = "own-place";
  place.dataset.id = id;
  article.after(place);
  await htmx.ajax("GET", link.getAttribute("href"), { source: place, target: place, swap: "innerHTML" });
  if (!place.firstChild) place.innerHTML = `<p class="error" role="alert">▲ ${unreachable()}</p>`;
  place.querySelector("textarea, button, .own-refused")?.focus();
}

export function closeForm(id) {
  document.querySelector(`.own-place[data-id="${id}"]`)?.remove();
}

function cancel(link) {
  const { id } = link.closest(".own-place").dataset;
  closeForm(id);
  (findResponse(id)?.querySelector(".own-edit") ?? findResponse(id))?.focus();
}
