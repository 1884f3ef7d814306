// Sends agreements and reports without leaving the page. Pages are the same for everybody, so this browser stores what
// the reader agreed with and shows it as pressed. The server decides by its cookie. Without htmx both are pages.
import { AGREED, readAgreements, sendAgreement, storeAgreement } from "./agreements.js";
import { announce, isPlainClick, numberIn } from "./lib/page.js";

const section = document.querySelector(".responses");
const template = document.getElementById("author-actions");
const sending = new Set();
let agreedIds = readAgreements();

if (section && template) start();

function start() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.agree, a.report");
    if (!link || !globalThis.htmx || !isPlainClick(event)) return;
    event.preventDefault();
    if (link.matches(".agree")) toggle(link);
    else openReport(link);
  });
  // with the role of a button it answers to the space key
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || !event.target.matches("a.agree[role=button]")) return;
    event.preventDefault();
    event.target.click();
  });
  document.addEventListener("talkback:reported", ({ detail }) => {
    announce(detail?.sentence);
    placeOf(detail?.id)?.querySelector(".reported")?.focus({ preventScroll: true });
  });
  new MutationObserver(showPressed).observe(section, { childList: true, subtree: true });
  addEventListener("storage", ({ key }) => key === AGREED && reload());
  addEventListener("pageshow", ({ persisted }) => persisted && reload());
  showPressed();
}

function idOf(link) {
  return numberIn(link.closest("article").id);
}

// Another tab may have changed them.
function reload() {
  agreedIds = readAgreements();
  showPressed();
}

function showPressed() {
  const ids = new Set(agreedIds);
  for (const link of section.querySelectorAll("a.agree")) {
    const pressed = String(ids.has(idOf(link)));
    if (link.getAttribute("aria-pressed") === pressed) continue;
    link.setAttribute("role", "button");
    link.setAttribute("aria-pressed", pressed);
  }
}

async function toggle(link) {
  const id = idOf(link);
  if (sending.has(id)) return;
  sending.add(id);
  const agrees = link.getAttribute("aria-pressed") !== "true";
  const answer = await sendAgreement(link, agrees, template.dataset.place).catch(() => null);
  sending.delete(id);
  const text = answer && (await answer.text());
  if (!answer?.ok) return showError(link, text);
  placeOf(id)?.remove();
  agreedIds = storeAgreement(id, agrees);
  await htmx.swap({ sourceElement: section, target: section, swap: "none", text });
  showPressed();
}

function showError(link, text) {
  const place = addPlace(link);
  if (text?.includes("own-refused")) place.innerHTML = text;
  else place.innerHTML = `<p class="error own-refused" role="alert" tabindex="-1">▲ ${template.dataset.unreachable}</p>`;
}

async function openReport(link) {
  const place = addPlace(link);
  await htmx.ajax("GET", link.getAttribute("href"), { source: place, target: place, swap: "innerHTML" });
  if (!place.firstChild) showError(link);
  place.querySelector("input:not([type=hidden]), .own-refused")?.focus();
}

function placeOf(id) {
  return section.querySelector(`.own-place[data-id="${id}"]`);
}

// After the response, not in it: the response itself may be replaced live.
function addPlace(link) {
  const id = idOf(link);
  placeOf(id)?.remove();
  const place = document.createElement("div");
  place.className = "own-place";
  place.dataset.id = id;
  link.closest("article").after(place);
  return place;
}
