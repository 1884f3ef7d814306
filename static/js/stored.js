// Reads what this browser keeps, and what an address or another tab says, as if a stranger had written it: it may be of
// another release, cut short, or not there at all. What has not the expected shape counts as nothing. It comes before
// all other modules, which find it as `stored`.
const LONGEST = 2_000_000;

const isRecord = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isStrings = (value) => Array.isArray(value) && value.every((one) => typeof one === "string");

// What could not be stored, since that is forbidden or there is no room, holds until the page is left.
const unstored = new Map();

// `storage` is "localStorage" or "sessionStorage".
function readText(storage, key) {
  try {
    return unstored.get(`${storage} ${key}`) ?? globalThis[storage].getItem(key);
  } catch {
    return null;
  }
}

function writeText(storage, key, text) {
  unstored.delete(`${storage} ${key}`);
  try {
    globalThis[storage].setItem(key, text);
  } catch {
    unstored.set(`${storage} ${key}`, text);
  }
}

function readJson(storage, key, fallback, isShape) {
  const text = readText(storage, key);
  if (!text || text.length > LONGEST) return fallback;
  try {
    const value = JSON.parse(text);
    return isShape(value) ? value : fallback;
  } catch {
    return fallback;
  }
}

// A record of records, without those that have another shape.
function readRecords(storage, key, isShape) {
  const all = readJson(storage, key, {}, isRecord);
  return Object.fromEntries(Object.entries(all).filter(([, one]) => isRecord(one) && isShape(one)));
}

const writeJson = (storage, key, value) => writeText(storage, key, JSON.stringify(value));

// The element that a fragment names; an address may have any text after its #.
function target(hash) {
  const name = hash.replace(/^#/, "");
  try {
    return document.getElementById(decodeURIComponent(name));
  } catch {
    return document.getElementById(name);
  }
}

globalThis.stored = { isRecord, isStrings, readText, writeText, readJson, readRecords, writeJson, target };
