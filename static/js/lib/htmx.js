// Loads htmx and its extension for live streams, whose addresses stand in the page's preload links: on a CDN or on this
// server. If the CDN fails, or has not answered in 3 s, the copies on this server are loaded. No module waits for htmx
// at its start: until htmx has come, links and forms work as without it, and only the live stream is not open yet.
const PATIENCE = 3_000;
const swapStyles = new Map();
const modules = [];

// Adds a style for hx-swap. `swap(target, fragment, spec)` returns the elements that it put into the page.
export function addSwapStyle(name, swap) {
  swapStyles.set(name, swap);
}

// Has htmx process the page only after these modules have come, since they handle its events and swaps.
export function extendHtmx(...promises) {
  modules.push(...promises);
}

// Resolves to true once htmx, its extensions and ours have processed the page; to false if a file could not be loaded.
export const htmxReady = start();

async function start() {
  // htmx processes the page as soon as it runs; this holds it back until all extensions are there
  document.body.setAttribute("hx-ignore", "");
  const complete = await loadAll([...document.querySelectorAll("link[data-htmx]")]);
  // without them all links and forms stay plain
  if (!(await Promise.all(modules).then(() => true, () => false))) return false;
  globalThis.htmx?.registerExtension("talkback", {
    handle_swap: (style, target, fragment, spec) => swapStyles.get(style)?.(target, fragment, spec) ?? false,
  });
  document.body.removeAttribute("hx-ignore");
  globalThis.htmx?.process(document.body);
  return complete;
}

// An extension runs only after htmx. The files come side by side nevertheless, by their preload links.
async function loadAll(links) {
  const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE, false); });
  for (const link of links) if (!(await load(link, late))) return false;
  return links.length > 0;
}

async function load({ href, integrity, dataset: { local } }, late) {
  const { script, loaded } = insert(href, integrity);
  if (!local) return loaded;
  if (await Promise.race([loaded, late])) return true;
  // a script that was moved to another document does not run if it arrives after all
  document.implementation.createHTMLDocument("").adoptNode(script);
  return insert(local, integrity).loaded;
}

function insert(src, integrity) {
  const script = Object.assign(document.createElement("script"), { src, integrity, crossOrigin: "anonymous" });
  const loaded = new Promise((resolve) => {
    script.addEventListener("load", () => resolve(true));
    script.addEventListener("error", () => resolve(false));
  });
  document.head.append(script);
  return { script, loaded };
}
