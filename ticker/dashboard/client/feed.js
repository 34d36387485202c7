/** From the service to the parts of a page: who gets which message, and what has been refused. No I/O. */

import { suggestion } from "./answers.js";
import { Wishes } from "./wishes.js";

/** @typedef {import("./wish.js").Wish} Wish */
/** @typedef {import("./wish.js").Message} Message */
/** @typedef {{served: (wish: Wish) => boolean, settled: (wish: Wish) => boolean}} Standings */

export class Feed {
  wishes = new Wishes();
  /** @type {import("../ticker-client.d.ts").Counts} */
  counts = {
    connections: 0,
    messages: 0,
    updates: 0,
    conflated: 0,
    repeated: 0,
    gaps: 0,
    missed: 0,
    requests: 0,
    refused: 0,
  };
  #emit;

  /** @param {(type: string, detail: any) => void} emit tells the page */
  constructor(emit) {
    this.#emit = emit;
  }

  /** @param {Message} message @param {Standings} standings */
  deliver(message, standings) {
    const { wishes, skipped } = this.wishes.route(message, (wish) => standings.served(wish));
    const takers = wishes.filter((wish) => wish.takes(message, standings.settled(wish)));
    this.#count(message, skipped, takers.length === 0 && wishes.length > 0);
    if (message.type === "gap" && takers.length > 0) this.#emit("gap", message);
    for (const wish of takers) call(wish.listener, message);
  }

  /** What is known already of the symbols of a wish that is new. @param {Wish} wish */
  introduce(wish) {
    for (const status of this.wishes.known(wish)) call(wish.listener, status);
  }

  /** Names that the service has not. @param {string} stream @param {import("./wish.js").Rejected[]} rejected */
  rejected(stream, rejected) {
    for (const one of rejected) {
      const wishes = [...this.wishes].filter((wish) => wish.stream === stream && wish.holds(one.symbol));
      for (const wish of wishes) wish.reject(one);
      if (wishes.length > 0) this.problem(one, { channel: wishes[0].channel, symbol: one.symbol });
    }
  }

  /** The service refused all of a wish. @param {Wish} wish @param {{code: number, reason: string}} error */
  refuse(wish, error) {
    wish.refused = true;
    wish.rejected = wish.names.map((symbol) => ({ symbol, code: error.code, reason: error.reason }));
    this.problem(error, { channel: wish.channel });
  }

  /** The service cannot resume: what was missed cannot be known. @param {Wish} wish */
  forget(wish) {
    for (const gap of wish.forget()) {
      this.#count(gap, 0, false);
      this.#emit("gap", gap);
      call(wish.listener, gap);
    }
  }

  /** @param {{code: number, reason: string}} error @param {object} about */
  problem({ code, reason }, about) {
    this.#emit("error", { code, reason, suggestion: suggestion(reason), ...about });
  }

  /** @param {Message} message @param {number} skipped @param {boolean} repeated */
  #count(message, skipped, repeated) {
    const counts = this.counts;
    if (message.type === "gap") {
      if (repeated) return;
      counts.gaps++;
      counts.missed += message.missed ?? 0;
    } else if (message.type === "trade") {
      if (repeated) counts.repeated++;
      else counts.updates++;
    } else {
      counts.updates++;
      counts.conflated += skipped;
    }
  }
}

/** A listener that fails is the page's matter, and no other's.
 * @param {(message: any) => void} listener @param {any} message
 */
function call(listener, message) {
  try {
    listener(message);
  } catch (error) {
    if (typeof globalThis.reportError === "function") globalThis.reportError(error);
    else
      queueMicrotask(() => {
        throw error;
      });
  }
}
