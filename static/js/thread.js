// Starts a page with responses. Drafts are kept at once; all other modules come when they are needed.
import "./draft_loader.js";
import { extendHtmx } from "./lib/htmx.js";
import { atFirstUse, ifStored, ignore, soon } from "./lib/loading.js";
import { commentForm } from "./lib/page.js";

const post = document.getElementById("response-count")?.dataset.post;
const loadIdentity = () => import("./identity.js");
const loadReactions = () => import("./reactions.js");
const loadAuthorActions = () => import("./author_actions.js");
const loadQuote = () => import("./quote.js");

extendHtmx(import("./thread_swaps.js"), import("./comment_token.js"));
soon(loadIdentity, "talkback reader");
soon(() => import("./unread.js"), "talkback since");
soon(() => import("./collapse.js"), `talkback folded ${post}`);
soon(loadReactions, "talkback agreed");
soon(() => import("./thread_keys.js"));
ifStored(loadAuthorActions, "talkback own");
ifStored(() => import("./moderate.js"), "talkback desk");

if (/^#c\d+$/.test(location.hash)) import("./old_anchor.js").catch(ignore);

atFirstUse("a.agree, a.report", loadReactions);
atFirstUse("a.quoting", loadQuote);
atFirstUse("a.copy-link", () => import("./copy_link.js"));
atFirstUse(".responses a[hx-select], a.in-reply-to", () => import("./page_turns.js"));

document.addEventListener("focusin", ({ target }) => {
  if (!target.form || target.form !== commentForm()) return;
  loadIdentity().catch(ignore);
  loadAuthorActions().catch(ignore);
});
document.addEventListener("selectionchange", function load() {
  if (getSelection().isCollapsed) return;
  document.removeEventListener("selectionchange", load);
  loadQuote().catch(ignore);
});
