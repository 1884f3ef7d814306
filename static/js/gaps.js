// Brings the replies that a page leaves out of a long branch into their places, and says how many are left out yet.
// Without this, the link leads to them on pages of their own.
const words = document.getElementById("thread-words")?.dataset ?? {};
const number = (item) => item.id.replace(/\D/g, "");
const position = (item) => Number(item.dataset.position);

window.htmx?.registerExtension("gaps", {
  handle_swap(style, target, fragment) {
    return style === "replies" && bring(fragment);
  },
});

// `fragment` is the list of a page of replies: the top of the branch, and under it some of them in their order.
function bring(fragment) {
  const top = fragment.querySelector("#responses > .response");
  const gap = top && document.getElementById(`gap-${number(top)}`);
  if (!gap) return [];
  const list = document.getElementById(`comment-${number(top)}-replies`);
  const next = top.querySelector(".gap");
  const items = [...top.querySelectorAll(".replies .response")];
  for (const item of items.toReversed()) item.remove();
  const missing = items.filter((item) => !document.getElementById(item.id));
  gap.dataset.position = next?.dataset.position ?? Infinity;
  for (const item of missing) place(item, document.getElementById(`comment-${item.dataset.branch}-replies`) ?? list);
  for (const item of list.querySelectorAll(":scope > .response")) adopt(item, list);
  move(gap, next, missing.filter((item) => !item.querySelector(".hidden-response")).length);
  missing[0]?.querySelector("article").focus({ preventScroll: true });
  return missing;
}

// From the end, since replies come in the order of time.
function place(item, list) {
  let next = null;
  for (let other = list.lastElementChild; other && position(other) > position(item); other = other.previousElementSibling) {
    next = other;
  }
  list.insertBefore(item, next);
  document.dispatchEvent(new CustomEvent("talkback:placed", { detail: item }));
}

// What stood at the top, since the comment that it stands under was left out, goes to its place.
function adopt(item, list) {
  const own = document.getElementById(`comment-${item.dataset.branch}-replies`);
  if (own && own !== list && !item.contains(own)) place(item, own);
}

function move(gap, next, brought) {
  const link = gap.querySelector("a");
  const left = "count" in gap.dataset ? Number(gap.dataset.count) - brought : 1;
  if (!next || left <= 0) return gap.remove();
  const address = next.querySelector("a").getAttribute("href");
  for (const name of ["href", "hx-get"]) link.setAttribute(name, address);
  say(gap, left);
}

function say(gap, count) {
  if (!("count" in gap.dataset)) return;
  gap.dataset.count = count;
  const { size } = gap.dataset;
  const text = count > size ? words.moreSome : count === 1 ? words.moreOne : words.moreMany;
  gap.querySelector("a").textContent = text.replace("{n}", count).replace("{size}", size);
}

// After something in a branch changed: `total` is how many responses it has, `held` how many wait to be shown.
document.addEventListener("talkback:counted", ({ detail }) => {
  const { top, total, held } = detail ?? {};
  const gap = document.getElementById(`gap-${top}`);
  if (!gap || !Number.isFinite(total)) return;
  const seen = document.getElementById(`thread-${top}`).querySelectorAll("article:not(.hidden-response)").length;
  if (total <= seen + held) gap.remove();
  else say(gap, total - seen - held);
});
