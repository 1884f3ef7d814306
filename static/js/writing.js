// The writing form: offers labels after each comma, says at once when a photo is too large to be sent, sends a form
// once, and lets nobody leave by accident with a text that is not saved. All of it works without this too.
const form = document.querySelector("form.writing");
let unsaved = form.hasAttribute("data-unsaved");
let sent = false;

const labels = form.elements.namedItem("label_names");
const offered = [...labels.list.options].map((option) => option.value);

labels.addEventListener("input", () => {
  const typed = labels.value.slice(0, labels.value.lastIndexOf(",") + 1);
  const before = typed && `${typed} `;
  const taken = new Set(typed.split(",").map((name) => name.trim()));
  const names = offered.filter((name) => !taken.has(name));
  labels.list.replaceChildren(...names.map((name) => new Option("", before + name)));
});

const photo = form.elements.namedItem("photo_file");

photo.addEventListener("change", () => {
  const large = photo.files[0]?.size > Number(photo.dataset.largest) * 2 ** 20;
  const complaint = document.getElementById("photo_file-error") ?? document.createElement("p");
  Object.assign(complaint, { id: "photo_file-error", className: "error", role: "alert" });
  photo.parentElement.append(complaint);
  complaint.textContent = large ? `▲ ${photo.dataset.tooLarge}` : "";
  photo.setAttribute("aria-describedby", complaint.id);
  photo.setAttribute("aria-invalid", String(large));
  if (large) photo.value = "";
});

form.addEventListener("input", () => { unsaved = true; });

form.addEventListener("submit", (event) => {
  if (event.submitter?.formTarget === "_blank") return;
  if (sent) event.preventDefault();
  sent = true;
});

// who comes back by the browser's history may send again
addEventListener("pageshow", () => { sent = false; });

addEventListener("beforeunload", (event) => {
  if (unsaved && !sent) event.preventDefault();
});
