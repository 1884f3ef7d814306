// Stores in this browser which responses are the reader's: pages are the same for everybody.
import { readRecords, writeJson } from "./lib/storage.js";

export const OWN = "talkback own";
const MAX_RESPONSES = 200;

// By the id of the comment: its thread, the end of the time for changes, and whether it is held.
export function readResponses() {
  const isShape = ({ place, until }) => typeof place === "string" && Number.isFinite(until);
  return readRecords("localStorage", OWN, isShape);
}

// `thread` is the address of the thread, by which responses are stored.
export const entriesOf = (thread) => Object.entries(readResponses()).filter(([, response]) => response.place === thread);

// Has `change` alter the record of responses, and stores it without what is over.
export function updateResponses(change) {
  const responses = readResponses();
  change(responses);
  const current = Object.entries(responses).filter(([, response]) => response.held || response.until > Date.now());
  current.sort(([, a], [, b]) => b.until - a.until);
  writeJson("localStorage", OWN, Object.fromEntries(current.slice(0, MAX_RESPONSES)));
}
