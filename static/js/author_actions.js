// Adds the Edit and Delete links to the reader's own responses, with the time that is left. Held ones are fetched, but
// only if this browser stores that there are any. The server decides by its cookie.
import { closeForm, findResponse } from "./author_forms.js";
import { updateTimers } from "./edit_timers.js";
import { announce } from "./lib/page.js";
import { OWN, entriesOf, updateResponses } from "./own_responses.js";

const template = document.getElementById("author-actions");
const heldPlace = document.getElementById("held-place");
const visibleIds = new Set();

if (template && heldPlace) start(template.dataset.place);

// `thread` is the address of the thread.
function start(thread) {
  document.addEventListener("talkback:posted", ({ detail }) => detail && store(thread, detail));
  document.addEventListener("talkback:changed", ({ detail }) => {
    if (!detail?.id) return;
    store(thread, detail);
    closeForm(detail.id);
    announce(detail.sentence);
    findResponse(detail.id)?.focus({ preventScroll: true });
  });
  document.addEventListener("talkback:withdrawn", ({ detail }) => {
    if (!detail?.id) return;
    updateResponses((responses) => delete responses[detail.id]);
    visibleIds.delete(String(detail.id));
    closeForm(detail.id);
    announce(detail.sentence);
    const focusTarget = findResponse(detail.id) ?? document.getElementById("response-count");
    focusTarget.tabIndex = -1;
    focusTarget.focus({ preventScroll: true });
  });
  new MutationObserver(() => addLinks(thread)).observe(heldPlace.parentElement, { childList: true, subtree: true });
  addEventListener("storage", ({ key }) => key === OWN && addLinks(thread));
  addEventListener("pageshow", ({ persisted }) => persisted && fetchHeld(thread));
  addLinks(thread);
  if (entriesOf(thread).some(([, response]) => response.held)) fetchHeld(thread);
}

function store(thread, { id, held, seconds }) {
  if (!Number.isInteger(id) || !Number.isFinite(seconds)) return;
  updateResponses((responses) => { responses[id] = { place: thread, held, until: Date.now() + 1000 * seconds }; });
  addLinks(thread);
}

// Adds the links where they are missing, as after a response arrived or changed live.
function addLinks(thread) {
  for (const [id, { held, until }] of entriesOf(thread)) {
    const article = document.getElementById(`comment-${id}`);
    if (article && !article.matches(".hidden-response")) {
      visibleIds.add(id);
      if (held) removeHeld(id, article);
      if (until > Date.now() && !article.querySelector(".own")) append(thread, id, until, article);
    } else if (visibleIds.delete(id)) fetchHeld(thread);
  }
  updateTimers();
}

function append(thread, id, until, article) {
  const links = template.content.cloneNode(true).firstElementChild;
  links.dataset.id = id;
  links.querySelector(".own-edit").href = `${thread}/${id}/edit`;
  links.querySelector(".own-delete").href = `${thread}/${id}/removal`;
  links.querySelector(".own-left").dataset.until = until;
  for (const link of links.querySelectorAll("a")) link.setAttribute("aria-describedby", `comment-${id}-name`);
  article.querySelector(".actions").append(links);
}

// A held response was approved: its notice goes, and an open form moves under the visible response.
function removeHeld(id, article) {
  updateResponses((responses) => { if (responses[id]) responses[id].held = false; });
  const form = document.getElementById(`own-${id}`)?.closest(".own-place");
  if (form) article.after(form);
  document.getElementById(`held-${id}`)?.remove();
  if (!heldPlace.querySelector("article")) heldPlace.replaceChildren();
}

// Fetches the reader's held responses, and stores which of them are still held.
async function fetchHeld(thread) {
  const answer = await fetch(`${thread}/held`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || heldPlace.querySelector("form")) return;
  heldPlace.innerHTML = await answer.text();
  const heldIds = new Set([...heldPlace.querySelectorAll("article")].map((article) => article.id));
  updateResponses((responses) => {
    for (const [id, response] of Object.entries(responses)) {
      if (response.place === thread) response.held = heldIds.has(`held-${id}`);
    }
  });
}
