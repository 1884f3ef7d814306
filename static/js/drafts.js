// Stores unsent texts in this browser until they are posted, so that a crash, a closed tab or a lost connection loses
// nothing. Each page writes its own draft.
import { readTyped, removeTyped } from "./draft_loader.js";
import { formOf, restore, show } from "./draft_restore.js";
import { discard, forget, hasState, save, showNotices, state, value } from "./draft_states.js";
import { isDraft, readAll, remove, write } from "./draft_store.js";
import { commentForm, field } from "./lib/page.js";

const FORM = "form[data-keep]";
const { typed, others } = readTyped();

for (const draft of others) takeTyped(draft);
if (document.querySelector(FORM)) scanForms();
else readAll(); // deletes what was posted
// a form without the text was posted meanwhile
if (typed?.body.trim() && formOf(typed) && value(formOf(typed), "body") === typed.body) {
  state(formOf(typed)).draft = typed;
  takeTyped(typed);
} else if (typed) removeTyped(typed);

// Writes an early text to the store; until it is there, localStorage holds it.
async function takeTyped(draft) {
  if (isDraft(draft)) await write(draft);
  removeTyped(draft);
}

// Restores drafts into forms that were added to the page, such as an edit form or a form after a refusal.
function scanForms() {
  for (const form of document.querySelectorAll(FORM)) {
    if (hasState(form)) checkReopened(form);
    else restore(form);
    showNotices(form);
  }
}

// An edit form that was closed with an unsent text offers that text when it is opened again.
function checkReopened(form) {
  const current = state(form);
  const untouched = value(form, "body") === field("body", form).defaultValue;
  if (!form.matches(".own-form") || !untouched || !current.draft || current.draft.body === value(form, "body")) return;
  current.others.unshift(current.draft);
  Object.assign(current, { draft: null, restored: false });
}

function end(name) {
  discard(name);
  scanForms();
}

document.addEventListener("click", ({ target }) => {
  const form = target.closest(FORM);
  if (!form) return;
  const current = state(form);
  if (target.matches(".own-cancel")) return end(form.dataset.keep);
  if (target.matches(".kept-back .kept-discard")) {
    forget(form.dataset.keep);
    field("body", form).value = field("body", form).defaultValue;
  } else if (target.matches(".kept-other .kept-discard")) {
    remove(current.others.shift());
  } else if (target.matches(".kept-show")) {
    const chosen = current.others.shift();
    if (current.draft) current.others.push(current.draft);
    show(form, chosen);
  } else return;
  showNotices(form);
  field("body", form).focus();
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

document.addEventListener("talkback:posted", () => end(commentForm().dataset.keep));
document.addEventListener("talkback:changed", ({ detail }) => end(`own-${detail?.id}`));
document.addEventListener("talkback:withdrawn", ({ detail }) => end(`own-${detail?.id}`));
document.addEventListener("htmx:after:swap", scanForms);
