// Starts a list of posts.
import "./counts.js";
import "./new_posts.js";
import { ifStored } from "./lib/loading.js";

ifStored(() => import("./unread_counts.js"), "talkback since");
ifStored(() => import("./moderate.js"), "talkback desk");
