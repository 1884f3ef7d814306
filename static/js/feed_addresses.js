// Copies the address of a feed. Without a clipboard, as by plain http, the address is selected.
import { announce } from "./lib/page.js";

const SHOWN_MILLISECONDS = 4_000;
const list = document.querySelector(".feed-addresses");

list?.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const field = button?.parentElement.querySelector("input");
  if (!field) return;
  if (navigator.clipboard) navigator.clipboard.writeText(field.value).then(() => show(button), () => field.select());
  else field.select();
});

function show(button) {
  const word = button.textContent;
  announce(list.dataset.copied);
  if (word === list.dataset.copied) return;
  // what follows the button must not move
  button.style.minInlineSize = `${button.getBoundingClientRect().width}px`;
  button.textContent = list.dataset.copied;
  setTimeout(() => {
    button.textContent = word;
    announce("");
  }, SHOWN_MILLISECONDS);
}
