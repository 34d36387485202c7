/** What to ask the service for on one connection, so that it gives what is wished for: within its limits, and again
 * where it was refused for a while. No I/O. */

import { answered } from "./answers.js";
import { changes, farewells, joins } from "./plan.js";

const NAMES_MOST = 1_000; // of a request
const UNANSWERED_MOST = 5; // requests: where the service has no room for more, few of them are refused in vain
const REFUSED_MS = 200; // after a refusal: a hundred in ten seconds would be abuse
const HOLD_LEAST_MS = 1_000;

/** @typedef {import("./wish.js").Wish} Wish */
/** How a wish stands on this connection: the names that are still to be asked for, and the requests that are not
 * answered whole. @typedef {{todo: Set<string>, pending: Set<number>, served: boolean, alone: boolean}} Standing */
/** @typedef {{op: string, stream: string, names: string[], wishes: Set<Wish>, body: Record<string, any>,
 *   signature: string, before: Map<string, string | null | undefined>}} Request */
/** What the service holds for us: by stream and name the options, null for a name that it does not know.
 * @typedef {Map<string, Map<string, string | null>>} Held */

export class Asking {
  /** @type {Map<Wish, Standing>} */
  #standings = new Map();
  /** @type {Held} */
  #held = new Map();
  /** By id. @type {Map<number, Request>} */
  #unanswered = new Map();
  #dirty = true;
  #holdUntil = 0;
  #limits = { message_bytes: 65_536, requests_per_second: 20, symbols: NAMES_MOST };
  #tokens = 1;
  #filledAt = -Infinity;

  /** @param {import("./feed.js").Feed} feed @param {import("./clock.js").ServerClock} clock */
  constructor(feed, clock) {
    this.feed = feed;
    this.clock = clock;
  }

  /** @param {import("../ticker-client.d.ts").Welcome["limits"]} limits */
  limits(limits) {
    this.#limits = { ...this.#limits, ...limits };
  }

  changed() {
    this.#dirty = true;
  }

  /** The requests to send now. @param {number} now @param {() => number} number of the next one */
  due(now, number) {
    /** @type {object[]} */
    const found = [];
    if (!this.#dirty || now < this.#holdUntil) return found;
    const planned = this.#plan(now);
    for (const request of planned) {
      if (this.#unanswered.size >= UNANSWERED_MOST || !this.#mayAsk(now)) break;
      const id = number();
      this.#commit(request, id, now);
      found.push({ op: request.op, id, ...request.body });
    }
    this.#dirty = found.length < planned.length;
    return found;
  }

  /** When `due` has more to say by itself. */
  wakeAt() {
    if (!this.#dirty || this.#unanswered.size >= UNANSWERED_MOST) return Infinity;
    return Math.max(this.#holdUntil, this.#filledAt + 1_000 / this.#limits.requests_per_second);
  }

  /** Whether a wish gets trades and bars by now: what came before it was told of was for others. @param {Wish} wish */
  served(wish) {
    return this.#standings.get(wish)?.served ?? false;
  }

  /** Whether all that was asked for has come. @param {Wish} wish */
  settled(wish) {
    const standing = this.#standings.get(wish);
    return standing !== undefined && standing.todo.size === 0 && standing.pending.size === 0;
  }

  /** @param {any} message an ack */
  acknowledged(message) {
    const request = this.#unanswered.get(message.id);
    if (!request) return;
    if (request.op === "unsubscribe") this.#done(message.id);
    for (const wish of request.wishes) this.#standing(wish).served = true;
    const rejected = request.op === "subscribe" ? (message.rejected ?? []) : [];
    for (const one of rejected) this.#held.get(request.stream)?.set(one.symbol, null);
    this.feed.rejected(request.stream, rejected);
  }

  /** @param {any} message */
  synced(message) {
    const request = this.#unanswered.get(message.id);
    if (!request) return;
    this.#done(message.id);
    for (const wish of request.wishes) {
      this.#standing(wish).pending.delete(message.id);
      if (this.settled(wish)) wish.synced();
    }
  }

  /** The request did nothing. @param {any} message an error @param {number} now */
  refused(message, now) {
    const request = this.#unanswered.get(message.id);
    this.feed.counts.refused++;
    if (!request) return;
    this.#done(message.id);
    const later = message.retry_after_ms !== undefined;
    this.#holdUntil = now + (later ? Math.max(HOLD_LEAST_MS, message.retry_after_ms) : REFUSED_MS);
    const answer = answered(request, message);
    if (answer !== "tell") this.#undo(request, message.id);
    if (answer === "alone") for (const wish of request.wishes) this.#standing(wish).alone = true;
    if (answer === "refuse") for (const wish of request.wishes) this.feed.refuse(wish, message);
    if (answer === "tell") this.feed.problem(message, { channel: request.body.channel });
    if (answer === "forget") for (const wish of request.wishes) this.feed.forget(wish);
  }

  /** @param {number} now */
  #plan(now) {
    const wanted = this.feed.wishes.wanted();
    for (const wish of this.#standings.keys()) if (!this.feed.wishes.has(wish)) this.#standings.delete(wish);
    for (const wish of this.feed.wishes) this.#standing(wish);
    const limits = { names: Math.min(NAMES_MOST, this.#limits.symbols), bytes: this.#limits.message_bytes };
    return [
      ...farewells(this.#held, wanted, limits),
      ...joins(this.#standings, wanted, this.clock.at(now), limits),
      ...changes(this.#held, this.#standings, wanted, limits),
    ];
  }

  /** @param {Request} request @param {number} id @param {number} now */
  #commit(request, id, now) {
    const held = this.#held.get(request.stream) ?? new Map();
    this.#held.set(request.stream, held);
    for (const name of request.names) {
      request.before.set(name, held.get(name));
      if (request.op === "subscribe") held.set(name, request.signature);
      else held.delete(name);
    }
    for (const wish of request.wishes) {
      const standing = this.#standing(wish);
      for (const name of request.names) standing.todo.delete(name);
      standing.pending.add(id);
      wish.asked(this.clock.text(now));
    }
    this.#unanswered.set(id, request);
    this.feed.counts.requests++;
  }

  /** As if it had never been asked. @param {Request} request @param {number} id */
  #undo(request, id) {
    this.#dirty = true;
    for (const [name, before] of request.before) {
      const held = this.#held.get(request.stream);
      if (before === undefined) held?.delete(name);
      else held?.set(name, before);
    }
    for (const wish of request.wishes) {
      const standing = this.#standing(wish);
      standing.pending.delete(id);
      for (const name of request.names) if (wish.holds(name)) standing.todo.add(name);
    }
  }

  /** @param {number} id */
  #done(id) {
    this.#unanswered.delete(id);
  }

  /** @param {Wish} wish @returns {Standing} */
  #standing(wish) {
    let standing = this.#standings.get(wish);
    if (!standing) {
      standing = { todo: new Set(wish.names), pending: new Set(), served: false, alone: false };
      this.#standings.set(wish, standing);
      wish.begin();
    }
    return standing;
  }

  /** At most as many requests a second as the service takes. @param {number} now */
  #mayAsk(now) {
    const rate = this.#limits.requests_per_second;
    this.#tokens = Math.min(rate, this.#tokens + (rate * Math.max(0, now - this.#filledAt)) / 1_000);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
