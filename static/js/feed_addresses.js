// Adds a button to each address of a feed that copies it. Without a clipboard, as by plain http, the address is selected
// when it gets the focus.
import { announce } from "./lib/page.js";

const SHOWN_MILLISECONDS = 4_000;
const list = document.querySelector(".feed-addresses");

for (const field of list?.querySelectorAll("input") ?? []) {
  field.addEventListener("focus", () => field.select());
  if (navigator.clipboard) field.after(button(field));
}

function button(field) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = list.dataset.copy;
  made.setAttribute("aria-describedby", field.labels[0].id);
  made.addEventListener("click", () => navigator.clipboard.writeText(field.value).then(() => show(made), () => field.focus()));
  return made;
}

function show(made) {
  announce(list.dataset.copied);
  // what follows the button must not move
  made.style.minInlineSize = `${made.getBoundingClientRect().width}px`;
  made.textContent = list.dataset.copied;
  setTimeout(() => {
    made.textContent = list.dataset.copy;
    announce("");
  }, SHOWN_MILLISECONDS);
}
