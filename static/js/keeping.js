// What is being written, kept in this browser until it is posted: a crash, a closed tab, a lost connection lose
// nothing. Each page writes a draft of its own and holds its lock, so that of two tabs none overwrites the other; a
// draft whose page is gone goes to the next that opens. It is kept in IndexedDB, which is on the disk as soon as it
// says so: browsers let localStorage wait for seconds, and a browser that is killed loses what waits.
const DAYS = 30;
const FIELDS = ["name", "email", "website"];
const states = new Map(); // by what a form is for: {draft, restored, others}
const waiting = new Map(); // by slot: what is to be written next
let writing = false;

const opened = new Promise((resolve) => {
  try {
    const request = indexedDB.open("talkback", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("drafts", { keyPath: "slot" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(null);
  } catch {
    resolve(null); // forbidden: everything works without it
  }
});

// Runs `work` on the store; undefined where there is none, or where it is full.
async function store(mode, work) {
  const database = await opened;
  return new Promise((resolve) => {
    try {
      const transaction = database.transaction("drafts", mode);
      const request = work(transaction.objectStore("drafts"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => resolve(undefined);
      transaction.commit();
    } catch {
      resolve(undefined);
    }
  });
}

const remove = (draft) => {
  waiting.delete(draft.slot);
  return store("readwrite", (drafts) => drafts.delete(draft.slot));
};

async function write(draft) {
  waiting.set(draft.slot, draft);
  if (writing) return;
  writing = true;
  for (let next; (next = waiting.values().next().value); ) {
    waiting.delete(next.slot);
    await store("readwrite", (drafts) => drafts.put({ ...next }));
  }
  writing = false;
}

const form = () => document.querySelector("form[data-keep]");
const field = (name) => form().elements.namedItem(name);

function state() {
  const name = form().dataset.keep;
  if (!states.has(name)) states.set(name, { draft: null, restored: false, others: [] });
  return states.get(name);
}

function keep() {
  if (!form()) return;
  const now = state();
  const body = field("body").value;
  if (!body.trim()) return forget();
  now.draft ??= newDraft();
  Object.assign(now.draft, { body, at: Date.now(), sent: 0, parent: field("parent_id").value });
  now.draft.to = form().querySelector(".replying-name").textContent;
  for (const name of FIELDS) now.draft[name] = field(name).value;
  write(now.draft);
}

function newDraft() {
  const slot = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  claim(slot);
  return { slot, keep: form().dataset.keep };
}

function forget() {
  const now = state();
  if (now.draft) remove(now.draft);
  Object.assign(now, { draft: null, restored: false });
}

// Takes the lock of a draft, for as long as this page lives; false where another page holds it.
function claim(slot, options = { ifAvailable: true }) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const held = (lock) => {
      resolve(Boolean(lock));
      return lock && new Promise(() => {});
    };
    navigator.locks.request(`talkback draft ${slot}`, options, held).catch(() => resolve(true));
  });
}

async function restore() {
  const drafts = await kept();
  const free = await Promise.all(drafts.map((draft) => claim(draft.slot)));
  drafts.filter((_, number) => free[number]).forEach((draft) => offer(draft));
  drafts.filter((_, number) => !free[number]).forEach(async ({ slot }) => {
    await claim(slot, {});
    const left = (await kept()).find((draft) => draft.slot === slot);
    if (left) offer(left, true);
  });
}

// The drafts for this form, the newest first, without those that are too old or have been posted.
async function kept() {
  const all = (await store("readonly", (drafts) => drafts.getAll())) ?? [];
  const over = (draft) => Date.now() - draft.at > DAYS * 86_400_000 || arrived(draft);
  all.filter(over).forEach(remove);
  const elsewhere = (draft) => !form().hasAttribute("hx-post") && draft.parent !== field("parent_id").value;
  const wanted = (draft) => form() && draft.keep === form().dataset.keep && !over(draft) && !elsewhere(draft);
  return all.filter(wanted).sort((a, b) => b.at - a.at);
}

// Sent by a plain form, and this is the page that answers a posting.
function arrived(draft) {
  const answered = /^#comment-\d+$/.test(location.hash) || document.querySelector("main > #held-response");
  return Boolean(draft.sent && answered && Date.now() - draft.sent < 120_000);
}

function offer(draft, late = false) {
  const now = state();
  if (field("body").value === draft.body) now.draft ??= Object.assign(draft, { sent: 0 });
  else if (field("body").value || late) now.others.push(draft);
  else show(draft);
  tell();
}

function show(draft) {
  Object.assign(state(), { draft: Object.assign(draft, { sent: 0 }), restored: true });
  field("body").value = draft.body;
  for (const name of FIELDS) field(name).value ||= draft[name] ?? "";
  if (draft.parent) stand(draft);
}

async function stand({ parent, to }) {
  const here = document.getElementById(`comment-${parent}`);
  const gone = here ? here.matches(".hidden-response") : await missing(parent);
  const detail = { parent, name: to };
  if (gone) form().dispatchEvent(new CustomEvent("talkback:orphaned", { bubbles: true }));
  else document.dispatchEvent(new CustomEvent("talkback:answer", { detail }));
}

// Whether a comment that is not on this page is on none.
async function missing(parent) {
  const address = `${form().getAttribute("action")}/${parent}`;
  const answer = await fetch(address, { method: "HEAD", redirect: "manual" }).catch(() => null);
  return answer?.status === 404;
}

// The lines above the field that say what is back and what else is kept.
function tell() {
  if (!form()?.querySelector(".kept")) return;
  const { draft, restored, others } = state();
  say(".kept-back", restored && draft);
  say(".kept-other", others[0]);
}

function say(line, draft) {
  const place = form().querySelector(line);
  const words = place.querySelector("[data-words]");
  place.hidden = !draft;
  if (draft) words.textContent = words.dataset.words.replace("{time}", time(draft.at));
}

function time(at) {
  const today = new Date(at).toDateString() === new Date().toDateString();
  const options = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(document.documentElement.lang, options).format(at);
}

document.addEventListener("click", ({ target }) => {
  if (!form()?.contains(target)) return;
  const now = state();
  if (target.matches(".kept-back .kept-discard")) {
    forget();
    field("body").value = "";
  } else if (target.matches(".kept-other .kept-discard")) {
    remove(now.others.shift());
  } else if (target.matches(".kept-show")) {
    const [shown] = now.others.splice(0, 1);
    if (now.draft) now.others.push(now.draft);
    show(shown);
  } else return;
  tell();
  field("body").focus();
});

document.addEventListener("input", ({ target }) => target.closest("form[data-keep]") && keep());

document.addEventListener("submit", (event) => {
  const now = event.target.matches("form[data-keep]") && state();
  if (!now?.draft || event.defaultPrevented) return;
  now.draft.sent = Date.now();
  write(now.draft);
});

document.addEventListener("talkback:posted", () => {
  forget();
  tell();
});
document.addEventListener("htmx:after:swap", tell);
addEventListener("pagehide", () => form() && state().draft && !state().draft.sent && keep());

if (form()) restore();
else kept();
