// Marks the responses that are new since the reader's last visit. Only this browser stores the visits: per post the
// number of responses, the version of the thread and the last position. On a first visit nothing is new.
import { countText } from "./lib/page.js";
import { readVisits, writeVisits } from "./visits.js";

const heading = () => document.getElementById("response-count");
const line = document.getElementById("since");

if (line && heading()) watchThread(readVisits()[heading().dataset.post]);

// On a post: marks new responses, and stores this visit.
function watchThread(lastVisit) {
  const section = heading().closest("section");
  const current = heading().dataset;
  const visit = lastVisit && lastVisit.version <= Number(current.version) ? lastVisit : null;
  const arrived = new Set([...section.querySelectorAll(".response.arrived")].map(({ id }) => id)); // came live
  const countAtStart = Number(current.count) - arrived.size;
  const byReader = new Set([justPosted(current.post)]);

  // An old response that its author edited is not new.
  function isNew(item) {
    if (!visit || byReader.has(item.id) || arrived.has(item.id)) return false;
    if (Number(item.dataset.version) <= visit.version) return false;
    return !(item.querySelector("article .edited") && Number(item.dataset.position) <= visit.position);
  }

  function items() {
    return [...section.querySelectorAll(".response")].filter((item) => item.querySelector("article .response-head"));
  }

  function markAll() {
    const newItems = items().filter(isNew);
    for (const item of section.querySelectorAll(".new")) if (!newItems.includes(item)) unmark(item);
    newItems.forEach((item, index) => mark(item, newItems[index + 1]));
    // some may be on other pages of the thread
    updateLine(visit ? Math.max(newItems.length, countAtStart - visit.count) : 0, newItems[0]);
  }

  function updateLine(count, first) {
    line.hidden = count <= 0;
    const label = line.querySelector("span");
    const text = countText(label.dataset, count);
    // the observer watches this line too: write only what changed
    if (label.textContent !== text) label.textContent = text;
    // if none is on this page, link to the newest
    line.querySelector(".since-first").hidden = !first;
    line.querySelector(".since-elsewhere").hidden = Boolean(first);
    if (first) line.querySelector(".since-first").href = `#${first.querySelector("article").id}`;
  }

  function mark(item, next) {
    item.classList.add("new");
    const head = item.querySelector(".response-head");
    const existing = head.querySelector(".new-mark");
    const label = existing ?? document.createElement("span");
    const target = next ? `#${next.querySelector("article").id}` : "";
    if (existing?.dataset.next === target) return;
    label.className = "new-mark";
    label.dataset.next = target;
    label.replaceChildren(line.dataset.mark);
    if (next) {
      const link = document.createElement("a");
      link.href = target;
      link.textContent = line.dataset.next;
      label.append(" · ", link);
    }
    if (!existing) head.append(label);
  }

  function unmark(item) {
    item.classList.remove("new");
    item.querySelector(".new-mark")?.remove();
  }

  // Stores the visit, unless responses wait to be shown: those are unread.
  function storeVisit() {
    if (document.hidden || document.querySelector("#waiting:not([hidden]), #elsewhere:not([hidden])")) return;
    const positions = items().map((item) => Number(item.dataset.position));
    const visits = readVisits();
    const { version, count, post } = heading().dataset;
    const position = positions.reduce((a, b) => Math.max(a, b), Number(visits[post]?.position) || 0);
    visits[post] = { version: Number(version), count: Number(count), position, at: Date.now() };
    writeVisits(visits);
  }

  document.addEventListener("talkback:posted", ({ detail }) => {
    const item = document.getElementById(detail?.comment)?.closest(".response");
    if (item) byReader.add(item.id);
    markAll();
  });
  new MutationObserver((changes) => {
    const added = changes.flatMap((change) => [...change.addedNodes]).filter((node) => node.matches?.(".response.arrived"));
    for (const item of added) arrived.add(item.id);
    markAll();
    storeVisit();
  }).observe(section, { childList: true, subtree: true });
  document.addEventListener("visibilitychange", storeVisit);
  markAll();
  storeVisit();
}

// Finds the reader's own response after a plain form post.
function justPosted(post) {
  const from = document.referrer && new URL(document.referrer).pathname;
  return from.startsWith(`/posts/${post}/comments`) ? location.hash.replace("#comment-", "thread-") : "";
}
