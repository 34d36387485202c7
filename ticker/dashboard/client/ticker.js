/** The ticker: keeps a connection to a service, over a WebSocket or server-sent events, and carries all that the parts
 * of a page subscribe to over it. */

import { Alarm } from "./alarm.js";
import { ServerClock } from "./clock.js";
import { Feed } from "./feed.js";
import { get } from "./rest.js";
import { CUT, isTold, NO_ENTRY, Retries, words } from "./retries.js";
import { Subscription } from "./subscription.js";
import { Tokens } from "./tokens.js";
import { Ways } from "./ways.js";
import { SseLink } from "./sse.js";
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
  #alarm;
  #changed = false;
  /** @type {State} */
  #state = "connecting";
  /** @type {string | null} */
  #reason = null;
  /** @type {number | null} */
  #retryAt = null;
  #patient = false; // the service said when to come back
  #over = false;
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
    this.#alarm = new Alarm(environment, (late) => this.#due(late));
    this.#unwatch = environment.watch({
      woken: (moved) => this.#woken(moved),
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
    const said = Object.entries(query).filter(([, value]) => value !== null);
    const url = this.#address.rest(path, Object.fromEntries(said));
    return get(this.#environment.fetch, url, await this.#tokens.current());
  }

  retryNow() {
    if (this.#state === "live" || this.#over) return;
    this.#link?.close();
    this.#dial();
  }

  close() {
    this.#over = true;
    this.#unwatch();
    this.#alarm.set(Infinity);
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
    if (this.#over) return;
    this.#stand("connecting", this.#reason, null, null);
    this.#link = this.#ways.next() === "sse" ? new SseLink(this.#host()) : new WebSocketLink(this.#host());
    this.#arm();
  }

  #host() {
    return {
      ...this.#environment,
      address: this.#address,
      feed: this.#feed,
      clock: this.#clock,
      token: () => this.#tokens.current(),
      welcomed: (/** @type {any} */ welcome) => this.#welcomed(welcome),
      wantsToken: () => this.#authenticate(),
      interrupted: (/** @type {string} */ reason) => this.#interrupted(reason),
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
    this.#link = null;
    this.#feed.wishes.lost();
    if (link.welcome === null) this.#ways.failed();
    this.#patient = isTold(code);
    const again = NO_ENTRY.includes(code) && this.#tokens.refused();
    const wait = atOnce ? 0 : this.#retries.wait(again ? CUT : code, reason, link.proven);
    const retryAt = wait === null ? null : Math.round(this.#environment.now() + wait);
    this.#stand(wait === null ? "closed" : "waiting", words(code, reason), code, retryAt);
    if (wait === null) this.#emit("error", { code, reason: words(code, reason), suggestion: null });
    this.#arm();
  }

  /** @param {string} reason */
  #interrupted(reason) {
    if (this.#state === "live") this.#stand("connecting", reason, null, null);
  }

  async #authenticate() {
    const link = this.#link;
    if (this.#state === "live" && !this.#tokens.renewable) return; // it ends when it ends
    const { token, problem } = await this.#tokens.offered();
    if (link === null || link !== this.#link) return;
    if (token !== null) {
      link.authenticate(token);
      this.#arm();
    } else if (this.#state !== "live") {
      link.close();
      this.#ended(link, { code: this.#tokens.renewable ? CUT : NO_ENTRY[0], reason: problem });
    }
  }

  /** The page or the machine was away. @param {boolean} moved perhaps to another network */
  #woken(moved) {
    if (moved) this.#ways.moved();
    if (this.#state === "waiting" && !this.#patient) this.retryNow();
    else this.#link?.doubt();
    this.#arm();
  }

  /** @param {number | null} ceiling */
  #hidden(ceiling) {
    if (this.#feed.wishes.ceiling === ceiling) return;
    this.#feed.wishes.ceiling = ceiling;
    this.#change();
  }

  #arm() {
    const link = this.#link;
    const at = link ? link.tick() : (this.#retryAt ?? Infinity);
    if (link === this.#link && !this.#over) this.#alarm.set(at); // else it has ended over it, and that was seen to
  }

  /** @param {boolean} late */
  #due(late) {
    if (this.#link === null) return this.#dial();
    if (late) this.#link.doubt();
    this.#arm();
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
