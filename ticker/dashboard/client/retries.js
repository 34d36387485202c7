/** When to come back after a connection has gone: the table of close codes in docs/protocol.md, and backoff. */

export const BACKOFF_MS = [500, 30_000];
export const ABUSE_MS = 60_000;

export const CUT = 1006; // what a connection without a close frame counts as (RFC 6455, section 7.1.5)
export const NOT_OURS = 1002;
export const UNAUTHENTICATED = 4401;

const SENT_AWAY = [1001, 1012, 1013]; // the reason says for how long
const TOO_SLOW = [4008, 4009];
const OUR_BUG = [1002, 1003, 1007, 1009];
export const NO_ENTRY = [4401, 4403];
const ABUSE = 4429;

/** @type {Record<number, string>} */
const WORDS = {
  1000: "the service closed the connection",
  1001: "the service goes away",
  1005: "the service closed the connection",
  1006: "the connection was cut",
  1008: "the service does not allow it",
  1011: "the service failed",
  1012: "the service restarts",
  1013: "the service is full",
  4008: "the service found this client too slow",
  4009: "the service did not hear this client",
  4401: "the service needs a token, or another one",
  4403: "the token does not allow it",
  4429: "the service had too many requests that it must refuse",
};

/** One client's. Backoff starts anew with the first data and not with the connection: a service that takes us in and
 * throws us out again must not be met in a tight loop. */
export class Retries {
  #ceiling = BACKOFF_MS[0];
  #random;

  /** @param {() => number} random uniform below 1 */
  constructor(random) {
    this.#random = random;
  }

  /** How many ms to wait after a close code; null: do not come back, it would be the same again.
   * @param {number} code @param {string} reason @param {boolean} proven data came over the connection
   */
  wait(code, reason, proven) {
    if (proven) this.#ceiling = BACKOFF_MS[0];
    if (OUR_BUG.includes(code) || NO_ENTRY.includes(code)) return null;
    if (code === ABUSE) return ABUSE_MS;
    if (TOO_SLOW.includes(code) && proven) return 0;
    const said = SENT_AWAY.includes(code) ? /retry_after_ms=(\d{1,9})\b/.exec(reason) : null;
    return said ? Number(said[1]) : this.backoff();
  }

  /** Full jitter: uniform between nothing and a ceiling that doubles. */
  backoff() {
    const wait = this.#random() * this.#ceiling;
    this.#ceiling = Math.min(this.#ceiling * 2, BACKOFF_MS[1]);
    return wait;
  }
}

/** Whether the service said how long to stay away: it is not for us to come back sooner. @param {number} code */
export const isTold = (code) => SENT_AWAY.includes(code) || code === ABUSE;

/** A close code and its reason in words. @param {number} code @param {string} reason */
export function words(code, reason) {
  const known = WORDS[code] ?? `closed with code ${code}`;
  return reason === "" || reason.includes("retry_after_ms=") ? known : `${known}: ${reason}`;
}
