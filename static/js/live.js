// Follows the live stream of this page once htmx has come. What changed meanwhile is sent then.
import { htmxReady } from "./lib/htmx.js";
import { ignore } from "./lib/loading.js";

const place = document.getElementById("live");

if (place) {
  Promise.all([htmxReady, import("./live_updates.js")])
    .then(([complete, { followUpdates }]) => complete && followUpdates(place))
    .catch(ignore);
}
