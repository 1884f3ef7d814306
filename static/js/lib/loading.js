// Loads modules when they are needed, so that they do not hold back the page.
import { isPlainClick } from "./page.js";

const MAX_WAIT = 2_000;
const USES = ["pointerover", "focusin", "click"];

// Loads when the browser is idle; at once if this browser stored something under `key` that the module shows.
export function soon(load, key = null) {
  const start = () => load().catch(ignore);
  if (key && isStored(key)) start();
  else if (globalThis.requestIdleCallback) requestIdleCallback(start, { timeout: MAX_WAIT });
  else setTimeout(start, 200);
}

// Loads only if this browser stored something under `key`.
export function ifStored(load, key) {
  if (isStored(key)) load().catch(ignore);
}

// The server was stopped or the connection lost: the page works as without the module.
export function ignore() {}

function isStored(key) {
  try {
    return Boolean(localStorage.getItem(key) ?? sessionStorage.getItem(key));
  } catch {
    return false; // forbidden by the browser
  }
}

// Loads at the first pointer, focus or click on elements. A click that comes before the module is repeated for it; if
// the module cannot be loaded, the repeated click follows the plain link.
export function atFirstUse(selector, load) {
  let loading = null;
  const stop = () => USES.forEach((type) => document.removeEventListener(type, use, true));
  const use = (event) => {
    const element = event.target.closest?.(selector);
    if (!element) return;
    loading ??= load().then(stop, stop);
    if (event.type !== "click" || !isPlainClick(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    loading.then(() => element.click());
  };
  USES.forEach((type) => document.addEventListener(type, use, true));
}
