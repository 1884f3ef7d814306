// Has the comment form wait for its ticket: the proof that the form was open for a while, and the key of a retry. htmx
// fetches it at the first focus. A form that is sent before htmx has come goes the plain way, where a page asks again.
import { htmxReady } from "./lib/htmx.js";
import { announce, commentForm as form, field, isCommentForm } from "./lib/page.js";

// The server counts the time that the form has been open from the moment at which it issued the ticket.
let knownTicket = "", ticketTime = 0;
const ticket = () => field("key")?.value;
const [TIMEOUT, MAX_WAIT, MAX_ATTEMPTS] = [60_000, 60, 5];
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
const waitingText = (seconds) => form().dataset.waiting.replace("{n}", seconds);

document.addEventListener("htmx:after:swap", () => {
  if (!ticket() || ticket() === knownTicket) return;
  knownTicket = ticket();
  ticketTime = performance.now();
});

// Milliseconds until the server accepts the form: a restored text may be ready sooner than anybody could type it.
function millisecondsToWait(target) {
  if (target !== form()) return 0;
  return Math.max(0, ticketTime + 1000 * Number(field("key")?.dataset.seconds) + 50 - performance.now());
}

// If the button is pressed before the ticket has arrived, the request waits for it.
document.addEventListener("htmx:before:request", ({ target, detail: { ctx } }) => {
  if (!isCommentForm(target)) return;
  ctx.fetch = async (address, request) => {
    await ensureTicket();
    await pause(millisecondsToWait(target));
    if (target === form()) return post(address, request);
    for (const name of ["csrf_token", "key"]) request.body.set(name, field(name)?.value ?? "");
    return fetch(address, request);
  };
});

// The throttle says how long to wait; unless that is long, the text is sent by itself, as it is by then.
async function post(address, request, attempts = MAX_ATTEMPTS) {
  const body = new URLSearchParams(new FormData(form()));
  const answer = await fetch(address, { ...request, body, signal: AbortSignal.timeout(TIMEOUT) });
  const seconds = Number(answer.headers.get("Retry-After"));
  if (answer.status !== 429 || !(seconds > 0) || seconds > MAX_WAIT || attempts === 1) return answer;
  announce(waitingText(seconds));
  for (let left = seconds; left > 0; left -= 1) {
    form().querySelector(".busy").textContent = waitingText(left);
    await pause(1_000);
  }
  return post(address, request, attempts - 1);
}

// With a second ticket a retry after a lost answer would post twice.
document.addEventListener("htmx:before:request", (event) => {
  if (event.target.id === "comment-token" && ticket()) event.preventDefault();
});

async function ensureTicket() {
  const place = document.getElementById("comment-token");
  if (place.classList.contains("htmx-request")) {
    await new Promise((resolve) => place.addEventListener("htmx:finally:request", resolve, { once: true }));
  }
  if (!ticket()) await htmx.ajax("GET", place.getAttribute("hx-get"), { target: place, swap: "innerHTML" });
}

// The first focus may have come before htmx.
htmxReady.then((complete) => {
  if (complete && form()?.contains(document.activeElement)) form().dispatchEvent(new Event("focusin"));
});
