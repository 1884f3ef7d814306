// Takes a picture that is dropped anywhere on the form for posts. Without this script a file can be dropped on the
// field itself, and one that misses it would replace the page.
const field = document.querySelector('.writing input[type="file"]');
const hasFiles = ({ dataTransfer }) => dataTransfer.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (hasFiles(event)) event.preventDefault();
});

document.addEventListener("drop", (event) => {
  if (!hasFiles(event) || event.target === field) return;
  event.preventDefault();
  const picture = new DataTransfer();
  picture.items.add(event.dataTransfer.files[0]);
  field.files = picture.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});
