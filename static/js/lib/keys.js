// Has single keys act on a page, and lists them in its dialog #keys, which the key ? and the button #keys-button open.
// Keys never act while a field has the focus, nor with a modifier key. A box in the dialog turns them off, since people
// who dictate press keys without wanting to (WCAG 2.1.4).
import { readText, writeText } from "./storage.js";

const STORED = "talkback keys";
const FIELDS = 'textarea, select, input:not([type="checkbox"], [type="radio"]), [contenteditable]';
const REPEATING = "jk";

// `actions` maps keys to functions. Elements that match `excluded` are not to be disturbed by keys either.
export function actOnKeys(actions, excluded = "") {
  const dialog = document.getElementById("keys");
  const used = dialog?.querySelector("input");
  const areOff = () => readText("localStorage", STORED) === "off";
  const list = () => {
    used.checked = !areOff();
    if (dialog.open) dialog.close();
    else dialog.showModal();
  };
  dialog?.querySelector("button").addEventListener("click", () => dialog.close());
  used?.addEventListener("change", () => writeText("localStorage", STORED, used.checked ? "" : "off"));
  const all = dialog ? { ...actions, "?": list } : actions;
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!Object.hasOwn(all, event.key) || (event.repeat && !REPEATING.includes(event.key))) return;
    if (event.target.closest?.(excluded ? `${FIELDS}, ${excluded}` : FIELDS)) return;
    if ((dialog?.open && event.key !== "?") || areOff()) return;
    event.preventDefault();
    all[event.key]();
  });
  const button = document.getElementById("keys-button");
  if (!dialog || !button) return;
  button.hidden = false;
  button.addEventListener("click", list);
}
