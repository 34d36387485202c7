/** The token of a client: a value, or a function that fetches one. */

/** @typedef {string | (() => string | Promise<string>) | undefined} Source */

export class Tokens {
  #source;
  /** @type {string | null} */
  #last = null;
  /** @type {string | null} */
  #refused = null;

  /** @param {Source} source */
  constructor(source) {
    this.#source = source;
  }

  /** Whether there may be another one. */
  get renewable() {
    return typeof this.#source === "function";
  }

  /** A new one, where there is a function for it; null without any. Rejects as the function does. */
  async fresh() {
    const source = this.#source;
    if (source === undefined) return null;
    this.#last = typeof source === "function" ? await source() : source;
    return this.#last;
  }

  /** A new one for a service that wants one, or what is the problem. */
  async offered() {
    try {
      return { token: await this.fresh(), problem: "connect(url, { token }) takes one" };
    } catch (error) {
      return { token: null, problem: `no token: ${error instanceof Error ? error.message : error}` };
    }
  }

  /** The last one, or the first. */
  async current() {
    return this.#last ?? this.fresh();
  }

  /** The service did not accept the last one: whether there may be another. */
  refused() {
    const again = this.renewable && (this.#last === null || this.#last !== this.#refused);
    this.#refused = this.#last;
    this.#last = null;
    return again;
  }
}
