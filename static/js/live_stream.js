// Opens one connection of the live stream: an element that hx-sse connects and whose messages it swaps.

// Calls `onMessage(message)` for each message, and `onEnd(status)` once, without a status if the connection broke.
// Returns the function that closes the stream without a call.
export function openStream(place, address, { onMessage, onEnd }) {
  let open = true;
  let connected = false;
  const element = document.createElement("div");
  const attributes = {
    "hx-sse:connect": address,
    "hx-trigger": "talkback:open",
    "hx-swap": "none",
    "hx-config": '{"sse":{"reconnect":false,"pauseOnBackground":false}}',
  };
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  const on = (event, work) => element.addEventListener(event, ({ target, detail }) => open && target === element && work(detail));
  on("htmx:sse:after:connection", () => { connected = true; });
  on("htmx:sse:after:message", ({ message }) => onMessage(message));
  // after hx-sse has cleaned up
  on("htmx:sse:close", () => queueMicrotask(() => open && onEnd()));
  on("htmx:finally:request", ({ ctx }) => { if (!connected) onEnd(ctx.response?.status); });
  place.append(element);
  htmx.process(element);
  htmx.trigger(element, "talkback:open", {}, false);
  return () => {
    open = false;
    element.removeAttribute("hx-sse:connect");
    htmx.process(element, true);
    element.remove();
  };
}
