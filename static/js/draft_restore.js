// Puts drafts back into the forms that they were written in. The draft of a closed page goes to the next page that
// opens.
import { FIELDS, claim } from "./draft_loader.js";
import { showNotices, state, value } from "./draft_states.js";
import { readAll } from "./draft_store.js";
import { field } from "./lib/page.js";

// Finds the form that a draft was written in, if it is on this page.
export function formOf({ keep }) {
  return [...document.querySelectorAll("form[data-keep]")].find((form) => form.dataset.keep === keep);
}

export async function restore(form) {
  const drafts = await readDrafts(form);
  const free = await Promise.all(drafts.map((draft) => claim(draft.slot)));
  drafts.filter((_, number) => free[number]).forEach((draft) => offer(draft));
  drafts.filter((_, number) => !free[number]).forEach(async ({ slot }) => {
    await claim(slot, {});
    const remaining = (await readDrafts(form)).find((draft) => draft.slot === slot);
    if (remaining) offer(remaining, true);
  });
}

// Returns the drafts for this form but the one that is in it.
async function readDrafts(form) {
  const drafts = (await readAll()).filter(({ keep }) => keep === form.dataset.keep);
  const current = state(form).draft;
  const parent = form.hasAttribute("hx-post") ? null : value(form, "parent_id");
  return drafts.filter((draft) => draft.slot !== current?.slot && (parent === null || parent === draft.parent));
}

// `late`: the page of the draft closed while this page was open, so it is offered and not put into the form.
function offer(draft, late = false) {
  const form = formOf(draft); // it may have been replaced meanwhile
  if (!form) return;
  const current = state(form);
  if (value(form, "body") === draft.body) current.draft ??= Object.assign(draft, { sent: 0 });
  else if (value(form, "body") || late) current.others.push(draft);
  else show(form, draft);
  showNotices(form);
}

// Puts a draft into its form.
export function show(form, draft) {
  Object.assign(state(form), { draft: Object.assign(draft, { sent: 0 }), restored: true });
  field("body", form).value = draft.body;
  for (const name of FIELDS) if (field(name, form)) field(name, form).value ||= draft[name] ?? "";
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
