// Remembers in this browser that an editor is at the desk, so that public pages, which are the same for
// everybody, can show their links to the desk. The server still decides by the cookie.
const KEY = "talkback desk";

stored.writeText("localStorage", KEY, document.body.matches("[data-at-desk]") ? "1" : "");
