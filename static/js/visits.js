// Stores the reader's visits in this browser: per post the number of responses, the version of the thread and the last
// position.
import { readRecords, writeJson } from "./lib/storage.js";

const KEY = "talkback since";
const MAX_POSTS = 500;

const isVisit = ({ version, count, at }) => [version, count, at].every(Number.isFinite);
export const readVisits = () => readRecords("localStorage", KEY, isVisit);

// Stores the last visits and drops older ones.
export function writeVisits(visits) {
  const newest = Object.entries(visits).sort(([, a], [, b]) => b.at - a.at);
  writeJson("localStorage", KEY, Object.fromEntries(newest.slice(0, MAX_POSTS)));
}
