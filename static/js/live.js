// Follows what is new on this page: hx-sse reads the stream, this opens and closes it. The stream is open only
// while the page can be seen; of several tabs on the same page one reads and tells the others, since over HTTP/1.1
// a browser holds six connections to a host and streams would use them up.
const place = document.getElementById("live");
const SLOTS = 4;
const LONGEST_PAUSE = 10_000;
const DEAD_CONNECTIONS = 8;

if (place && window.htmx) follow(place.dataset.stream, Number(place.dataset.version), Number(place.dataset.beat) * 1000);

function follow(address, known, beat) {
  const others = channel(`talkback ${address}`);
  let wanted = null; // aborted when the page is hidden
  let stream = null; // the element whose connection hx-sse holds
  let finish = null; // gives the turn to the next tab
  let heard = Date.now();
  let failures = 0;
  let retry = null;

  function start() {
    if (wanted || unseen()) return;
    wanted = new AbortController();
    heard = Date.now();
    others.postMessage({ hello: known });
    turn(`talkback ${address}`, wanted.signal, () => anyTurn(wanted.signal, lead));
  }

  function stop() {
    wanted?.abort();
    wanted = null;
    close();
    finish?.();
    finish = null;
  }

  function lead() {
    if (!wanted) return undefined;
    const done = new Promise((resolve) => { finish = resolve; });
    failures = 0;
    open();
    return done;
  }

  function open() {
    close();
    heard = Date.now();
    stream = document.createElement("div");
    stream.setAttribute("hx-sse:connect", `${address}?since=${known}`);
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
      take(message.id);
      others.postMessage(message);
    }));
    // not while hx-sse is still putting its own things away
    element.addEventListener("htmx:sse:close", current(() => queueMicrotask(() => element === stream && again())));
    element.addEventListener("htmx:finally:request", current(({ ctx }) => {
      if (!connected) again(ctx.response?.status);
    }));
  }

  // A stream speaks as soon as it is open. After a network fell silent the browser first tries the connections
  // that it still believes in, one by one, so the first few are not waited for as long.
  function patience() {
    const opening = stream && !place.hasAttribute("data-following") && failures < DEAD_CONNECTIONS;
    return Math.min(3 * beat, opening ? 5_000 : Infinity);
  }

  function take(id) {
    heard = Date.now();
    place.toggleAttribute("data-following", true);
    if (/^\d+$/.test(id ?? "")) known = Number(id);
  }

  // Tries once more after a pause that grows, with some chance in it so that not all readers come back at once.
  function again(status) {
    close();
    if (status === 404 || status === 410) return;
    const pause = status === 204 ? 60_000 : Math.min(LONGEST_PAUSE, 500 * 2 ** failures++);
    retry = setTimeout(open, pause * (0.5 + Math.random() / 2));
  }

  others.onmessage = async ({ data }) => {
    // a tab may have been loaded from another release
    if (!stored.isRecord(data)) return;
    if ("hello" in data) {
      if (stream && Number.isFinite(data.hello) && data.hello < known) {
        known = data.hello;
        open();
      }
      return;
    }
    if (!wanted || stream) return;
    if (!/^\d*$/.test(data.id ?? "")) return;
    if (typeof data.data === "string" && data.data) await htmx.swap({ sourceElement: place, target: place, swap: "none", text: data.data });
    take(data.id);
  };

  // A page of the thread that was made earlier than what is known here may lack something.
  document.addEventListener("talkback:turned", ({ detail: version }) => {
    if (!(version < known)) return;
    known = version;
    if (stream) open();
    else others.postMessage({ hello: known });
  });

  // A connection that went silent without closing, a network that came back, a page from the browser's memory.
  setInterval(() => {
    if (!wanted || Date.now() - heard < patience()) return;
    heard = Date.now();
    if (stream) {
      failures += 1;
      open();
    } else others.postMessage({ hello: known });
  }, Math.min(1_000, beat / 3));
  addEventListener("online", () => stream && open());
  addEventListener("pagehide", stop);
  addEventListener("pageshow", start);
  document.addEventListener("visibilitychange", () => (unseen() ? stop() : start()));
  start();
}

// A page whose title tells something follows in the background too.
function unseen() {
  if (place.hasAttribute("data-unseen")) return false;
  return document.hidden || document.visibilityState === "hidden";
}

// Where a browser forbids it, each tab reads for itself.
function channel(name) {
  try {
    return new BroadcastChannel(name);
  } catch {
    return { postMessage() {} };
  }
}

// Runs `work` when it is this tab's turn, and keeps the turn until what it returns is done.
function turn(name, signal, work) {
  if (!navigator.locks) return work();
  const forbidden = ({ name: kind }) => (kind === "SecurityError" ? work() : undefined);
  return navigator.locks.request(name, { signal }, work).catch(forbidden);
}

// The same with the first free one of a few turns.
function anyTurn(signal, work) {
  const search = new AbortController();
  signal.addEventListener("abort", () => search.abort());
  let found = false;
  const first = () => {
    if (found) return undefined;
    found = true;
    search.abort();
    return work();
  };
  return Promise.all(Array.from({ length: SLOTS }, (_, slot) => turn(`talkback slot ${slot}`, search.signal, first)));
}
