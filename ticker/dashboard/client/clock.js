/** The service's clock, as told by what it says: ages are shown by it and not by the clock of this machine. */

const BEST_LASTS_MS = 300_000; // clocks drift: an old answer that was quick is no better than a new one
const SLOWER_MS = 20;

/** Times in ms since 1970. */
export class ServerClock {
  #ahead = 0; // of ours
  #told = false;
  #best = { took: Infinity, at: -Infinity };
  /** From the service to here, as half of the last question and its answer. @type {number | null} */
  latency = null;

  /** The service said its time, unasked: it is at least as late there. @param {string} time @param {number} now */
  welcomed(time, now) {
    this.#ahead = Date.parse(time) - now;
    this.#told = true;
    this.#best = { took: Infinity, at: -Infinity };
  }

  /** The service said its time some time between question and answer. One that took long says little.
   * @param {string} time @param {number} asked @param {number} now
   */
  answered(time, asked, now) {
    const took = Math.max(0, now - asked);
    this.latency = took / 2;
    if (took > this.#best.took + SLOWER_MS && now - this.#best.at < BEST_LASTS_MS) return;
    this.#best = { took, at: now };
    this.#ahead = Date.parse(time) - (asked + now) / 2;
  }

  /** The service's time when ours is `now`; ours where it has said none yet. @param {number} now */
  at(now) {
    return now + (this.#told ? this.#ahead : 0);
  }

  /** The same as the service writes it, with nine digits: such times are compared as strings. @param {number} now */
  text(now) {
    return new Date(this.at(now)).toISOString().replace("Z", "000000Z");
  }
}
