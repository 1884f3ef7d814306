// Shows at the desk how many responses wait for approval: in the title, and on the queue how many came since it was
// loaded. Nothing on the queue moves.
import { countText } from "./lib/page.js";

const menuCount = () => document.getElementById("waiting-count");

function updateTitle() {
  const count = Number(menuCount()?.dataset.count);
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = count ? `(${count}) ${title}` : title;
  updateQueue();
}

function updateQueue() {
  const [queue, line] = ["queue", "queue-new"].map((id) => document.getElementById(id));
  if (!queue) return;
  const ids = (menuCount().dataset.newest ?? "").split(" ").filter(Boolean).map(Number);
  const count = ids.filter((id) => id > Number(queue.dataset.newest)).length;
  const text = countText(line.dataset, count);
  line.hidden = count === 0;
  line.firstChild.nodeType === Node.TEXT_NODE || line.prepend("");
  line.firstChild.textContent = `${text}: `;
}

if (menuCount()) new MutationObserver(updateTitle).observe(menuCount().parentElement, { childList: true });
