/** The ticker: keeps a connection to a service, over a WebSocket or server-sent events, and carries all that the parts
 * of a page subscribe to over it. */

import { ServerClock } from "./clock.js";
import { Feed } from "./feed.js";
import { get } from "./rest.js";
import { CUT, Retries, UNAUTHENTICATED, words } from "./retries.js";
import { Subscription } from "./subscription.js";
import { Tokens } from "./tokens.js";
import { Ways } from "./ways.js";
import { WebSocketLink } from "./websocket.js";

/** @typedef {import("./link.js").Link} Link */
/** @typedef {import("./conversation.js").End} End */
/** @typedef {import("../ticker-client.d.ts").State} State */
/** @typedef {import("./environment.js").Environment} Environment */

export class Ticker extends EventTarget {
  #environment;
  #address;
  #feed;
  #clock = new ServerClock();
  #retries;
  #ways;
  #tokens;
  /** @type {Link | null} */
  #link = null;
  /** @type {any} */
  #timer = null;
  #changed = false;
  #awayAt = 0;
  /** @type {State} */
  #state = "connecting";
  /** @type {string | null} */
  #reason = null;
  /** @type {number | null} */
  #retryAt = null;
  #unwatch;

  /**
   * @param {import("./address.js").Address} address
   * @param {import("../ticker-client.d.ts").Options} options
   * @param {Environment} environment
   */
  constructor(address, options, environment) {
    super();
    this.#environment = environment;
    this.#address = address;
    this.#feed = new Feed((type, detail) => this.#emit(type, detail));
    this.#retries = new Retries(environment.random);
    this.#ways = new Ways(environment);
    this.#tokens = new Tokens(options.token);
    this.#awayAt = environment.now();
    this.#unwatch = environment.watch({
      woken: () => this.#woken(),
      hidden: (hidden) => this.#hidden(hidden ? (options.hiddenRate ?? null) : null),
    });
    environment.defer(() => this.#dial());
  }

  get state() {
    return this.#state;
  }

  get reason() {
    return this.#reason;
  }

  get retryAt() {
    return this.#retryAt;
  }

  get latency() {
    return this.#clock.latency;
  }

  get transport() {
    return this.#state === "live" ? this.#ways.current : null;
  }

  get welcome() {
    return this.#state === "live" ? (this.#link?.welcome ?? null) : null;
  }

  get counts() {
    return this.#feed.counts;
  }

  now() {
    return this.#clock.at(this.#environment.now());
  }

  /** @param {any} channel @param {any} symbols @param {any} options @param {any} [listener]
   * @returns {Subscription}
   */
  subscribe(channel, symbols, options, listener) {
    if (typeof options === "function") return this.subscribe(channel, symbols, undefined, options);
    const subscription = new Subscription(channel, symbols, options ?? {}, listener, this.#feed, () => this.#change());
    this.#environment.defer(() => subscription.introduce());
    return subscription;
  }

  /** @param {string} path @param {Record<string, any>} [query] */
  async get(path, query = {}) {
    return get(this.#environment.fetch, this.#address.rest(path, query), await this.#tokens.current());
  }

  retryNow() {
    if (this.#state === "live") return;
    this.#link?.close();
    this.#dial();
  }

  close() {
    this.#unwatch();
    this.#link?.close();
    this.#link = null;
    this.#stand("closed", "closed by this page", null, null);
  }

  /** What is subscribed to has changed: what happens in one moment is said together. */
  #change() {
    if (this.#changed) return;
    this.#changed = true;
    this.#environment.defer(() => {
      this.#changed = false;
      this.#feed.wishes.tidy();
      this.#link?.changed();
      this.#arm();
    });
  }

  #dial() {
    this.#stand("connecting", this.#reason, null, null);
    const way = this.#ways.next();
    this.#link = null;
    this.#link = new WebSocketLink(this.#host());
    this.#arm();
  }

  #host() {
    const { now, WebSocket, EventSource, fetch } = this.#environment;
    return {
      now,
      address: this.#address,
      feed: this.#feed,
      clock: this.#clock,
      awayMs: now() - this.#awayAt,
      WebSocket,
      EventSource,
      fetch,
      token: () => this.#tokens.current(),
      welcomed: (/** @type {any} */ welcome) => this.#welcomed(welcome),
      wantsToken: () => this.#authenticate(),
      ended: (/** @type {Link} */ link, /** @type {End} */ end) => this.#ended(link, end),
      rearm: () => this.#arm(),
    };
  }

  /** @param {any} welcome */
  #welcomed(welcome) {
    if (this.#state === "live") return;
    this.#feed.counts.connections++;
    this.#ways.worked();
    this.#stand("live", null, null, null);
    this.#emit("welcome", welcome);
  }

  /** @param {Link} link @param {End} end */
  #ended(link, { code, reason, atOnce }) {
    if (link !== this.#link) return;
    if (this.#state === "live") this.#awayAt = this.#environment.now();
    this.#link = null;
    this.#feed.wishes.lost();
    if (link.welcome === null) this.#ways.failed();
    const wait = atOnce ? 0 : this.#retries.wait(code, reason, link.proven);
    if (wait === null) this.#stand("closed", words(code, reason), code, null);
    else this.#stand("waiting", words(code, reason), code, this.#environment.now() + wait);
    this.#arm();
  }

  async #authenticate() {
    const link = this.#link;
    const token = await this.#tokens.fresh();
    if (token === null || link !== this.#link) return;
    link?.authenticate(token);
    this.#arm();
  }

  #woken() {
    if (this.#state === "waiting") this.retryNow();
    else this.#link?.doubt();
    this.#arm();
  }

  /** @param {number | null} ceiling */
  #hidden(ceiling) {
    if (this.#feed.wishes.ceiling === ceiling) return;
    this.#feed.wishes.ceiling = ceiling;
    this.#change();
  }

  /** One timer, for what comes next. */
  #arm() {
    this.#environment.clearTimeout(this.#timer);
    this.#timer = null;
    const at = this.#link ? this.#link.tick() : (this.#retryAt ?? Infinity);
    if (at === Infinity) return;
    const wait = Math.max(0, at - this.#environment.now());
    this.#timer = this.#environment.setTimeout(() => (this.#link ? this.#arm() : this.#dial()), wait);
  }

  /** @param {State} state @param {string | null} reason @param {number | null} code @param {number | null} retryAt */
  #stand(state, reason, code, retryAt) {
    this.#state = state;
    this.#reason = reason;
    this.#retryAt = retryAt;
    this.#emit("state", { state, reason, code, retryAt });
  }

  /** @param {string} type @param {any} detail */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
