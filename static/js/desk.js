// Starts a page of the desk.
import "./counts.js";
import "./queue_count.js";
import { writeText } from "./lib/storage.js";

// public pages are the same for everybody; there moderate.js shows an editor the links to the desk
writeText("localStorage", "talkback desk", document.body.matches("[data-at-desk]") ? "1" : "");
