// What this browser's reader wrote here lately: the page and its comments are the same for everybody, so the links to
// change or delete one's own, with the time that is left, are put in here; and what waits for the editor is fetched,
// but only where this browser remembers that something does. The server decides by its cookie.
const KEPT = "talkback own";
const MOST = 200;
const verbs = document.getElementById("own-verbs");
const waitingPlace = document.getElementById("held-place");
const shown = new Set();
const find = (id) => document.getElementById(`comment-${id}`) ?? document.getElementById(`held-${id}`);
const here = (place) => Object.entries(kept()).filter(([, one]) => one.place === place);

if (verbs && waitingPlace) begin(verbs.dataset.place);
tick();
setInterval(tick, 1000);

function begin(place) {
  document.addEventListener("talkback:posted", ({ detail }) => detail && remember(place, detail));
  document.addEventListener("talkback:changed", ({ detail }) => {
    if (!detail?.id) return;
    remember(place, detail);
    close(detail.id);
    say(detail.sentence);
    find(detail.id)?.focus({ preventScroll: true });
  });
  document.addEventListener("talkback:withdrawn", ({ detail }) => {
    if (!detail?.id) return;
    update((own) => delete own[detail.id]);
    shown.delete(String(detail.id));
    close(detail.id);
    say(detail.sentence);
    const left = find(detail.id) ?? document.getElementById("response-count");
    left.tabIndex = -1;
    left.focus({ preventScroll: true });
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.own-edit, a.own-delete, a.own-cancel");
    if (!link || !window.htmx || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.matches(".own-cancel")) cancel(link);
    else open(link);
  });
  document.addEventListener("htmx:error", ({ target }) => {
    if (target.matches?.(".own-form")) target.querySelector(".error").textContent = `▲ ${target.dataset.unreachable}`;
  });
  new MutationObserver(() => show(place)).observe(waitingPlace.parentElement, { childList: true, subtree: true });
  addEventListener("storage", ({ key }) => key === KEPT && show(place));
  addEventListener("pageshow", ({ persisted }) => persisted && fetchWaiting(place));
  show(place);
  if (here(place).some(([, one]) => one.held)) fetchWaiting(place);
}

function remember(place, { id, held, seconds }) {
  if (!Number.isInteger(id) || !Number.isFinite(seconds)) return;
  update((own) => { own[id] = { place, held, until: Date.now() + 1000 * seconds }; });
  show(place);
}

// By the id of the comment: under which post, until when it may be changed, and whether it waits.
function kept() {
  return stored.readRecords("localStorage", KEPT, ({ place, until }) => typeof place === "string" && Number.isFinite(until));
}

function update(change) {
  const own = kept();
  change(own);
  const worth = Object.entries(own).filter(([, one]) => one.held || one.until > Date.now());
  worth.sort(([, one], [, other]) => other.until - one.until);
  stored.writeJson("localStorage", KEPT, Object.fromEntries(worth.slice(0, MOST)));
}

// Puts the links where they are missing, as after a comment came or changed live.
function show(place) {
  for (const [id, one] of here(place)) {
    const article = document.getElementById(`comment-${id}`);
    if (article && !article.matches(".hidden-response")) {
      shown.add(id);
      if (one.held) arrived(id, article);
      if (one.until > Date.now() && !article.querySelector(".own")) add(place, id, one.until, article);
    } else if (shown.delete(id)) fetchWaiting(place);
  }
  tick();
}

function add(place, id, until, article) {
  const own = verbs.content.cloneNode(true).firstElementChild;
  own.dataset.id = id;
  own.querySelector(".own-edit").href = `${place}/${id}/edit`;
  own.querySelector(".own-delete").href = `${place}/${id}/removal`;
  own.querySelector(".own-left").dataset.until = until;
  for (const link of own.querySelectorAll("a")) link.setAttribute("aria-describedby", `comment-${id}-name`);
  article.querySelector(".actions").append(own);
}

// What waited is shown to everybody now; a text that is being changed meanwhile goes along.
function arrived(id, article) {
  update((own) => { if (own[id]) own[id].held = false; });
  const waited = document.getElementById(`held-${id}`);
  const form = document.getElementById(`own-${id}`)?.closest(".own-place");
  if (form) article.after(form);
  waited?.remove();
  if (!waitingPlace.querySelector("article")) waitingPlace.replaceChildren();
}

// Everything of this reader's that still waits; what does not is no longer remembered as such.
async function fetchWaiting(place) {
  const answer = await fetch(`${place}/held`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || waitingPlace.querySelector("form")) return;
  waitingPlace.innerHTML = await answer.text();
  const waiting = new Set([...waitingPlace.querySelectorAll("article")].map((article) => article.id));
  update((own) => {
    for (const [id, one] of Object.entries(own)) if (one.place === place) one.held = waiting.has(`held-${id}`);
  });
}

function tick() {
  for (const left of document.querySelectorAll(".own-left")) {
    left.dataset.until ??= Date.now() + 1000 * Number(left.dataset.seconds);
    const seconds = Math.ceil((Number(left.dataset.until) - Date.now()) / 1000);
    const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (seconds <= 0) left.closest(".own").remove();
    else write(left, left.dataset.words.replace("{time}", time));
  }
}

// into the text that stands there, so that the observer is not woken
function write(element, text) {
  if (element.firstChild) element.firstChild.data = text;
  else element.textContent = text;
}

async function open(link) {
  const article = link.closest("article");
  const { id } = link.closest(".own").dataset;
  close(id);
  const place = document.createElement("div");
  place.className = "own-place";
  place.dataset.id = id;
  article.after(place);
  await htmx.ajax("GET", link.getAttribute("href"), { source: place, target: place, swap: "innerHTML" });
  if (!place.firstChild) place.innerHTML = `<p class="error" role="alert">▲ ${verbs.dataset.unreachable}</p>`;
  place.querySelector("textarea, button, .own-refused")?.focus();
}

function close(id) {
  document.querySelector(`.own-place[data-id="${id}"]`)?.remove();
}

function cancel(link) {
  const { id } = link.closest(".own-place").dataset;
  close(id);
  (find(id)?.querySelector(".own-edit") ?? find(id))?.focus();
}

function say(sentence) {
  document.getElementById("announcement").textContent = sentence ?? "";
}
