// Sends a form for a new password and, if it is refused, shows why without emptying the passwords. The server never
// sends one back, so without this script they are typed again.
const selector = "form[data-passwords]";

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches(selector) || event.defaultPrevented) return;
  event.preventDefault();
  if (form.hasAttribute("aria-busy")) return;
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (answer.redirected) return location.assign(answer.url);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const refused = page.querySelector(selector);
    if (refused) replace(form, refused);
    else document.documentElement.replaceWith(document.adoptNode(page.documentElement)); // it may not be sent twice
  } catch {
    form.submit(); // the browser says that the server cannot be reached
  }
});

function replace(form, refused) {
  for (const input of refused.querySelectorAll("input[type=password]")) input.value = form.elements.namedItem(input.name).value;
  document.querySelector("main").replaceWith(refused.closest("main"));
  (refused.querySelector("[autofocus], [aria-invalid=true]") ?? refused.querySelector("input[type=password]")).focus();
}
