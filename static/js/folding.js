// Folds what stands under a comment away, and shows it again; what is folded stays so while the tab lives. Whatever
// leads into a folded branch, a link, the reader's own new response, opens it.
const section = document.querySelector(".responses");
const words = document.getElementById("thread-words")?.dataset;
const key = `talkback folded ${document.getElementById("response-count")?.dataset.post}`;
const folded = new Set(stored.readJson("sessionStorage", key, [], stored.isStrings));
const write = () => stored.writeJson("sessionStorage", key, [...folded]);

if (section && words) {
  new MutationObserver(arrange).observe(section, { childList: true, subtree: true });
  arrange();
  reveal(location.hash);
}

// Each comment with responses has its button, which says how many there are now.
function arrange() {
  for (const list of section.querySelectorAll(".replies")) {
    const standing = list.querySelectorAll("article:not(.hidden-response)").length;
    const leftOut = [...list.querySelectorAll(".gap")].map((gap) => Number(gap.dataset.count ?? 0));
    const count = leftOut.reduce((sum, more) => sum + more, standing);
    const item = list.parentElement;
    const article = item.querySelector("article");
    const made = article.querySelector(".fold");
    if (count === 0) made?.remove();
    else settle(item, made ?? button(article, list), count);
    item.classList.toggle("folded", count > 0 && folded.has(item.id));
  }
}

function button(article, list) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "fold";
  made.setAttribute("aria-controls", list.id);
  (article.querySelector(".actions") ?? article).append(made);
  return made;
}

function settle(item, made, count) {
  const away = folded.has(item.id);
  const text = words[`${away ? "hidden" : "hide"}${count === 1 ? "One" : "Many"}`].replace("{n}", count);
  if (made.textContent === text) return;
  made.textContent = text;
  made.setAttribute("aria-expanded", String(!away));
}

function fold(item, away) {
  if (away) folded.add(item.id);
  else folded.delete(item.id);
  // a form that would be hidden stays in sight, with its text
  const form = document.getElementById("comment-form");
  if (away && item.querySelector(".replies").contains(form)) item.querySelector("article").after(form);
  write();
  arrange();
}

document.addEventListener("click", ({ target }) => {
  const link = target.closest("a[href*='#']");
  if (link?.pathname === location.pathname) reveal(link.hash);
  const item = target.closest(".fold")?.closest("li");
  if (item) fold(item, !folded.has(item.id));
});

// Opens every branch around the element, and brings it into sight where that was needed.
function reveal(hash) {
  const target = hash.length > 1 && stored.target(hash);
  if (unfold(target)) target.scrollIntoView();
}

function unfold(target) {
  const around = target && section?.contains(target) ? outer(target).filter((item) => folded.has(item.id)) : [];
  for (const item of around) fold(item, false);
  return around.length > 0;
}

function outer(target) {
  const item = target.closest(".response")?.parentElement.closest(".response");
  return item ? [item, ...outer(item)] : [];
}

addEventListener("hashchange", () => reveal(location.hash));
// where the form goes, it is seen
document.addEventListener("talkback:answer", ({ detail }) => unfold(document.getElementById(`comment-${detail?.parent}`)));
document.addEventListener("talkback:posted", ({ detail }) => detail?.comment && !detail.held && reveal(`#${detail.comment}`));
