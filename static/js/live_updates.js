// Opens and closes the live stream of a page; hx-sse reads it and swaps. The stream is open only while the page is
// visible. Of several tabs on the same page one reads and passes the messages on, since over HTTP/1.1 a browser holds
// six connections to a host.
import { openStream } from "./live_stream.js";
import { isHidden, openChannel, withAnySlot, withLock } from "./live_tabs.js";

const [MAX_PAUSE, DEAD_CONNECTIONS] = [10_000, 8];

// Follows the stream that `place` names, from the version of the page on.
export function followUpdates(place) {
  const address = place.dataset.stream;
  const beat = Number(place.dataset.beat) * 1000;
  let version = Number(place.dataset.version);
  const others = openChannel(`talkback ${address}`, { onHello, onMessage });
  let following = null; // an AbortController, aborted when the page is hidden
  let closeStream = null; // set while this tab reads the stream
  let finish = null; // releases the lock for the next tab
  let lastMessageAt = Date.now();
  let failures = 0;
  let retry = null;

  function start() {
    if (following || isHidden(place)) return;
    following = new AbortController();
    lastMessageAt = Date.now();
    others.postMessage({ hello: version });
    withLock(`talkback ${address}`, following.signal, () => withAnySlot(following.signal, lead));
  }

  function stop() {
    following?.abort();
    following = null;
    close();
    finish?.();
    finish = null;
  }

  function lead() {
    if (!following) return undefined;
    failures = 0;
    open();
    return new Promise((resolve) => { finish = resolve; });
  }

  function open() {
    close();
    lastMessageAt = Date.now();
    closeStream = openStream(place, `${address}?since=${version}`, {
      onEnd: reconnect,
      onMessage: (message) => { received(message.id); others.postMessage(message); },
    });
  }

  function close() {
    clearTimeout(retry);
    place.toggleAttribute("data-following", false);
    closeStream?.();
    closeStream = null;
  }

  // Another tab has seen less than this one, which reads the stream.
  function onHello(seen) {
    if (!closeStream || seen >= version) return;
    version = seen;
    open();
  }

  async function onMessage({ id, data: text }) {
    if (!following || closeStream) return;
    if (text) await htmx.swap({ sourceElement: place, target: place, swap: "none", text });
    received(id);
  }

  // A stream sends a message as soon as it is open. After a network failure the browser first tries its dead
  // connections one by one, so the first few attempts end sooner.
  function silenceLimit() {
    const opening = closeStream && !place.hasAttribute("data-following") && failures < DEAD_CONNECTIONS;
    return Math.min(3 * beat, opening ? 5_000 : Infinity);
  }

  function received(id) {
    lastMessageAt = Date.now();
    failures = 0;
    place.toggleAttribute("data-following", true);
    if (/^\d+$/.test(id ?? "")) version = Number(id);
  }

  // Reconnects after a growing, random pause, so that not all readers come back at once.
  function reconnect(status) {
    close();
    if (status === 404 || status === 410) return;
    const pause = status === 204 ? 60_000 : Math.min(MAX_PAUSE, 500 * 2 ** failures++);
    retry = setTimeout(open, pause * (0.5 + Math.random() / 2));
  }

  // A page of the thread that is older than the last message may lack something.
  document.addEventListener("talkback:turned", ({ detail: pageVersion }) => {
    if (!(pageVersion < version)) return;
    version = pageVersion;
    if (closeStream) open();
    else others.postMessage({ hello: version });
  });

  // Finds connections that died without closing, networks that came back, and pages from the browser's memory.
  setInterval(() => {
    if (!following || Date.now() - lastMessageAt < silenceLimit()) return;
    lastMessageAt = Date.now();
    if (closeStream) {
      failures += 1;
      open();
    } else others.postMessage({ hello: version });
  }, Math.min(1_000, beat / 3));
  addEventListener("online", () => closeStream && open());
  addEventListener("pagehide", stop);
  addEventListener("pageshow", start);
  document.addEventListener("visibilitychange", () => (isHidden(place) ? stop() : start()));
  start();
}
