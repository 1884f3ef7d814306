// Stores unsent texts in this browser until they are posted, so that a crash, a closed tab or a lost connection loses
// nothing. Each page writes its own draft and holds its lock, so that two tabs never overwrite each other. The draft
// of a closed page goes to the next page that opens. IndexedDB is on the disk as soon as it reports success;
// localStorage reaches the disk seconds later, and a killed browser loses it.
const DAYS = 30;
const FIELDS = ["name", "email", "website", "follow"];
const FORM = "form[data-keep]";
const MAX_LENGTH = 1_000_000;
const states = new Map(); // by data-keep of the form: {draft, restored, others}

const opened = new Promise((resolve) => {
  try {
    const request = indexedDB.open("talkback", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("drafts", { keyPath: "slot" });
    request.onsuccess = () => {
      // another tab with a later release may upgrade the database
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = request.onblocked = () => resolve(null);
  } catch {
    resolve(null); // forbidden by the browser
  }
});

// Runs `work` on the store. Resolves to undefined if there is no store, or if it is full.
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

// Written at each keystroke without a delay: a delayed write is lost when the page closes.
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

function save(form) {
  const current = state(form);
  const body = value(form, "body");
  if (!body.trim()) return forget(form.dataset.keep);
  current.draft ??= newDraft(form);
  Object.assign(current.draft, { body, at: Date.now(), sent: 0, parent: value(form, "parent_id") });
  current.draft.to = form.querySelector(".replying-name")?.textContent;
  for (const name of FIELDS) current.draft[name] = value(form, name);
  write(current.draft);
}

function newDraft(form) {
  const slot = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  claim(slot);
  return { slot, keep: form.dataset.keep };
}

function forget(name) {
  const current = states.get(name);
  if (current?.draft) remove(current.draft);
  if (current) Object.assign(current, { draft: null, restored: false });
}

// Takes the lock of a draft until this page closes. Resolves to false if another page holds it.
function claim(slot, options = { ifAvailable: true }) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const onLock = (lock) => {
      resolve(Boolean(lock));
      return lock && new Promise(() => {});
    };
    navigator.locks.request(`talkback draft ${slot}`, options, onLock).catch(() => resolve(true));
  });
}

async function restore(form) {
  const drafts = await readDrafts(form);
  const free = await Promise.all(drafts.map((draft) => claim(draft.slot)));
  drafts.filter((_, number) => free[number]).forEach((draft) => offer(draft));
  drafts.filter((_, number) => !free[number]).forEach(async ({ slot }) => {
    await claim(slot, {});
    const remaining = (await readDrafts(form)).find((draft) => draft.slot === slot);
    if (remaining) offer(remaining, true);
  });
}

// Returns the drafts for this form, newest first, and deletes those that are too old or were posted.
async function readDrafts(form) {
  const all = ((await store("readonly", (drafts) => drafts.getAll())) ?? []).filter(isDraft);
  const isExpired = (draft) => Date.now() - draft.at > DAYS * 86_400_000 || wasPosted(draft);
  all.filter(isExpired).forEach(remove);
  const parent = form && !form.hasAttribute("hx-post") ? value(form, "parent_id") : null;
  const matchesForm = (draft) => draft.keep === form?.dataset.keep && (parent === null || parent === draft.parent);
  const isCurrent = (draft) => draft === state(form).draft || draft.slot === state(form).draft?.slot;
  const drafts = all.filter((draft) => matchesForm(draft) && !isExpired(draft) && !isCurrent(draft));
  return drafts.sort((a, b) => b.at - a.at);
}

// Another release may have stored another shape.
function isDraft(draft) {
  const texts = [draft?.slot, draft?.keep, draft?.body, draft?.parent ?? "", ...FIELDS.map((name) => draft?.[name] ?? "")];
  return texts.every((text) => typeof text === "string" && text.length < MAX_LENGTH) && Number.isFinite(draft.at);
}

// True if a plain form sent the draft and this page is the answer to it.
function wasPosted(draft) {
  const isAnswer = /^#comment-\d+$/.test(location.hash) || document.querySelector("main > #held-response");
  return Boolean(draft.sent && isAnswer && Date.now() - draft.sent < 120_000);
}

// `late`: the page of the draft closed while this page was open, so it is offered and not put into the form.
function offer(draft, late = false) {
  const form = [...forms()].find((form) => form.dataset.keep === draft.keep);
  if (!form) return;
  const current = state(form);
  if (value(form, "body") === draft.body) current.draft ??= Object.assign(draft, { sent: 0 });
  else if (value(form, "body") || late) current.others.push(draft);
  else show(form, draft);
  showNotices(form);
}

function show(form, draft) {
  Object.assign(state(form), { draft: Object.assign(draft, { sent: 0 }), restored: true });
  field(form, "body").value = draft.body;
  for (const name of FIELDS) if (field(form, name)) field(form, name).value ||= draft[name] ?? "";
  if (draft.parent) restoreParent(form, draft);
}

async function restoreParent(form, { parent, to }) {
  const article = document.getElementById(`comment-${parent}`);
  const isGone = article ? article.matches(".hidden-response") : await isMissing(form, parent);
  const detail = { parent, name: to };
  if (isGone) form.dispatchEvent(new CustomEvent("talkback:orphaned", { bubbles: true }));
  else document.dispatchEvent(new CustomEvent("talkback:answer", { detail }));
}

// Asks the server whether a comment that is not on this page still exists.
async function isMissing(form, parent) {
  const address = `${form.getAttribute("action")}/${parent}`;
  const answer = await fetch(address, { method: "HEAD", redirect: "manual" }).catch(() => null);
  return answer?.status === 404;
}

// Updates the lines above the field: which draft was restored, and which others there are.
function showNotices(form) {
  const { draft, restored, others } = state(form);
  showNotice(form.querySelector(".kept-back"), restored && draft);
  showNotice(form.querySelector(".kept-other"), others[0]);
}

function showNotice(notice, draft) {
  if (!notice) return;
  const label = notice.querySelector("[data-text]");
  notice.hidden = !draft;
  if (draft) label.textContent = label.dataset.text.replace("{time}", formatTime(draft.at));
}

function formatTime(at) {
  const today = new Date(at).toDateString() === new Date().toDateString();
  const options = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(document.documentElement.lang, options).format(at);
}

// Restores drafts into forms that were added to the page, such as an edit form or a form after a refusal.
function scanForms() {
  for (const form of forms()) {
    if (states.has(form.dataset.keep)) checkReopened(form);
    else {
      state(form);
      restore(form);
    }
    showNotices(form);
  }
}

// An edit form that was closed with an unsent text offers that text when it is opened again.
function checkReopened(form) {
  const current = state(form);
  const untouched = value(form, "body") === field(form, "body").defaultValue;
  if (!form.matches(".own-form") || !untouched || !current.draft || current.draft.body === value(form, "body")) return;
  current.others.unshift(current.draft);
  Object.assign(current, { draft: null, restored: false });
}

document.addEventListener("click", ({ target }) => {
  const form = target.closest(FORM);
  if (!form) return;
  const current = state(form);
  if (target.matches(".own-cancel")) return discard(form.dataset.keep);
  if (target.matches(".kept-back .kept-discard")) {
    forget(form.dataset.keep);
    field(form, "body").value = field(form, "body").defaultValue;
  } else if (target.matches(".kept-other .kept-discard")) {
    remove(current.others.shift());
  } else if (target.matches(".kept-show")) {
    const chosen = current.others.shift();
    if (current.draft) current.others.push(current.draft);
    show(form, chosen);
  } else return;
  showNotices(form);
  field(form, "body").focus();
});

document.addEventListener("input", ({ target }) => {
  if (target.closest(FORM)) save(target.closest(FORM));
});

document.addEventListener("submit", (event) => {
  const draft = event.target.matches(FORM) && state(event.target).draft;
  if (!draft || event.defaultPrevented) return;
  draft.sent = Date.now();
  write(draft);
});

function discard(name) {
  forget(name);
  if (name.startsWith("own-")) states.delete(name);
  scanForms();
}

document.addEventListener("talkback:posted", () => discard(document.getElementById("comment-form").dataset.keep));
document.addEventListener("talkback:changed", ({ detail }) => discard(`own-${detail?.id}`));
document.addEventListener("talkback:withdrawn", ({ detail }) => discard(`own-${detail?.id}`));
document.addEventListener("htmx:after:swap", scanForms);

if (!forms().length) readDrafts();
scanForms();
