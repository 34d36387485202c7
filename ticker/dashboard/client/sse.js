/** The driver of server-sent events: EventSources, opened and closed as it is planned. */

import { get } from "./rest.js";
import { CUT, UNAUTHENTICATED } from "./retries.js";
import { plan, Stream } from "./streams.js";

const CLOSED = 2; // readyState: it has given up
const BACK_MS = 2_000; // as the service has browsers wait
const LOOK_MS = 5_000; // how often to look for silence
const CONNECT_MS = 10_000;
const TYPES = "welcome ack synced heartbeat ticker quote trade bar stats status gap".split(" ");

/** @typedef {import("./wish.js").Wish} Wish */
/** @typedef {{stream: Stream, source: InstanceType<import("../ticker-client.d.ts").EventSourceClass> | null,
 *   replaced: Open[], openAt: number, url: string, ticket?: string}} Open */

export class SseLink {
  /** @type {Set<Open>} */
  #open = new Set();
  #alone = new WeakSet();
  #begun = new WeakSet();
  #dirty = true;
  #doubted = false;
  #over = false;
  #host;
  /** @type {any} */
  welcome = null;
  proven = false;

  /** @param {import("./link.js").Host} host */
  constructor(host) {
    this.#host = host;
  }

  tick() {
    const now = this.#host.now();
    if (this.#dirty) this.#replan(now);
    for (const open of this.#open) {
      if (open.source === null && now >= open.openAt) this.#connect(open);
      const mute = !open.stream.welcomed && now - open.openAt >= CONNECT_MS && now - open.stream.heardAt >= CONNECT_MS;
      if (mute || open.stream.dead(now, this.#doubted)) {
        this.#end(CUT, "nothing was heard from the service", this.#doubted);
        return Infinity;
      }
    }
    this.#doubted = false;
    const later = [...this.#open].filter(({ source }) => source === null).map(({ openAt }) => openAt);
    return this.#open.size === 0 ? Infinity : Math.min(now + LOOK_MS, ...later);
  }

  changed() {
    this.#dirty = true;
  }

  doubt() {
    this.#doubted = true;
  }

  authenticate() {
    // With a ticket, in `#connect`.
  }

  close() {
    this.#over = true;
    for (const open of this.#open) open.source?.close();
    this.#open.clear();
  }

  /** Open what is not there yet; what it replaces goes on until it is. @param {number} now */
  #replan(now) {
    this.#dirty = false;
    const { feed } = this.#host;
    for (const wish of feed.wishes) {
      if (!this.#begun.has(wish)) wish.begin();
      this.#begun.add(wish);
    }
    const planned = new Map(plan(feed.wishes, feed.wishes.ceiling, this.#alone).map((one) => [one.key, one]));
    const obsolete = [];
    for (const open of this.#open) {
      const still = planned.get(open.stream.key);
      planned.delete(open.stream.key);
      if (still) open.stream.replan(still);
      else obsolete.push(open);
    }
    for (const one of planned.values()) {
      const replaced = obsolete.filter(({ stream }) => stream.stream === one.stream);
      const stream = new Stream(one, now, this.#host.clock.text(now));
      this.#open.add({ stream, source: null, replaced, openAt: now, url: "" });
    }
    const kept = new Set([...this.#open].flatMap(({ replaced }) => replaced));
    for (const open of obsolete) if (!kept.has(open)) this.#drop(open);
  }

  /** @param {Open} open */
  async #connect(open) {
    const host = this.#host;
    open.openAt = Infinity;
    const ticket = (open.ticket = await this.#ticket());
    if (this.#over || !this.#open.has(open)) return;
    open.openAt = host.now();
    open.stream.heardAt = host.now();
    open.url = host.address.rest("sse", { ...open.stream.query(host.clock.at(host.now())), ticket });
    const source = new host.EventSource(open.url);
    open.source = source;
    for (const type of TYPES) source.addEventListener(type, ({ data }) => this.#heard(open, data));
    source.onerror = () => this.#failed(open);
    host.rearm();
  }

  /** What stands for the token in a URL, and is good for one connection. */
  async #ticket() {
    try {
      const token = await this.#host.token();
      if (token === null) return undefined;
      const { ticket } = await get(this.#host.fetch, this.#host.address.rest("ticket"), token, "POST");
      return ticket;
    } catch (/** @type {any} */ error) {
      if (error.code === 404) return undefined; // a service without access control has no tickets
      const refused = error.code === 401 || error.code === 403;
      this.#end(refused ? UNAUTHENTICATED : CUT, `no ticket: ${error.message}`, false);
    }
  }

  /** @param {Open} open @param {string} data */
  #heard(open, data) {
    if (this.#over || !this.#open.has(open)) return;
    const { feed, now } = this.#host;
    const message = JSON.parse(data);
    open.stream.receive(message, now(), feed, (wish) => this.#settled(wish));
    this.proven ||= open.stream.proven;
    if (message.type === "welcome") {
      this.welcome = message;
      this.#host.clock.welcomed(message.time, now());
      if ([...this.#open].every(({ stream }) => stream.welcomed)) this.#host.welcomed(message);
    }
    if (message.type === "synced") {
      for (const old of open.replaced) if (this.#mayGo(old)) this.#drop(old);
      open.replaced = [];
    }
  }

  /** @param {Open} open */
  #failed(open) {
    if (this.#over || !this.#open.has(open)) return;
    open.stream.interrupted(this.#host.now());
    if (open.source?.readyState === CLOSED) {
      open.source.close();
      this.#explain(open);
      return;
    }
    this.#host.interrupted("the stream was cut");
    if (!open.stream.stream.startsWith("bars")) return; // what trades were missed the browser asks for
    open.source?.close();
    open.source = null;
    open.openAt = this.#host.now() + BACK_MS;
    this.#host.rearm();
  }

  /** An EventSource does not say why it has given up: ask. @param {Open} open */
  async #explain(open) {
    const { fetch, feed } = this.#host;
    const abort = new AbortController();
    const response = await fetch(open.url, { signal: abort.signal }).catch(() => null);
    const status = response?.status ?? 0;
    const error = response && !response.ok ? await response.json().catch(() => null) : null;
    abort.abort();
    if (this.#over) return;
    const unauthenticated = status === 401 || status === 403;
    // A ticket is good for one connection: that it is refused says nothing of the token.
    if (unauthenticated && !open.ticket) this.#end(UNAUTHENTICATED, error?.reason ?? "", false);
    else if (unauthenticated || !error?.reason || status >= 500 || error.retry_after_ms)
      this.#end(CUT, error?.reason ?? "", false);
    else this.#refused(open, error, feed);
  }

  /** @param {Open} open @param {{code: number, reason: string}} error @param {import("./feed.js").Feed} feed */
  #refused(open, error, feed) {
    feed.counts.refused++;
    const { wishes } = open.stream;
    if (wishes.size === 1) for (const wish of wishes) feed.refuse(wish, error);
    else for (const wish of wishes) this.#alone.add(wish); // one of them is to blame
    this.#drop(open);
    this.#dirty = true;
    this.#host.rearm();
  }

  /** Whether nothing else replaces it still. @param {Open} old */
  #mayGo(old) {
    return ![...this.#open].some(({ replaced, stream }) => replaced.includes(old) && !stream.synced);
  }

  /** @param {Open} open */
  #drop(open) {
    open.source?.close();
    this.#open.delete(open);
  }

  /** @param {Wish} wish */
  #settled(wish) {
    return [...this.#open].every(({ stream }) => stream.synced || !stream.wishes.has(wish));
  }

  /** @param {number} code @param {string} reason @param {boolean} atOnce */
  #end(code, reason, atOnce) {
    this.close();
    this.#host.ended(this, { code, reason, atOnce });
  }
}
