// Opens and closes the live stream of this page; hx-sse reads it and swaps. The stream is open only while the page is
// visible. Of several tabs on the same page one reads and passes the messages on, since over HTTP/1.1 a browser holds
// six connections to a host.
const place = document.getElementById("live");
const SLOTS = 4;
const MAX_PAUSE = 10_000;
const DEAD_CONNECTIONS = 8;

if (place && window.htmx) follow(place.dataset.stream, Number(place.dataset.version), Number(place.dataset.beat) * 1000);

function follow(address, version, beat) {
  const others = channel(`talkback ${address}`);
  let following = null; // an AbortController, aborted when the page is hidden
  let stream = null; // the element whose connection hx-sse holds
  let finish = null; // releases the lock for the next tab
  let lastMessageAt = Date.now();
  let failures = 0;
  let retry = null;

  function start() {
    if (following || isHidden()) return;
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
    const done = new Promise((resolve) => { finish = resolve; });
    failures = 0;
    open();
    return done;
  }

  function open() {
    close();
    lastMessageAt = Date.now();
    stream = document.createElement("div");
    stream.setAttribute("hx-sse:connect", `${address}?since=${version}`);
    stream.setAttribute("hx-trigger", "talkback:open");
    stream.setAttribute("hx-swap", "none");
    stream.setAttribute("hx-config", '{"sse":{"reconnect":false,"pauseOnBackground":false}}');
    watch(stream);
    place.append(stream);
    htmx.process(stream);
    htmx.trigger(stream, "talkback:open", {}, false);
  }

  function close() {
    clearTimeout(retry);
    place.toggleAttribute("data-following", false);
    const closing = stream;
    stream = null;
    if (!closing) return;
    closing.removeAttribute("hx-sse:connect");
    htmx.process(closing, true);
    closing.remove();
  }

  function watch(element) {
    let connected = false;
    const current = (work) => (event) => element === stream && event.target === element && work(event.detail);
    element.addEventListener("htmx:sse:after:connection", current(() => { connected = true; }));
    element.addEventListener("htmx:sse:after:message", current(({ message }) => {
      failures = 0;
      received(message.id);
      others.postMessage(message);
    }));
    // after hx-sse has cleaned up
    element.addEventListener("htmx:sse:close", current(() => queueMicrotask(() => element === stream && reconnect())));
    element.addEventListener("htmx:finally:request", current(({ ctx }) => {
      if (!connected) reconnect(ctx.response?.status);
    }));
  }

  // A stream sends a message as soon as it is open. After a network failure the browser first tries its dead
  // connections one by one, so the first few attempts end sooner.
  function silenceLimit() {
    const opening = stream && !place.hasAttribute("data-following") && failures < DEAD_CONNECTIONS;
    return Math.min(3 * beat, opening ? 5_000 : Infinity);
  }

  function received(id) {
    lastMessageAt = Date.now();
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

  others.onmessage = async ({ data }) => {
    // another tab may run another release
    if (!browserStorage.isRecord(data)) return;
    if ("hello" in data) {
      if (stream && Number.isFinite(data.hello) && data.hello < version) {
        version = data.hello;
        open();
      }
      return;
    }
    if (!following || stream) return;
    if (!/^\d*$/.test(data.id ?? "")) return;
    if (typeof data.data === "string" && data.data) await htmx.swap({ sourceElement: place, target: place, swap: "none", text: data.data });
    received(data.id);
  };

  // A page of the thread that is older than the last message may lack something.
  document.addEventListener("talkback:turned", ({ detail: pageVersion }) => {
    if (!(pageVersion < version)) return;
    version = pageVersion;
    if (stream) open();
    else others.postMessage({ hello: version });
  });

  // Finds connections that died without closing, networks that came back, and pages from the browser's memory.
  setInterval(() => {
    if (!following || Date.now() - lastMessageAt < silenceLimit()) return;
    lastMessageAt = Date.now();
    if (stream) {
      failures += 1;
      open();
    } else others.postMessage({ hello: version });
  }, Math.min(1_000, beat / 3));
  addEventListener("online", () => stream && open());
  addEventListener("pagehide", stop);
  addEventListener("pageshow", start);
  document.addEventListener("visibilitychange", () => (isHidden() ? stop() : start()));
  start();
}

// A page with data-unseen follows in the background too, to update its title.
function isHidden() {
  if (place.hasAttribute("data-unseen")) return false;
  return document.hidden || document.visibilityState === "hidden";
}

// Where the browser forbids channels, each tab reads its own stream.
function channel(name) {
  try {
    return new BroadcastChannel(name);
  } catch {
    return { postMessage() {} };
  }
}

// Runs `work` under a lock that is shared by all tabs, and holds it until the returned promise ends.
function withLock(name, signal, work) {
  if (!navigator.locks) return work();
  const forbidden = ({ name: kind }) => (kind === "SecurityError" ? work() : undefined);
  return navigator.locks.request(name, { signal }, work).catch(forbidden);
}

// Runs `work` under the first free lock of a few.
function withAnySlot(signal, work) {
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
