// Sends an export and says how much of it is there, which a browser says nowhere or in a corner. It works without.
const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });

document.addEventListener("submit", (event) => {
  const form = event.target.closest("#upload");
  if (!form || !form.elements.namedItem("export").files.length) return;
  event.preventDefault();
  if (!form.querySelector(".sending").hidden) return;
  send(form);
});

const send = (form) => {
  const request = new XMLHttpRequest();
  const [bar, figure] = [form.querySelector("#sent"), form.querySelector(".figure")];
  const complaint = form.querySelector("#upload-error");
  busy(form, true);
  complaint.textContent = "";
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = 100 * loaded / total;
    figure.textContent = percent.format(loaded / total);
  });
  request.addEventListener("load", () => answered(request, form));
  request.addEventListener("error", () => {
    busy(form, false);
    complaint.textContent = `▲ ${complaint.dataset.lost}`;
  });
  request.open("POST", form.action);
  request.send(new FormData(form));
};

const busy = (form, sending) => {
  form.querySelector(".sending").hidden = !sending;
  form.querySelector("button").disabled = sending;
};

// what came in has a page of its own; a refusal is a page too, of which the part that matters takes its place here
const answered = (request, form) => {
  busy(form, false);
  if (request.responseURL !== form.action) {
    location.assign(request.responseURL);
    return;
  }
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  const content = page.getElementById("content");
  if (!content) {
    form.querySelector("#upload-error").textContent = `▲ ${request.responseText}`;
    return;
  }
  document.getElementById("content").replaceWith(content);
  content.querySelector("[aria-invalid]")?.focus();
};
