// Stores drafts in IndexedDB, which is on the disk as soon as it reports success; localStorage reaches the disk seconds
// later, and a killed browser loses it. Each page holds the locks of its drafts, so that two tabs never overwrite each
// other.
import { FIELDS } from "./draft_loader.js";

const DAYS = 30;
const MAX_LENGTH = 1_000_000;

// The modules that import this one wait for it: until a text can be written here, draft_loader.js stores it.
const database = await new Promise((resolve) => {
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
function store(mode, work) {
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
export const write = (draft) => store("readwrite", (drafts) => drafts.put(draft));
export const remove = (draft) => store("readwrite", (drafts) => drafts.delete(draft.slot));

// Returns all drafts, newest first, and deletes those that are too old or were posted.
export async function readAll() {
  const all = ((await store("readonly", (drafts) => drafts.getAll())) ?? []).filter(isDraft);
  const isExpired = (draft) => Date.now() - draft.at > DAYS * 86_400_000 || wasPosted(draft);
  all.filter(isExpired).forEach(remove);
  return all.filter((draft) => !isExpired(draft)).sort((a, b) => b.at - a.at);
}

// Another release may have stored another shape.
export function isDraft(draft) {
  const texts = [draft?.slot, draft?.keep, draft?.body, draft?.parent ?? "", ...FIELDS.map((name) => draft?.[name] ?? "")];
  return texts.every((text) => typeof text === "string" && text.length < MAX_LENGTH) && Number.isFinite(draft.at);
}

// True if a plain form sent the draft and this page is the answer to it.
function wasPosted(draft) {
  const isAnswer = /^#comment-\d+$/.test(location.hash) || document.querySelector("main > #held-response");
  return Boolean(draft.sent && isAnswer && Date.now() - draft.sent < 120_000);
}
