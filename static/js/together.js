// Agreeing with a response, and reporting one, in its place. The page is the same for everybody: what this browser's
// reader agreed with is remembered here and shown as pressed. The server decides by its cookie; without this, or
// without htmx, both are pages of their own.
const KEY = "talkback agreed";
const MOST = 2000;
const section = document.querySelector(".responses");
const verbs = document.getElementById("own-verbs");
const busy = new Set();
let token = null;
let agreed = kept();

if (section && verbs && window.htmx) begin();

function begin() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.agree, a.report");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (link.matches(".agree")) press(link);
    else ask(link);
  });
  // as a button, which it is here
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || !event.target.matches("a.agree[role=button]")) return;
    event.preventDefault();
    event.target.click();
  });
  document.addEventListener("talkback:reported", ({ detail }) => {
    document.getElementById("announcement").textContent = detail?.sentence ?? "";
    placeOf(detail?.id)?.querySelector(".reported")?.focus({ preventScroll: true });
  });
  new MutationObserver(show).observe(section, { childList: true, subtree: true });
  addEventListener("storage", ({ key }) => key === KEY && again());
  addEventListener("pageshow", ({ persisted }) => persisted && again());
  show();
}

function idOf(link) {
  return link.closest("article").id.replace(/\D/g, "");
}

// The ids of what this reader agrees with, the last first.
function kept() {
  return stored.readJson("localStorage", KEY, [], stored.isStrings);
}

function remember(id, agrees) {
  const others = kept().filter((other) => other !== id);
  agreed = (agrees ? [id, ...others] : others).slice(0, MOST);
  stored.writeJson("localStorage", KEY, agreed);
}

// Another tab knows more.
function again() {
  agreed = kept();
  show();
}

function show() {
  const known = new Set(agreed);
  for (const link of section.querySelectorAll("a.agree")) {
    const pressed = String(known.has(idOf(link)));
    if (link.getAttribute("aria-pressed") === pressed) continue;
    link.setAttribute("role", "button");
    link.setAttribute("aria-pressed", pressed);
  }
}

async function press(link) {
  const id = idOf(link);
  if (busy.has(id)) return;
  busy.add(id);
  const agrees = link.getAttribute("aria-pressed") !== "true";
  const answer = await send(link, agrees).catch(() => null);
  busy.delete(id);
  const text = answer && (await answer.text());
  if (!answer?.ok) return complain(link, text);
  placeOf(id)?.remove();
  remember(id, agrees);
  await htmx.swap({ sourceElement: section, target: section, swap: "none", text });
  show();
}

// With a token of the form under the post or of one's own, and once more with a fresh one where that is too old.
async function send(link, agrees) {
  const address = link.getAttribute("href").replace(/\/new$/, agrees ? "" : "?_method=DELETE");
  const attempt = async () => {
    const body = new URLSearchParams({ csrf_token: await (token ??= fetchToken()) });
    return fetch(address, { method: "POST", body, headers: { "HX-Request": "true" } });
  };
  const standing = document.querySelector("#comment-token [name=csrf_token]")?.value;
  if (standing) token ??= Promise.resolve(standing);
  const answer = await attempt().catch((error) => {
    token = null;
    throw error;
  });
  if (answer.status !== 403) return answer;
  token = null;
  return attempt();
}

async function fetchToken() {
  const answer = await fetch(`${verbs.dataset.place}/token`, { headers: { "HX-Request": "true" } });
  const page = document.createElement("template");
  page.innerHTML = await answer.text();
  return page.content.querySelector("[name=csrf_token]")?.value ?? "";
}

function complain(link, text) {
  const place = made(link);
  if (text?.includes("own-refused")) place.innerHTML = text;
  else place.innerHTML = `<p class="error own-refused" role="alert" tabindex="-1">▲ ${verbs.dataset.unreachable}</p>`;
}

async function ask(link) {
  const place = made(link);
  await htmx.ajax("GET", link.getAttribute("href"), { source: place, target: place, swap: "innerHTML" });
  if (!place.firstChild) complain(link);
  place.querySelector("input:not([type=hidden]), .own-refused")?.focus();
}

function placeOf(id) {
  return section.querySelector(`.own-place[data-id="${id}"]`);
}

// Beside the response, not in it: the response itself may change live.
function made(link) {
  const id = idOf(link);
  placeOf(id)?.remove();
  const place = document.createElement("div");
  place.className = "own-place";
  place.dataset.id = id;
  link.closest("article").after(place);
  return place;
}
