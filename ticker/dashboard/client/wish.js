/** What one part of a page asked for, and what came of it. No I/O.
 *
 * After a lost connection trades go on from the newest that was seen (`since`), and what comes twice at the seam is
 * told by symbol, epoch and seq. State needs no more than its current value, bars those that ended meanwhile.
 */

import { expression, isPattern } from "./patterns.js";

/** @typedef {import("../ticker-client.d.ts").Channel} Channel */
/** @typedef {import("../ticker-client.d.ts").SubscribeOptions} SubscribeOptions */
/** @typedef {import("../ticker-client.d.ts").Rejected} Rejected */
/** @typedef {{type: string, symbol: string, received: string, [field: string]: any}} Message a message of data */
/** @typedef {{epoch: string | null, seq: number}} Position */

/** @type {Record<string, number>} */
const INTERVALS_MS = { "1s": 1_000, "1m": 60_000, "5m": 300_000, "1h": 3_600_000, "1d": 86_400_000 };
const BARS_MOST = 1_000;

export class Wish {
  /** The names that the service did not take, or took none of. @type {Rejected[]} */
  rejected = [];
  /** The service refused the whole of it. */
  refused = false;
  /** All that it asked for was live once. */
  joined = false;
  /** It has all trades before this. */
  since = "";
  #newest = "";
  #written;
  #askedAt = "";
  /** By symbol, the last trade or bar that was seen. @type {Map<string, Position>} */
  #seen = new Map();
  /** By symbol, the last gap. @type {Map<string, Message>} */
  #gaps = new Map();

  /**
   * @param {Channel} channel
   * @param {readonly string[]} names
   * @param {SubscribeOptions} options
   * @param {(message: any) => void} listener
   */
  constructor(channel, names, options, listener) {
    this.channel = channel;
    this.names = [...new Set(names)];
    this.#written = new Set(names);
    this.interval = options.interval ?? null;
    this.maxRate = options.maxRate;
    this.fields = options.fields ?? null;
    this.snapshot = options.snapshot;
    this.listener = listener;
    this.stream = this.interval === null ? channel : `${channel} ${this.interval}`;
    this.patterns = this.names.filter(isPattern).map(expression);
    this.exact = new Set(this.names.filter((name) => !isPattern(name)));
  }

  /** Whether a symbol is one of the names, or described by one. @param {string} symbol */
  matches(symbol) {
    return this.exact.has(symbol) || this.patterns.some((pattern) => pattern.test(symbol));
  }

  /** With each connection what was refused may be had. */
  begin() {
    this.rejected = [];
    this.refused = false;
  }

  /** @param {string} name as written */
  holds(name) {
    return this.#written.has(name);
  }

  /** @param {Rejected} one */
  reject(one) {
    this.rejected = [...this.rejected.filter((other) => other.symbol !== one.symbol), one];
  }

  /** Begin anew; a gap for each symbol that was seen. @returns {any[]} */
  forget() {
    const unknown = { from_seq: null, to_seq: null, missed: null, reason: "retention" };
    const gap = { type: "gap", channel: this.channel, received: this.#newest || this.since, ...unknown };
    const gaps = [...this.#seen].map(([symbol, { epoch }]) => ({ ...gap, symbol, epoch }));
    this.#newest = this.since = "";
    this.joined = false;
    return gaps;
  }

  /** Whether it has had trades or bars that it must not miss the next ones of. */
  get resuming() {
    return this.joined || this.#newest !== "";
  }

  /** With what a request for a name begins: `{since}`, `{snapshot}` or, for what the service gives by itself, `{}`.
   * @param {string} name @param {number} time the service's clock, in ms
   */
  beginning(name, time) {
    if (this.channel === "trades") {
      if (this.resuming) return { since: this.since || this.#newest };
      // In so many words, as the name may be covered by a pattern, whose trades come already.
      const usual = isPattern(name) ? undefined : true;
      return { snapshot: this.snapshot ?? usual };
    }
    if (!this.resuming) return { snapshot: this.snapshot ?? true };
    if (this.interval === null) return { snapshot: true };
    // By the last bar and not by the loss of the connection, which may have been noticed late.
    const missedMs = Math.max(0, time - Date.parse(this.#newest || this.#askedAt));
    return { snapshot: Math.min(BARS_MOST, Math.ceil(missedMs / INTERVALS_MS[this.interval]) + 2) };
  }

  /** It is asked for; `time` is the service's clock. @param {string} time */
  asked(time) {
    this.#askedAt ||= time;
  }

  /** What comes from now on is live. */
  synced() {
    this.joined = true;
    this.#advance(this.#askedAt);
    this.#advance(this.#newest);
  }

  /** Whether a message is news to it; from now on it is not.
   * @param {Message} message @param {boolean} settled nothing that was asked for is still to come
   */
  takes(message, settled) {
    if (message.type === "trade") return this.#takesTrade(message, settled);
    if (message.type === "gap") return this.#takesGap(message, settled);
    return message.type !== "bar" || this.#takesBar(message);
  }

  /** @param {Message} trade @param {boolean} settled */
  #takesTrade(trade, settled) {
    // Others may ask for what this one has had, or did not want.
    if (trade.snapshot && (this.joined ? trade.received < this.since : !this.snapshot && this.snapshot !== undefined))
      return false;
    if (!this.#isNew(trade.symbol, trade.epoch, trade.seq)) return false;
    this.#saw(trade.received, settled);
    return true;
  }

  /** @param {Message} gap @param {boolean} settled */
  #takesGap(gap, settled) {
    const last = this.#gaps.get(gap.symbol);
    if (last && last.received === gap.received && last.epoch === gap.epoch && last.to_seq === gap.to_seq) return false;
    if (this.joined && gap.received < this.since) return false;
    this.#gaps.set(gap.symbol, gap);
    if (gap.to_seq !== null && !this.#isNew(gap.symbol, gap.epoch, gap.to_seq)) return false;
    this.#saw(gap.received, settled);
    return true;
  }

  /** @param {Message} bar */
  #takesBar(bar) {
    const last = this.#seen.get(bar.symbol);
    const epoch = bar.epoch ?? last?.epoch ?? null;
    if (this.joined && last && last.epoch === epoch && bar.seq < last.seq) return false;
    if (bar.received > this.#newest) this.#newest = bar.received;
    this.#seen.set(bar.symbol, { epoch, seq: bar.seq });
    return true;
  }

  /** @param {string} symbol @param {string | null} epoch @param {number} seq */
  #isNew(symbol, epoch, seq) {
    const last = this.#seen.get(symbol);
    if (last && last.epoch === epoch && seq <= last.seq) return false;
    this.#seen.set(symbol, { epoch, seq });
    return true;
  }

  /** While some of several requests are still to be answered, what one brings says nothing of the others' symbols.
   * @param {string} received @param {boolean} settled
   */
  #saw(received, settled) {
    if (received > this.#newest) this.#newest = received;
    if (settled && this.joined) this.#advance(received);
  }

  /** @param {string} received */
  #advance(received) {
    if (received > this.since) this.since = received;
  }
}
