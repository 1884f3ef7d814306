// Loads drafts.js when the browser is idle, or at the first focus of a form. What is typed before it has come is stored
// at once in localStorage, from which it takes it: a text must not depend on how fast a module loads.
import { ignore, soon } from "./lib/loading.js";
import { field } from "./lib/page.js";

const TYPED = "talkback typed ";
export const FIELDS = ["name", "email", "website", "follow"];
let loaded = false;
let typed = null; // the draft of this page, until drafts.js takes it

const load = () => import("./drafts.js").then(() => { loaded = true; }, ignore);
const keptForm = ({ form }) => (form?.matches("[data-keep]") ? form : null);

soon(load);
document.addEventListener("focusin", ({ target }) => keptForm(target) && load());
document.addEventListener("input", ({ target }) => {
  if (!loaded && keptForm(target)) storeTyped({ slot: typed?.slot ?? newSlot(), ...readDraft(keptForm(target)) });
});
document.addEventListener("submit", (event) => {
  if (!loaded && typed && !event.defaultPrevented) storeTyped({ ...typed, sent: Date.now() });
});

// Reads what the form holds, as it is stored.
export function readDraft(form) {
  const value = (name) => field(name, form)?.value ?? "";
  const to = form.querySelector(".replying-name")?.textContent;
  const fields = Object.fromEntries(["body", ...FIELDS].map((name) => [name, value(name)]));
  return { ...fields, keep: form.dataset.keep, parent: value("parent_id"), to, at: Date.now(), sent: 0 };
}

function storeTyped(draft) {
  typed = draft;
  try {
    localStorage.setItem(TYPED + typed.slot, JSON.stringify(typed));
  } catch {
    // forbidden by the browser
  }
}

// Returns what this page stored before drafts.js came, and what pages stored that were closed too soon.
export function readTyped() {
  const others = [];
  try {
    for (const key of Object.keys(localStorage).filter((name) => name.startsWith(TYPED))) {
      const slot = key.slice(TYPED.length);
      if (slot !== typed?.slot) others.push({ ...parse(localStorage.getItem(key)), slot });
    }
  } catch {
    // forbidden by the browser
  }
  return { typed, others };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // of another release
  }
}

export function removeTyped({ slot }) {
  try {
    localStorage.removeItem(TYPED + slot);
  } catch {
    // forbidden by the browser
  }
}

// Names a new draft and takes its lock.
export function newSlot() {
  const slot = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  claim(slot);
  return slot;
}

// Takes the lock of a draft until this page closes. Resolves to false if another page holds it.
export function claim(slot, options = { ifAvailable: true }) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const onLock = (lock) => {
      resolve(Boolean(lock));
      return lock && new Promise(() => {});
    };
    navigator.locks.request(`talkback draft ${slot}`, options, onLock).catch(() => resolve(true));
  });
}
