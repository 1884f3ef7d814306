// Says on the first page of posts how many were published since it was loaded. The posts in view do not move. A post
// that was taken back has the position 0.
import { addSwapStyle } from "./lib/htmx.js";
import { countText } from "./lib/page.js";

const found = new Set();

addSwapStyle("posts", (line, fragment) => {
  for (const { dataset: { post, position } } of fragment.children) {
    if (Number(position) <= Number(line.dataset.position)) found.delete(post);
    else if (!document.getElementById(post)) found.add(post);
  }
  const link = line.querySelector("a") ?? document.createElement("a");
  link.href = location.pathname;
  link.textContent = countText(line.dataset, found.size);
  line.replaceChildren(...(found.size ? [link] : []));
  return [];
});
