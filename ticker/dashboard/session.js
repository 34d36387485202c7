// The one connection of this page, and what is known of the service besides prices.

import { connect } from "./ticker-client.js";

// A hidden page needs no more than to be right soon after it is shown again.
const HIDDEN_RATE = 0.2;
const DIRECTORY_MS = 60_000;

export const ticker = connect(new URL("v1/ws", document.baseURI), { hiddenRate: HIDDEN_RATE });

let lost = null;
let wasLive = false;

ticker.addEventListener("state", () => {
  wasLive ||= ticker.state === "live";
  lost = ticker.state === "live" || !wasLive ? null : lost ?? ticker.now();
});

/** Since when there is no connection any more, in ms of the service's clock; null while there is one, or never was. */
export const lostSince = () => lost;

let asked = { at: -Infinity, entries: null };

/** The directory's entries, asked for at most once a minute. */
export function directory() {
  if (performance.now() - asked.at > DIRECTORY_MS) {
    const entries = ticker.get("symbols").then(({ messages }) => messages);
    asked = { at: performance.now(), entries };
    entries.catch(() => { asked = { at: -Infinity, entries: null }; });
  }
  return asked.entries;
}
