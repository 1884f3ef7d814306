// What is new since this reader was here, kept in this browser alone: per post how many responses there were and up
// to which version they had been seen. A first visit has nothing new.
const KEY = "talkback since";
const MOST_POSTS = 500;
const heading = () => document.getElementById("response-count");
const line = document.getElementById("since");
const entries = document.querySelector(".entries[data-new]");

const isVisit = ({ version, count, at }) => [version, count, at].every(Number.isFinite);
const read = () => stored.readRecords("localStorage", KEY, isVisit);

// The posts that were seen last; the others are forgotten.
function write(posts) {
  const last = Object.entries(posts).sort(([, a], [, b]) => b.at - a.at);
  stored.writeJson("localStorage", KEY, Object.fromEntries(last.slice(0, MOST_POSTS)));
}

if (line && heading()) follow(read()[heading().dataset.post]);
if (entries) {
  new MutationObserver(count).observe(entries, { childList: true, subtree: true });
  addEventListener("storage", count);
  addEventListener("pageshow", count);
  count();
}

// On a post: marks what this reader has not seen, and remembers what is seen now.
function follow(before) {
  const section = heading().closest("section");
  const now = heading().dataset;
  const known = before && before.version <= Number(now.version) ? before : null;
  const started = Number(now.count);
  const arrived = new Set();
  const own = new Set([justPosted(now.post)]);

  // Changed since the last visit; a word that its writer changed in an old one does not make it new.
  function isNew(item) {
    if (!known || own.has(item.id) || arrived.has(item.id)) return false;
    if (Number(item.dataset.version) <= known.version) return false;
    return !(item.querySelector("article .edited") && Number(item.dataset.position) <= known.position);
  }

  function items() {
    return [...section.querySelectorAll(".response")].filter((item) => item.querySelector("article .response-head"));
  }

  function mark() {
    const fresh = items().filter(isNew);
    for (const item of section.querySelectorAll(".new")) if (!fresh.includes(item)) unmark(item);
    fresh.forEach((item, number) => markOne(item, fresh[number + 1]));
    // some may stand on other pages of the thread
    say(known ? Math.max(fresh.length, started - known.count) : 0, fresh[0]);
  }

  function say(count, first) {
    line.hidden = count <= 0;
    const words = line.querySelector("span");
    const text = count === 1 ? words.dataset.one : words.dataset.many.replace("{n}", count);
    // what stands already is let be: this runs at each change of the section, of this line too
    if (words.textContent !== text) words.textContent = text;
    // where the page has none of them, they are to be found from the other end
    line.querySelector(".since-first").hidden = !first;
    line.querySelector(".since-elsewhere").hidden = Boolean(first);
    if (first) line.querySelector(".since-first").href = `#${first.querySelector("article").id}`;
  }

  function markOne(item, next) {
    item.classList.add("new");
    const head = item.querySelector(".response-head");
    const standing = head.querySelector(".new-mark");
    const made = standing ?? document.createElement("span");
    const target = next ? `#${next.querySelector("article").id}` : "";
    if (standing?.dataset.next === target) return;
    made.className = "new-mark";
    made.dataset.next = target;
    made.replaceChildren(line.dataset.mark);
    if (next) {
      const link = document.createElement("a");
      link.href = target;
      link.textContent = line.dataset.next;
      made.append(" · ", link);
    }
    if (!standing) head.append(made);
  }

  function unmark(item) {
    item.classList.remove("new");
    item.querySelector(".new-mark")?.remove();
  }

  // What waits to be shown has not been seen yet.
  function remember() {
    if (document.hidden || document.querySelector("#waiting:not([hidden]), #elsewhere:not([hidden])")) return;
    const positions = items().map((item) => Number(item.dataset.position));
    const posts = read();
    const { version, count, post } = heading().dataset;
    const position = positions.reduce((last, one) => Math.max(last, one), Number(posts[post]?.position) || 0);
    posts[post] = { version: Number(version), count: Number(count), position, at: Date.now() };
    write(posts);
  }

  document.addEventListener("talkback:posted", ({ detail }) => {
    const item = document.getElementById(detail?.comment)?.closest(".response");
    if (item) own.add(item.id);
    mark();
  });
  new MutationObserver((changes) => {
    const added = changes.flatMap((change) => [...change.addedNodes]).filter((node) => node.matches?.(".response.arrived"));
    for (const item of added) arrived.add(item.id);
    mark();
    remember();
  }).observe(section, { childList: true, subtree: true });
  document.addEventListener("visibilitychange", remember);
  mark();
  remember();
}

// The reader's own response, which a plain form led to.
function justPosted(post) {
  const from = document.referrer && new URL(document.referrer).pathname;
  return from.startsWith(`/posts/${post}/comments`) ? location.hash.replace("#comment-", "thread-") : "";
}

// In a list of posts: how many responses each has more than when it was read.
function count() {
  const posts = read();
  for (const link of entries.querySelectorAll(".count")) {
    const seen = posts[link.id.replace(/\D/g, "")];
    const more = seen ? Number(link.dataset.count) - seen.count : 0;
    const standing = link.parentElement.querySelector(".new-count");
    const text = more > 0 ? entries.dataset.new.replace("{n}", more) : "";
    if ((standing?.textContent ?? "") === text) continue;
    standing?.remove();
    if (!text) continue;
    const made = document.createElement("a");
    made.className = "new-count";
    made.href = link.getAttribute("href");
    made.textContent = text;
    link.after(made);
  }
}
