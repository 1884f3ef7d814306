// What is being written, kept in this browser until it is posted: a crash, a closed tab, a lost connection lose
// nothing. Each page writes a draft of its own and holds its lock, so that of two tabs none overwrites the other; a
// draft whose page is gone goes to the next that opens. It is kept in IndexedDB, which is on the disk as soon as it
// says so: browsers let localStorage wait for seconds, and a browser that is killed loses what waits.
const DAYS = 30;
const FIELDS = ["name", "email", "website", "follow"];
const FORM = "form[data-keep]";
const LONGEST = 1_000_000;
const states = new Map(); // by what a form is for: {draft, restored, others}

const opened = new Promise((resolve) => {
  try {
    const request = indexedDB.open("talkback", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("drafts", { keyPath: "slot" });
    request.onsuccess = () => {
      // a later release, in another tab, may want to set it up anew
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = request.onblocked = () => resolve(null);
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

// At each keystroke and without a pause: whatever waits here is lost when the page goes.
const write = (draft) => store("readwrite", (drafts) => drafts.put(draft));
const remove = (draft) => store("readwrite", (drafts) => drafts.delete(draft.slot));

const field = (form, name) => form.elements.namedItem(name);
const value = (form, name) => field(form, name)?.value ?? "";
const forms = () => document.querySelectorAll(FORM);

function state(form) {
  const name = form.dataset.keep;
  if (!states.has(name)) states.set(name, { draft: null, restored: false, others: [] });
  return states.get(name);
}

function keep(form) {
  const now = state(form);
  const body = value(form, "body");
  if (!body.trim()) return forget(form.dataset.keep);
  now.draft ??= newDraft(form);
  Object.assign(now.draft, { body, at: Date.now(), sent: 0, parent: value(form, "parent_id") });
  now.draft.to = form.querySelector(".replying-name")?.textContent;
  for (const name of FIELDS) now.draft[name] = value(form, name);
  write(now.draft);
}

function newDraft(form) {
  const slot = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  claim(slot);
  return { slot, keep: form.dataset.keep };
}

function forget(name) {
  const now = states.get(name);
  if (now?.draft) remove(now.draft);
  if (now) Object.assign(now, { draft: null, restored: false });
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

async function restore(form) {
  const drafts = await kept(form);
  const free = await Promise.all(drafts.map((draft) => claim(draft.slot)));
  drafts.filter((_, number) => free[number]).forEach((draft) => offer(draft));
  drafts.filter((_, number) => !free[number]).forEach(async ({ slot }) => {
    await claim(slot, {});
    const left = (await kept(form)).find((draft) => draft.slot === slot);
    if (left) offer(left, true);
  });
}

// The drafts for this form, the newest first, without those that are too old or have been posted.
async function kept(form) {
  const all = ((await store("readonly", (drafts) => drafts.getAll())) ?? []).filter(isDraft);
  const over = (draft) => Date.now() - draft.at > DAYS * 86_400_000 || arrived(draft);
  all.filter(over).forEach(remove);
  const parent = form && !form.hasAttribute("hx-post") ? value(form, "parent_id") : null;
  const wanted = (draft) => draft.keep === form?.dataset.keep && (parent === null || parent === draft.parent);
  const known = (draft) => draft === state(form).draft || draft.slot === state(form).draft?.slot;
  const left = all.filter((draft) => wanted(draft) && !over(draft) && !known(draft));
  return left.sort((a, b) => b.at - a.at);
}

// Another release may have kept something else under the same name.
function isDraft(draft) {
  const texts = [draft?.slot, draft?.keep, draft?.body, draft?.parent ?? "", ...FIELDS.map((name) => draft?.[name] ?? "")];
  return texts.every((text) => typeof text === "string" && text.length < LONGEST) && Number.isFinite(draft.at);
}

// Sent by a plain form, and this is the page that answers a posting.
function arrived(draft) {
  const answered = /^#comment-\d+$/.test(location.hash) || document.querySelector("main > #held-response");
  return Boolean(draft.sent && answered && Date.now() - draft.sent < 120_000);
}

// `late` is a draft whose page was closed while this one is open: nothing moves under the reader's eyes.
function offer(draft, late = false) {
  const form = [...forms()].find((one) => one.dataset.keep === draft.keep);
  if (!form) return;
  const now = state(form);
  if (value(form, "body") === draft.body) now.draft ??= Object.assign(draft, { sent: 0 });
  else if (value(form, "body") || late) now.others.push(draft);
  else show(form, draft);
  tell(form);
}

function show(form, draft) {
  Object.assign(state(form), { draft: Object.assign(draft, { sent: 0 }), restored: true });
  field(form, "body").value = draft.body;
  for (const name of FIELDS) if (field(form, name)) field(form, name).value ||= draft[name] ?? "";
  if (draft.parent) stand(form, draft);
}

async function stand(form, { parent, to }) {
  const here = document.getElementById(`comment-${parent}`);
  const gone = here ? here.matches(".hidden-response") : await missing(form, parent);
  const detail = { parent, name: to };
  if (gone) form.dispatchEvent(new CustomEvent("talkback:orphaned", { bubbles: true }));
  else document.dispatchEvent(new CustomEvent("talkback:answer", { detail }));
}

// Whether a comment that is not on this page is on none.
async function missing(form, parent) {
  const address = `${form.getAttribute("action")}/${parent}`;
  const answer = await fetch(address, { method: "HEAD", redirect: "manual" }).catch(() => null);
  return answer?.status === 404;
}

// The lines above the field that say what is back and what else is kept.
function tell(form) {
  const { draft, restored, others } = state(form);
  say(form.querySelector(".kept-back"), restored && draft);
  say(form.querySelector(".kept-other"), others[0]);
}

function say(place, draft) {
  if (!place) return;
  const words = place.querySelector("[data-words]");
  place.hidden = !draft;
  if (draft) words.textContent = words.dataset.words.replace("{time}", time(draft.at));
}

function time(at) {
  const today = new Date(at).toDateString() === new Date().toDateString();
  const options = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(document.documentElement.lang, options).format(at);
}

// A form that came into the page, as one to change a response does, or that came anew as after a refusal.
function look() {
  for (const form of forms()) {
    const known = states.has(form.dataset.keep);
    if (known) reopened(form);
    else {
      state(form);
      restore(form);
    }
    tell(form);
  }
}

// A form to change a response that had gone away with what was typed in it.
function reopened(form) {
  const now = state(form);
  const untouched = value(form, "body") === field(form, "body").defaultValue;
  if (!form.matches(".own-form") || !untouched || !now.draft || now.draft.body === value(form, "body")) return;
  now.others.unshift(now.draft);
  Object.assign(now, { draft: null, restored: false });
}

document.addEventListener("click", ({ target }) => {
  const form = target.closest(FORM);
  if (!form) return;
  const now = state(form);
  if (target.matches(".own-cancel")) return done(form.dataset.keep);
  if (target.matches(".kept-back .kept-discard")) {
    forget(form.dataset.keep);
    field(form, "body").value = field(form, "body").defaultValue;
  } else if (target.matches(".kept-other .kept-discard")) {
    remove(now.others.shift());
  } else if (target.matches(".kept-show")) {
    const shown = now.others.shift();
    if (now.draft) now.others.push(now.draft);
    show(form, shown);
  } else return;
  tell(form);
  field(form, "body").focus();
});

document.addEventListener("input", ({ target }) => {
  if (target.closest(FORM)) keep(target.closest(FORM));
});

document.addEventListener("submit", (event) => {
  const draft = event.target.matches(FORM) && state(event.target).draft;
  if (!draft || event.defaultPrevented) return;
  draft.sent = Date.now();
  write(draft);
});

function done(name) {
  forget(name);
  if (name.startsWith("own-")) states.delete(name);
  look();
}

document.addEventListener("talkback:posted", () => done(document.getElementById("comment-form").dataset.keep));
document.addEventListener("talkback:changed", ({ detail }) => done(`own-${detail?.id}`));
document.addEventListener("talkback:withdrawn", ({ detail }) => done(`own-${detail?.id}`));
document.addEventListener("htmx:after:swap", look);

if (!forms().length) kept();
look();
