// Coordinates the tabs of a browser that show the same page: one holds the lock and reads the live stream.
const SLOTS = 4;

// A page with data-unseen follows in the background too, to update its title.
export function isHidden(place) {
  if (place.hasAttribute("data-unseen")) return false;
  return document.hidden || document.visibilityState === "hidden";
}

// Opens the channel between the tabs. Where the browser forbids channels, each tab reads its own stream.
export function openChannel(name, { onHello, onMessage }) {
  try {
    const channel = new BroadcastChannel(name);
    // another tab may run another release
    channel.addEventListener("message", ({ data }) => {
      if (typeof data !== "object" || data === null) return;
      if (Number.isFinite(data.hello)) onHello(data.hello);
      else if (!("hello" in data) && /^\d*$/.test(data.id ?? "")) onMessage({ ...data, data: typeof data.data === "string" ? data.data : "" });
    });
    return channel;
  } catch {
    return { postMessage() {} };
  }
}

// Runs `work` under a lock that is shared by all tabs, and holds it until the returned promise ends.
export function withLock(name, signal, work) {
  if (!navigator.locks) return work();
  const forbidden = ({ name: kind }) => (kind === "SecurityError" ? work() : undefined);
  return navigator.locks.request(name, { signal }, work).catch(forbidden);
}

// Runs `work` under the first free lock of a few.
export function withAnySlot(signal, work) {
  const search = new AbortController();
  signal.addEventListener("abort", () => search.abort());
  let found = false;
  const first = () => {
    if (found) return undefined;
    found = true;
    search.abort();
    return work();
  };
  return Promise.all(Array.from({ length: SLOTS }, (_, slot) => withLock(`talkback slot ${slot}`, search.signal, first)));
}
