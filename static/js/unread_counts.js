// In a list of posts, shows how many responses each has gained since the reader's last visit.
import { numberIn } from "./lib/page.js";
import { readVisits } from "./visits.js";

const entries = document.querySelector(".entries[data-new]");

if (entries) {
  new MutationObserver(updateCounts).observe(entries, { childList: true, subtree: true });
  addEventListener("storage", updateCounts);
  addEventListener("pageshow", updateCounts);
  updateCounts();
}

function updateCounts() {
  const visits = readVisits();
  for (const link of entries.querySelectorAll(".count")) {
    const visit = visits[numberIn(link.id)];
    const gained = visit ? Number(link.dataset.count) - visit.count : 0;
    const existing = link.parentElement.querySelector(".new-count");
    const text = gained > 0 ? entries.dataset.new.replace("{n}", gained) : "";
    if ((existing?.textContent ?? "") === text) continue;
    existing?.remove();
    if (!text) continue;
    const label = document.createElement("a");
    label.className = "new-count";
    label.href = link.getAttribute("href");
    label.textContent = text;
    link.after(label);
  }
}
