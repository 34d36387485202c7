/** The options of subscriptions that cover the same symbol, put together: each part gets at least what it asked for. */

/** @typedef {{maxRate?: number | null, fields: readonly string[] | null}} Options */

const TICKER_RATE = 10; // what the service gives without a rate, where its operator says nothing else
const UNTHINNED = ["trades", "status"];

/** The most of two. @param {Options} one @param {Options} other @param {string} channel @returns {Options} */
export function most(one, other, channel) {
  return { maxRate: faster(one.maxRate, other.maxRate, channel), fields: union(one.fields, other.fields) };
}

/** As a request says them. @param {Options} options @param {string} channel @param {number | null} ceiling of the rate
 * @returns {{max_rate?: number | null, fields?: readonly string[]}}
 */
export function asked(options, channel, ceiling) {
  const fields = options.fields === null ? {} : { fields: options.fields };
  if (UNTHINNED.includes(channel)) return fields;
  const rate = ceiling === null ? options.maxRate : slower(options.maxRate, ceiling, channel);
  return rate === undefined ? fields : { max_rate: rate, ...fields };
}

/** @param {number | null | undefined} one @param {number | null | undefined} other @param {string} channel */
function faster(one, other, channel) {
  if (one === other) return one;
  return finite(Math.max(number(one, channel), number(other, channel)));
}

/** @param {number | null | undefined} rate @param {number} ceiling @param {string} channel */
function slower(rate, ceiling, channel) {
  return number(rate, channel) <= ceiling ? rate : ceiling;
}

/** @param {number | null | undefined} rate @param {string} channel */
function number(rate, channel) {
  if (rate === undefined) return channel === "ticker" ? TICKER_RATE : Infinity;
  return rate ?? Infinity;
}

/** @param {number} rate */
const finite = (rate) => (rate === Infinity ? null : rate);

/** @param {readonly string[] | null} one @param {readonly string[] | null} other */
function union(one, other) {
  if (one === null || other === null) return null;
  return one === other ? one : [...new Set([...one, ...other])].sort();
}
