// The form for posts: suggests labels after each comma, reports a photo that is too large at once, submits once, and
// warns before the page is left with an unsaved text. Without this script the form works without that.
const form = document.querySelector("form.writing");
let unsaved = form.hasAttribute("data-unsaved");
let sent = false;

const labels = form.elements.namedItem("label_names");
const suggestions = [...labels.list.options].map((option) => option.value);

labels.addEventListener("input", () => {
  const typed = labels.value.slice(0, labels.value.lastIndexOf(",") + 1);
  const prefix = typed && `${typed} `;
  const taken = new Set(typed.split(",").map((name) => name.trim()));
  const names = suggestions.filter((name) => !taken.has(name));
  labels.list.replaceChildren(...names.map((name) => new Option("", prefix + name)));
});

const photo = form.elements.namedItem("photo_file");

photo.addEventListener("change", () => {
  const isTooLarge = photo.files[0]?.size > Number(photo.dataset.largest) * 2 ** 20;
  const error = document.getElementById("photo_file-error") ?? document.createElement("p");
  Object.assign(error, { id: "photo_file-error", className: "error", role: "alert" });
  photo.parentElement.append(error);
  error.textContent = isTooLarge ? `▲ ${photo.dataset.tooLarge}` : "";
  photo.setAttribute("aria-describedby", error.id);
  photo.setAttribute("aria-invalid", String(isTooLarge));
  if (isTooLarge) photo.value = "";
});

form.addEventListener("input", () => { unsaved = true; });

form.addEventListener("submit", (event) => {
  if (event.submitter?.formTarget === "_blank") return;
  if (sent) event.preventDefault();
  sent = true;
});

// a page from the history may be submitted again
addEventListener("pageshow", () => { sent = false; });

addEventListener("beforeunload", (event) => {
  if (unsaved && !sent) event.preventDefault();
});
