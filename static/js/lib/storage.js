// Reads and writes localStorage and sessionStorage. Stored values may be missing, cut short or of another release, so
// each is checked, and a value of another shape counts as missing.
const MAX_LENGTH = 2_000_000;

export const isRecord = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
export const isStrings = (value) => Array.isArray(value) && value.every((item) => typeof item === "string");

// Values that the browser refused to store. They last until the page is left.
const fallbackValues = new Map();

// `storage` is "localStorage" or "sessionStorage".
export function readText(storage, key) {
  try {
    return fallbackValues.get(`${storage} ${key}`) ?? globalThis[storage].getItem(key);
  } catch {
    return null;
  }
}

export function writeText(storage, key, text) {
  fallbackValues.delete(`${storage} ${key}`);
  try {
    globalThis[storage].setItem(key, text);
  } catch {
    fallbackValues.set(`${storage} ${key}`, text);
  }
}

export function readJson(storage, key, fallback, isShape) {
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
export function readRecords(storage, key, isShape) {
  const all = readJson(storage, key, {}, isRecord);
  return Object.fromEntries(Object.entries(all).filter(([, entry]) => isRecord(entry) && isShape(entry)));
}

export const writeJson = (storage, key, value) => writeText(storage, key, JSON.stringify(value));
