// Uploads an export and shows the progress. Without this script the form works without it.
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
  const error = form.querySelector("#upload-error");
  setSending(form, true);
  error.textContent = "";
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = 100 * loaded / total;
    figure.textContent = percent.format(loaded / total);
  });
  request.addEventListener("load", () => showAnswer(request, form));
  request.addEventListener("error", () => {
    setSending(form, false);
    error.textContent = `▲ ${error.dataset.lost}`;
  });
  request.open("POST", form.action);
  request.send(new FormData(form));
};

const setSending = (form, sending) => {
  form.querySelector(".sending").hidden = !sending;
  form.querySelector("button").disabled = sending;
};

// an accepted import redirects to its page; of a refusal the main part is shown here
const showAnswer = (request, form) => {
  setSending(form, false);
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
