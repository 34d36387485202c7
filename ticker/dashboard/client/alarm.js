/** One timer, for what comes next. */

const ASLEEP_MS = 5_000; // one that rings so late has slept, with the machine or the page

export class Alarm {
  #environment;
  #ring;
  /** @type {any} */
  #timer = null;

  /** @param {import("./environment.js").Environment} environment
   * @param {(late: boolean) => void} ring `late`: there was a time in which nothing happened here
   */
  constructor(environment, ring) {
    this.#environment = environment;
    this.#ring = ring;
  }

  /** In the place of what it was set to before. @param {number} at in ms, as `now`; Infinity: never */
  set(at) {
    const { now, clearTimeout, setTimeout } = this.#environment;
    clearTimeout(this.#timer);
    const ring = () => this.#ring(now() - at > ASLEEP_MS);
    this.#timer = at === Infinity ? null : setTimeout(ring, Math.max(0, at - now()));
  }
}
