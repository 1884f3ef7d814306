// Stores in this browser what the reader agrees with, and sends agreements to the server.
import { isStrings, readJson, writeJson } from "./lib/storage.js";

export const AGREED = "talkback agreed";
const MAX_AGREEMENTS = 2000;
let token = null;

// The ids of what this reader agrees with, newest first.
export function readAgreements() {
  return readJson("localStorage", AGREED, [], isStrings);
}

export function storeAgreement(id, agrees) {
  const others = readAgreements().filter((other) => other !== id);
  const ids = (agrees ? [id, ...others] : others).slice(0, MAX_AGREEMENTS);
  writeJson("localStorage", AGREED, ids);
  return ids;
}

// Takes the token of the comment form, or fetches one; a token that is too old is replaced once.
export async function sendAgreement(link, agrees, thread) {
  const address = link.getAttribute("href").replace(/\/new$/, agrees ? "" : "?_method=DELETE");
  const attempt = async () => {
    const body = new URLSearchParams({ csrf_token: await (token ??= fetchToken(thread)) });
    return fetch(address, { method: "POST", body, headers: { "HX-Request": "true" } });
  };
  const formToken = document.querySelector("#comment-token [name=csrf_token]")?.value;
  if (formToken) token ??= Promise.resolve(formToken);
  const answer = await attempt().catch((error) => {
    token = null;
    throw error;
  });
  if (answer.status !== 403) return answer;
  token = null;
  return attempt();
}

async function fetchToken(thread) {
  const answer = await fetch(`${thread}/token`, { headers: { "HX-Request": "true" } });
  const page = document.createElement("template");
  page.innerHTML = await answer.text();
  return page.content.querySelector("[name=csrf_token]")?.value ?? "";
}
