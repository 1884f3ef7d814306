// Copies the address of a response, and says so in place of the link's text. Where the browser offers no clipboard, as
// by plain http, the link leads to the response.
import { announce, isPlainClick } from "./lib/page.js";

const SHOWN_MILLISECONDS = 4_000;
const strings = document.getElementById("thread-strings")?.dataset;

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.copy-link");
  if (!link || !strings || !navigator.clipboard || !isPlainClick(event)) return;
  event.preventDefault();
  navigator.clipboard.writeText(link.href).then(() => show(link), () => location.assign(link.href));
});

function show(link) {
  announce(strings.linkCopied);
  const text = link.textContent;
  if (text === strings.copied) return;
  // what follows the link must not move
  link.style.minInlineSize = `${link.getBoundingClientRect().width}px`;
  link.textContent = strings.copied;
  const restore = () => { link.textContent = text; };
  // some browsers give no focus to a link that is clicked
  if (document.activeElement === link) link.addEventListener("blur", restore, { once: true });
  else setTimeout(restore, SHOWN_MILLISECONDS);
}
