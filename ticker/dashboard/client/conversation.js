/** One WebSocket's talk with the service, from the handshake to the end, without I/O: what to send and when, and what
 * comes back means. Times in ms. */

import { Asking } from "./asking.js";
import { CUT, NOT_OURS, UNAUTHENTICATED } from "./retries.js";

export const PROTOCOL = 1;
export const WELCOME_MS = 5_000; // of a socket that is open and brings nothing: somebody between us blocks it
const DEAD_MS = 25_000; // of hearing nothing; the service speaks every ten seconds at least
const ANSWER_MS = 2_000; // for the answer to a question whether it is still there
const PING_EVERY_MS = 60_000; // for the clock alone

/** @typedef {import("../ticker-client.d.ts").Welcome} Welcome */
/** @typedef {import("./wish.js").Message} Message */
/** @typedef {{code: number, reason: string, atOnce?: boolean}} End how it ended: a close code, and why in words */

export class Conversation {
  /** @type {"greeting" | "authenticating" | "open"} */
  #phase = "greeting";
  #id = 0;
  #heardAt;
  #openedAt;
  /** @type {number | null} */
  #doubtedAt = null;
  #woken = false;
  #pingAt = Infinity;
  /** @type {{id: number, at: number} | null} */
  #pinged = null;
  #asking;
  #auth = 0; // the id of the request
  /** @type {string | null} */
  #token = null;
  /** It is over. @type {End | null} */
  end = null;
  /** @type {Welcome | null} */
  welcome = null;
  /** Market data came. */
  proven = false;
  /** To be answered by `authenticate`. */
  needsToken = false;

  /**
   * @param {import("./feed.js").Feed} feed
   * @param {import("./clock.js").ServerClock} clock
   * @param {number} now
   */
  constructor(feed, clock, now) {
    this.feed = feed;
    this.clock = clock;
    this.#heardAt = this.#openedAt = now;
    this.#asking = new Asking(feed, clock);
  }

  get open() {
    return this.#phase === "open";
  }

  /** The messages to send now. @param {number} now @returns {object[]} */
  due(now) {
    const found = [];
    if (this.#token !== null) {
      this.#auth = ++this.#id;
      found.push({ op: "auth", id: this.#auth, token: this.#token });
      this.#token = null;
    }
    if (this.open) found.push(...this.#asking.due(now, () => ++this.#id));
    if (this.#wantsPing(now)) {
      this.#pinged = { id: ++this.#id, at: now };
      found.push({ op: "ping", id: this.#id });
    }
    this.#look(now);
    return found;
  }

  /** When `due` has to be asked again, if nothing happens before. */
  wakeAt() {
    if (this.#doubtedAt !== null) return this.#doubtedAt + ANSWER_MS;
    if (this.#phase === "greeting") return this.#openedAt + WELCOME_MS;
    const silent = this.#heardAt + DEAD_MS - ANSWER_MS;
    if (!this.open) return silent;
    return Math.min(silent, this.#pinged ? Infinity : this.#pingAt, this.#asking.wakeAt());
  }

  /** The machine or the page was away: is the service still there? @param {number} now */
  doubt(now) {
    if (this.#doubtedAt !== null || this.#phase === "greeting") return;
    this.#doubtedAt = now;
    this.#woken = true;
    this.#pingAt = now;
    this.#pinged = null;
  }

  /** Act on a text frame; whether there may be something to send now. @param {string} text @param {number} now */
  receive(text, now) {
    this.#heardAt = now;
    if (!this.#woken) this.#doubtedAt = null; // what comes first after a sleep may have waited for us
    this.feed.counts.messages++;
    try {
      return this.#take(JSON.parse(text), now);
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
      this.end = { code: NOT_OURS, reason: `what the service sent is not the ticker's protocol: ${error.message}` };
      return true;
    }
  }

  /** @param {string} token */
  authenticate(token) {
    this.needsToken = false;
    this.#token = token;
  }

  /** What is wished for has changed. */
  changed() {
    this.#asking.changed();
  }

  /** @param {any} message @param {number} now */
  #take(message, now) {
    switch (message.type) {
      case "welcome":
        this.#greet(message, now);
        break;
      case "ack":
        if (message.id === this.#auth) this.#enter();
        else this.#asking.acknowledged(message);
        break;
      case "synced":
        this.#asking.synced(message);
        break;
      case "error":
        this.#refused(message, now);
        break;
      case "pong":
        this.#answered(message, now);
        break;
      case "auth":
        this.needsToken = message.state === "expiring";
        break;
      default:
        if (typeof message.symbol === "string") this.#deliver(message);
        return false;
    }
    return true;
  }

  /** @param {Message} message */
  #deliver(message) {
    if (message.type !== "gap" && message.type !== "status") this.proven = true;
    this.feed.deliver(message, this.#asking);
  }

  /** @param {Welcome} message @param {number} now */
  #greet(message, now) {
    if (message.protocol !== PROTOCOL) {
      const spoken = `the service speaks version ${message.protocol} of the protocol, this client ${PROTOCOL}`;
      this.end = { code: NOT_OURS, reason: spoken };
      return;
    }
    this.clock.welcomed(message.time, now);
    this.welcome = message;
    this.#asking.limits(message.limits);
    this.#pingAt = now;
    this.#phase = "authenticating";
    if (message.auth === "required") this.needsToken = true;
    else this.#enter();
  }

  #enter() {
    this.#phase = "open";
    this.#auth = 0;
  }

  /** @param {any} message @param {number} now */
  #refused(message, now) {
    if (message.code === 401 || (this.#auth !== 0 && message.id === this.#auth))
      this.end = { code: UNAUTHENTICATED, reason: message.reason };
    else this.#asking.refused(message, now);
  }

  /** @param {any} message @param {number} now */
  #answered(message, now) {
    if (this.#pinged === null || message.id !== this.#pinged.id) return;
    this.clock.answered(message.time, this.#pinged.at, now);
    this.#pinged = null;
    this.#pingAt = now + PING_EVERY_MS;
    this.#doubtedAt = null;
    this.#woken = false;
  }

  /** @param {number} now */
  #wantsPing(now) {
    if (this.#phase === "greeting") return false;
    if (now < this.#heardAt) this.#heardAt = now; // somebody set the clock back
    const silent = this.#doubtedAt === null && now - this.#heardAt >= DEAD_MS - ANSWER_MS;
    if (silent) this.#doubtedAt = now; // it may be us who did not listen
    return this.open && (silent || (this.#pinged === null && now >= this.#pingAt));
  }

  /** Whether nobody is there, even when asked. @param {number} now */
  #look(now) {
    const silent = this.#doubtedAt !== null && now - this.#doubtedAt >= ANSWER_MS;
    const mute = this.#phase === "greeting" && now - this.#openedAt >= WELCOME_MS;
    if (silent) this.end = { code: CUT, reason: "nothing was heard from the service", atOnce: this.#woken };
    else if (mute) this.end = { code: CUT, reason: "the WebSocket opens, but nothing comes through it" };
  }
}

