// Holds the draft of each form on the page, and shows above its field which draft was restored and which others there
// are.
import { newSlot, readDraft } from "./draft_loader.js";
import { remove, write } from "./draft_store.js";
import { field } from "./lib/page.js";

const states = new Map(); // by data-keep of the form: {draft, restored, others}

export const hasState = (form) => states.has(form.dataset.keep);
export const value = (form, name) => field(name, form)?.value ?? "";

export function state(form) {
  const name = form.dataset.keep;
  if (!states.has(name)) states.set(name, { draft: null, restored: false, others: [] });
  return states.get(name);
}

// Stores what is in the form now.
export function save(form) {
  const current = state(form);
  if (!value(form, "body").trim()) return forget(form.dataset.keep);
  current.draft ??= { slot: newSlot() };
  Object.assign(current.draft, readDraft(form));
  write(current.draft);
}

// Deletes the draft of the form with this data-keep.
export function forget(name) {
  const current = states.get(name);
  if (current?.draft) remove(current.draft);
  if (current) Object.assign(current, { draft: null, restored: false });
}

// An edit form is gone after its text was sent; it is read anew when it is opened again.
export function discard(name) {
  forget(name);
  if (name.startsWith("own-")) states.delete(name);
}

export function showNotices(form) {
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
