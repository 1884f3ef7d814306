// Starts the other pages for readers: plain forms for responses and for settings of readers.
// also without a form here: drafts.js deletes the draft of a response that was posted by a plain form
import "./draft_loader.js";
import { commentForm } from "./lib/page.js";
import { ifStored, soon } from "./lib/loading.js";

ifStored(() => import("./moderate.js"), "talkback desk");
if (commentForm()) soon(() => import("./identity.js"), "talkback reader");
if (document.querySelector(".own-left")) soon(() => import("./edit_timers.js"));
