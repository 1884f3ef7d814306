// Adds the Edit and Delete links to the reader's own responses, with the time that is left. Pages are the same for
// everybody, so this browser stores which responses are the reader's. Held ones are fetched, but only if this browser
// stores that there are any. The server decides by its cookie.
const KEY = "talkback own";
const MAX_RESPONSES = 200;
const template = document.getElementById("author-actions");
const heldPlace = document.getElementById("held-place");
const visibleIds = new Set();
const find = (id) => document.getElementById(`comment-${id}`) ?? document.getElementById(`held-${id}`);
const entriesOf = (thread) => Object.entries(readResponses()).filter(([, response]) => response.place === thread);

if (template && heldPlace) start(template.dataset.place);
updateTimers();
setInterval(updateTimers, 1000);

// `thread` is the address of the thread, by which responses are stored.
function start(thread) {
  document.addEventListener("talkback:posted", ({ detail }) => detail && store(thread, detail));
  document.addEventListener("talkback:changed", ({ detail }) => {
    if (!detail?.id) return;
    store(thread, detail);
    closeForm(detail.id);
    announce(detail.sentence);
    find(detail.id)?.focus({ preventScroll: true });
  });
  document.addEventListener("talkback:withdrawn", ({ detail }) => {
    if (!detail?.id) return;
    update((responses) => delete responses[detail.id]);
    visibleIds.delete(String(detail.id));
    closeForm(detail.id);
    announce(detail.sentence);
    const focusTarget = find(detail.id) ?? document.getElementById("response-count");
    focusTarget.tabIndex = -1;
    focusTarget.focus({ preventScroll: true });
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.own-edit, a.own-delete, a.own-cancel");
    if (!link || !window.htmx || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.matches(".own-cancel")) cancel(link);
    else openForm(link);
  });
  document.addEventListener("htmx:error", ({ target }) => {
    if (target.matches?.(".own-form")) target.querySelector(".error").textContent = `▲ ${target.dataset.unreachable}`;
  });
  new MutationObserver(() => addLinks(thread)).observe(heldPlace.parentElement, { childList: true, subtree: true });
  addEventListener("storage", ({ key }) => key === KEY && addLinks(thread));
  addEventListener("pageshow", ({ persisted }) => persisted && fetchHeld(thread));
  addLinks(thread);
  if (entriesOf(thread).some(([, response]) => response.held)) fetchHeld(thread);
}

function store(thread, { id, held, seconds }) {
  if (!Number.isInteger(id) || !Number.isFinite(seconds)) return;
  update((responses) => { responses[id] = { place: thread, held, until: Date.now() + 1000 * seconds }; });
  addLinks(thread);
}

// By the id of the comment: its thread, the end of the time for changes, and whether it is held.
function readResponses() {
  const isShape = ({ place, until }) => typeof place === "string" && Number.isFinite(until);
  return browserStorage.readRecords("localStorage", KEY, isShape);
}

function update(change) {
  const responses = readResponses();
  change(responses);
  const current = Object.entries(responses).filter(([, response]) => response.held || response.until > Date.now());
  current.sort(([, a], [, b]) => b.until - a.until);
  browserStorage.writeJson("localStorage", KEY, Object.fromEntries(current.slice(0, MAX_RESPONSES)));
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
  update((responses) => { if (responses[id]) responses[id].held = false; });
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
  update((responses) => {
    for (const [id, response] of Object.entries(responses)) {
      if (response.place === thread) response.held = heldIds.has(`held-${id}`);
    }
  });
}

function updateTimers() {
  for (const timer of document.querySelectorAll(".own-left")) {
    timer.dataset.until ??= Date.now() + 1000 * Number(timer.dataset.seconds);
    const seconds = Math.ceil((Number(timer.dataset.until) - Date.now()) / 1000);
    const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (seconds <= 0) timer.closest(".own").remove();
    else setText(timer, timer.dataset.text.replace("{time}", time));
  }
}

// Changes the existing text node, which does not trigger the observer.
function setText(element, text) {
  if (element.firstChild) element.firstChild.data = text;
  else element.textContent = text;
}

async function openForm(link) {
  const article = link.closest("article");
  const { id } = link.closest(".own").dataset;
  closeForm(id);
  const place = document.createElement("div");
  place.className = "own-place";
  place.dataset.id = id;
  article.after(place);
  await htmx.ajax("GET", link.getAttribute("href"), { source: place, target: place, swap: "innerHTML" });
  if (!place.firstChild) place.innerHTML = `<p class="error" role="alert">▲ ${template.dataset.unreachable}</p>`;
  place.querySelector("textarea, button, .own-refused")?.focus();
}

function closeForm(id) {
  document.querySelector(`.own-place[data-id="${id}"]`)?.remove();
}

function cancel(link) {
  const { id } = link.closest(".own-place").dataset;
  closeForm(id);
  (find(id)?.querySelector(".own-edit") ?? find(id))?.focus();
}

function announce(sentence) {
  document.getElementById("announcement").textContent = sentence ?? "";
}
