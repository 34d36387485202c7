/** A subscription, as the part of a page that asked for it holds it. */

import { Wish } from "./wish.js";

export class Subscription {
  #wish;
  #feed;
  #changed;
  #closed = false;

  /**
   * @param {any} channel
   * @param {string | readonly string[]} symbols
   * @param {import("../ticker-client.d.ts").SubscribeOptions} options
   * @param {(message: any) => void} listener
   * @param {import("./feed.js").Feed} feed
   * @param {() => void} changed
   */
  constructor(channel, symbols, options, listener, feed, changed) {
    if (typeof listener !== "function") throw new TypeError("subscribe(channel, symbols, options, listener)");
    const names = typeof symbols === "string" ? symbols.split(",").filter(Boolean) : symbols;
    this.#wish = new Wish(channel, names, options, listener);
    this.#feed = feed;
    this.#changed = changed;
    feed.wishes.add(this.#wish);
    changed();
  }

  get channel() {
    return this.#wish.channel;
  }

  get symbols() {
    return this.#wish.names;
  }

  get rejected() {
    return this.#wish.rejected;
  }

  /** @param {import("../ticker-client.d.ts").SubscribeOptions} options */
  change(options) {
    if ("maxRate" in options) this.#wish.maxRate = options.maxRate;
    if ("fields" in options) this.#wish.fields = options.fields ?? null;
    this.#changed();
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#feed.wishes.remove(this.#wish);
    this.#changed();
  }

  /** Tell it what others have been told before. */
  introduce() {
    if (!this.#closed) this.#feed.introduce(this.#wish);
  }
}
