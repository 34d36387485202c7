/** All that the parts of a page have asked for, over one connection: what to ask the service for, and which of them a
 * message is for. The service gives each topic once, however many of them cover it. No I/O. */

import { asked, most } from "./options.js";
import { isPattern, overlap } from "./patterns.js";

/** @typedef {import("./wish.js").Wish} Wish */
/** @typedef {import("./wish.js").Message} Message */
/** @typedef {{max_rate?: number | null, fields?: readonly string[]}} Asked */
/** @typedef {{wishes: Wish[], changes: number, seq: number, epoch: string | null}} Route good after so many changes */

/** @type {Record<string, string>} */
const STREAMS = { ticker: "ticker", quote: "quotes", trade: "trades", gap: "trades", stats: "stats", status: "status" };
const EVENTS = ["trade", "gap", "bar"];

export class Wishes {
  /** In the order of their coming. @type {Set<Wish>} */
  #all = new Set();
  /** By name, those that have it. @type {Map<string, Set<Wish>>} */
  #named = new Map();
  /** @type {Set<Wish>} */
  #patterned = new Set();
  #changes = 0;
  /** By type, or interval of bars, and symbol. @type {Map<string, Map<string, Route>>} */
  #routes = new Map();
  /** The newest of each symbol: told once a connection, and by us to each. @type {Map<string, Message>} */
  #statuses = new Map();
  /** The most updates per second of state that are wanted for now, whatever was asked for. @type {number | null} */
  ceiling = null;

  [Symbol.iterator]() {
    return this.#all[Symbol.iterator]();
  }

  /** @param {Wish} wish */
  has(wish) {
    return this.#all.has(wish);
  }

  /** @param {Wish} wish */
  add(wish) {
    this.#all.add(wish);
    if (wish.patterns.length > 0) this.#patterned.add(wish);
    for (const name of wish.exact) this.#named.set(name, (this.#named.get(name) ?? new Set()).add(wish));
    this.#changes++;
  }

  /** @param {Wish} wish */
  remove(wish) {
    this.#all.delete(wish);
    this.#patterned.delete(wish);
    for (const name of wish.exact) {
      this.#named.get(name)?.delete(wish);
      if (this.#named.get(name)?.size === 0) this.#named.delete(name);
    }
    this.#changes++;
  }

  /** What to ask for: the options of each name, by stream, which is a channel and, of bars, an interval.
   * @returns {Map<string, Map<string, Asked>>}
   */
  wanted() {
    /** @type {Map<string, Map<string, import("./options.js").Options>>} */
    const streams = new Map();
    for (const wish of this.#all) {
      if (wish.refused) continue;
      const names = streams.get(wish.stream) ?? streams.set(wish.stream, new Map()).get(wish.stream);
      for (const name of wish.names) {
        const other = names?.get(name);
        names?.set(name, other ? most(other, wish, wish.channel) : wish);
      }
    }
    return new Map([...streams].map(([stream, names]) => [stream, this.#covered(names, stream.split(" ")[0])]));
  }

  /** To which the message goes; `served` says of trades and bars whether a wish may have it yet.
   * @param {Message} message @param {(wish: Wish) => boolean} served
   * @returns {{wishes: Wish[], skipped: number}} `skipped`: so many updates were merged into this one
   */
  route(message, served) {
    const route = this.#route(message);
    if (EVENTS.includes(message.type)) return { wishes: route.wishes.filter(served), skipped: 0 };
    const epoch = message.epoch ?? route.epoch;
    const ahead = epoch === route.epoch ? message.seq - route.seq : 0;
    if (ahead < 0) return { wishes: [], skipped: 0 }; // where one stream takes over from another
    const skipped = message.snapshot || route.seq === 0 ? 0 : Math.max(0, ahead - 1);
    if (message.type === "status") this.#statuses.set(message.symbol, message);
    route.seq = message.seq;
    route.epoch = epoch;
    return { wishes: route.wishes, skipped };
  }

  /** The statuses known of a wish's symbols. @param {Wish} wish */
  known(wish) {
    return [...this.#statuses.values()].filter((status) => wish.matches(status.symbol));
  }

  /** The connection is gone: statuses come again with the next, numbers of messages may begin anew. */
  lost() {
    this.#statuses.clear();
    this.#routes.clear();
  }

  /** Forget the symbols that nobody wants any more. */
  tidy() {
    for (const symbols of [this.#statuses, ...this.#routes.values()])
      for (const symbol of symbols.keys()) if (this.#matching(symbol).length === 0) symbols.delete(symbol);
  }

  /** The service takes the options of a name before those of a pattern, and those of a newer pattern before those of an
   * older: where they overlap, each has to have the most of all.
   * @param {Map<string, import("./options.js").Options>} names @param {string} channel
   * @returns {Map<string, Asked>}
   */
  #covered(names, channel) {
    const patterns = [...names].filter(([name]) => isPattern(name));
    const found = new Map();
    for (const [name, own] of names) {
      let options = own;
      for (const [pattern, others] of patterns)
        if (pattern !== name && overlap(pattern, name)) options = most(options, others, channel);
      found.set(name, asked(options, channel, this.ceiling));
    }
    return found;
  }

  /** @param {Message} message @returns {Route} */
  #route(message) {
    const key = message.type === "bar" ? `bars ${message.interval}` : message.type;
    let symbols = this.#routes.get(key);
    if (!symbols) this.#routes.set(key, (symbols = new Map()));
    let route = symbols.get(message.symbol);
    if (!route) symbols.set(message.symbol, (route = { wishes: [], changes: -1, seq: 0, epoch: null }));
    if (route.changes !== this.#changes) {
      const stream = STREAMS[key] ?? key;
      const matching = this.#matching(message.symbol);
      route.wishes = stream === "status" ? matching : matching.filter((wish) => wish.stream === stream);
      route.changes = this.#changes;
    }
    return route;
  }

  /** @param {string} symbol */
  #matching(symbol) {
    const patterned = [...this.#patterned].filter((wish) => !wish.exact.has(symbol) && wish.matches(symbol));
    return [...(this.#named.get(symbol) ?? []), ...patterned];
  }
}
