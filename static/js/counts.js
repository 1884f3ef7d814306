// Swap styles for counts, which may be repeated and may come in any order:
//   newer   replaces its target only with a newer version
//   numbers does so for several elements, each found by its id
import { addSwapStyle } from "./lib/htmx.js";

export const version = (element) => Number(element.dataset.version);

export function replaceIfNewer(target, element) {
  if (!element || version(target) >= version(element)) return [];
  target.replaceWith(element);
  return [element];
}

// Replaces each of the elements that `find` finds by its id on the page.
export function replaceNumbers(elements, find) {
  return elements.flatMap((element) => {
    const target = element.id && find(element.id);
    return target ? replaceIfNewer(target, element) : [];
  });
}

addSwapStyle("newer", (target, fragment) => replaceIfNewer(target, fragment.firstElementChild));
addSwapStyle("numbers", (_, fragment) => replaceNumbers([...fragment.children], (id) => document.getElementById(id)));
