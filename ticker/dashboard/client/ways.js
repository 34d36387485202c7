/** Which way to the service to try: a WebSocket, or server-sent events where somebody between us blocks WebSockets. */

const FAILURES_MOST = 3; // in a row, where WebSockets have worked before: then it was the service that was away
const SSE_LASTS_MS = 600_000; // then a new connection tries the WebSocket again

/** @typedef {"websocket" | "sse"} Way */

export class Ways {
  /** @type {Way} */
  current = "websocket";
  #now;
  #both;
  /** @type {Way} */
  #only;
  #everWelcomed = false;
  #failures = 0;
  #sseSince = -Infinity;

  /** @param {{now: () => number, WebSocket: unknown, EventSource: unknown}} environment */
  constructor({ now, WebSocket, EventSource }) {
    this.#now = now;
    this.#both = Boolean(WebSocket) && Boolean(EventSource);
    this.#only = WebSocket ? "websocket" : "sse";
  }

  /** The way of the next try. */
  next() {
    this.current = this.#chosen();
    return this.current;
  }

  /** @returns {Way} */
  #chosen() {
    if (!this.#both) return this.#only;
    if (this.current === "sse" && this.#failures === 0 && this.#now() - this.#sseSince < SSE_LASTS_MS)
      return "sse";
    const given = this.#everWelcomed ? FAILURES_MOST : 1;
    return this.#failures >= given && this.current === "websocket" ? "sse" : "websocket";
  }

  /** The service welcomed us. */
  worked() {
    if (this.current === "websocket") this.#everWelcomed = true;
    else if (this.#failures > 0) this.#sseSince = this.#now();
    this.#failures = 0;
  }

  /** The try has ended without. */
  failed() {
    this.#failures++;
  }

  /** Another network may let through what the last one did not. */
  moved() {
    this.#failures = 0;
    this.#sseSince = -Infinity;
  }
}
