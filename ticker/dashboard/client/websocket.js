/** The driver of a WebSocket: moves text between it and a conversation. */

import { Conversation } from "./conversation.js";
import { CUT } from "./retries.js";

const CONNECT_MS = 10_000;
const CLOSED = 3; // readyState

/** @typedef {import("./conversation.js").End} End */
/** @typedef {import("./link.js").Host} Host */

export class WebSocketLink {
  /** @type {Conversation | null} */
  #conversation = null;
  #socket;
  #dialledAt;
  #over = false;

  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    this.#dialledAt = host.now();
    this.#socket = this.#dial();
  }

  /** A page is told at once where it must not: from https to ws, or by its Content-Security-Policy. */
  #dial() {
    const { host } = this;
    try {
      const socket = new host.WebSocket(host.address.websocket);
      socket.onopen = () => this.#opened();
      socket.onmessage = ({ data }) => this.#heard(data);
      socket.onerror = () => undefined; // says nothing; `onclose` follows
      socket.onclose = ({ code, reason }) => this.#ended({ code: code || CUT, reason: String(reason ?? "") });
      return socket;
    } catch (error) {
      host.defer(() => this.#ended({ code: CUT, reason: String(error) }));
      return null;
    }
  }

  get proven() {
    return this.#conversation?.proven ?? false;
  }

  get welcome() {
    return this.#conversation?.welcome ?? null;
  }

  /** Say what is to be said; when to look again. */
  tick() {
    const now = this.host.now();
    if (this.#conversation === null) {
      if (now - this.#dialledAt >= CONNECT_MS) this.#leave({ code: CUT, reason: "no answer within 10 s" });
      return this.#dialledAt + CONNECT_MS;
    }
    for (const message of this.#conversation.due(now)) this.#socket?.send(JSON.stringify(message));
    if (this.#conversation.end) this.#leave(this.#conversation.end);
    return this.#conversation.wakeAt();
  }

  changed() {
    this.#conversation?.changed();
  }

  doubt() {
    this.#conversation?.doubt(this.host.now());
  }

  /** @param {string} token */
  authenticate(token) {
    this.#conversation?.authenticate(token);
  }

  close() {
    this.#over = true;
    if (this.#socket === null) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null; // it may close late
    if (this.#socket.readyState !== CLOSED) this.#socket.close(1000);
  }

  #opened() {
    this.#conversation = new Conversation(this.host.feed, this.host.clock, this.host.now());
    this.host.rearm();
  }

  /** @param {unknown} data */
  #heard(data) {
    const conversation = this.#conversation;
    if (conversation === null || this.#over) return;
    if (!conversation.receive(typeof data === "string" ? data : String(data), this.host.now())) return;
    if (conversation.needsToken) {
      conversation.needsToken = false;
      this.host.wantsToken();
    }
    if (conversation.open) this.host.welcomed(conversation.welcome);
    this.host.rearm();
  }

  /** @param {End} end */
  #leave(end) {
    this.close();
    this.#ended(end);
  }

  /** @param {End} end */
  #ended(end) {
    this.#over = true;
    this.host.ended(this, end);
  }
}
