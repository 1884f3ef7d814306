// Reads and writes localStorage and sessionStorage. Stored values may be missing, cut short or of another release, so
// each is checked, and a value of another shape counts as missing. It loads before all other modules, which use it as
// `browserStorage`: an import would need its address, which carries a fingerprint.
const MAX_LENGTH = 2_000_000;

const isRecord = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isStrings = (value) => Array.isArray(value) && value.every((item) => typeof item === "string");

// Values that the browser refused to store. They last until the page is left.
const fallbackValues = new Map();

// `storage` is "localStorage" or "sessionStorage".
function readText(storage, key) {
  try {
    return fallbackValues.get(`${storage} ${key}`) ?? globalThis[storage].getItem(key);
  } catch {
    return null;
  }
}

function writeText(storage, key, text) {
  fallbackValues.delete(`${storage} ${key}`);
  try {
    globalThis[storage].setItem(key, text);
  } catch {
    fallbackValues.set(`${storage} ${key}`, text);
  }
}

function readJson(storage, key, fallback, isShape) {
  const text = readText(storage, key);
  if (!text || text.length > MAX_LENGTH) return fallback;
  try {
    const value = JSON.parse(text);
    return isShape(value) ? value : fallback;
  } catch {
    return fallback;
  }
}

// Reads a record of records and drops entries of another shape.
function readRecords(storage, key, isShape) {
  const all = readJson(storage, key, {}, isRecord);
  return Object.fromEntries(Object.entries(all).filter(([, entry]) => isRecord(entry) && isShape(entry)));
}

const writeJson = (storage, key, value) => writeText(storage, key, JSON.stringify(value));

// Finds the element that a fragment names. The fragment may be any text.
function target(hash) {
  const name = hash.replace(/^#/, "");
  try {
    return document.getElementById(decodeURIComponent(name));
  } catch {
    return document.getElementById(name);
  }
}

globalThis.browserStorage = { isRecord, isStrings, readText, writeText, readJson, readRecords, writeJson, target };
