// At the desk: how many responses wait stands in the title too, wherever the number in the menu comes from; and the
// queue says how many have come since it was loaded, without moving anything.
const number = () => document.getElementById("waiting-count");

function tell() {
  const count = Number(number()?.dataset.count);
  const title = document.title.replace(/^\(\d+\) /, "");
  document.title = count ? `(${count}) ${title}` : title;
  tellQueue();
}

function tellQueue() {
  const [queue, line] = ["queue", "queue-new"].map((id) => document.getElementById(id));
  if (!queue) return;
  const ids = (number().dataset.newest ?? "").split(" ").filter(Boolean).map(Number);
  const count = ids.filter((id) => id > Number(queue.dataset.newest)).length;
  const words = count === 1 ? line.dataset.one : line.dataset.many.replace("{n}", count);
  line.hidden = count === 0;
  line.firstChild.nodeType === Node.TEXT_NODE || line.prepend("");
  line.firstChild.textContent = `${words}: `;
}

if (number()) new MutationObserver(tell).observe(number().parentElement, { childList: true });
