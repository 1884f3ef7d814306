// Shows how long the reader may still edit or delete a response, and removes the links when the time is over.
updateTimers();
setInterval(updateTimers, 1000);

export function updateTimers() {
  for (const timer of document.querySelectorAll(".own-left")) {
    timer.dataset.until ??= Date.now() + 1000 * Number(timer.dataset.seconds);
    const seconds = Math.ceil((Number(timer.dataset.until) - Date.now()) / 1000);
    const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (seconds <= 0) timer.closest(".own").remove();
    else setText(timer, timer.dataset.text.replace("{time}", time));
  }
}

// Changes the existing text node, which does not trigger the observer of author_actions.js.
function setText(element, text) {
  if (element.firstChild) element.firstChild.data = text;
  else element.textContent = text;
}
