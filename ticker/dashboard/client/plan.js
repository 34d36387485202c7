/** The requests that lead from what the service holds for a connection to what is wished for. No I/O.
 *
 * Those of one moment go together: names of equal channel, interval and options are one request, or as few as the
 * service's limits allow.
 */

import { isPattern } from "./patterns.js";

/** @typedef {import("./asking.js").Request} Request */
/** @typedef {import("./asking.js").Held} Held */
/** @typedef {import("./wish.js").Wish} Wish */
/** @typedef {Map<string, Map<string, import("./wishes.js").Asked>>} Wanted */
/** @typedef {{names: number, bytes: number}} Limits of one request */
/** @typedef {{stream: string, options: Record<string, any>, names: Set<string>, wishes: Set<Wish>}} Group */

const ENVELOPE = 1_024; // bytes of a request besides its names: more than enough

/** What nobody wants any more. @param {Held} held @param {Wanted} wanted @param {Limits} limits */
export function farewells(held, wanted, limits) {
  const found = [];
  for (const [stream, names] of held) {
    const gone = [...names].filter(([name]) => !wanted.get(stream)?.has(name));
    const known = gone.filter(([, options]) => options !== null).map(([name]) => name);
    for (const [name, options] of gone) if (options === null) names.delete(name);
    found.push(...requests("unsubscribe", group(stream, {}, known), limits));
  }
  return found;
}

/** What wishes wait for on this connection: first those that go on where they were, since each trade counts.
 * @param {Map<Wish, import("./asking.js").Standing>} standings @param {Wanted} wanted @param {number} time
 * @param {Limits} limits
 */
export function joins(standings, wanted, time, limits) {
  /** @type {Map<string, Group>} */
  const groups = new Map();
  for (const [wish, { todo, alone }] of standings) {
    if (wish.refused) continue;
    for (const name of todo) {
      const options = wanted.get(wish.stream)?.get(name) ?? {};
      const beginning = wish.beginning(name, time);
      const parts = [wish.stream, options, { ...beginning, since: beginning.since && true }, alone && id(wish)];
      const key = JSON.stringify(parts);
      const own = groups.get(key) ?? group(wish.stream, { ...options, ...beginning }, []);
      // All get what the oldest needs.
      if (beginning.since && own.options.since > beginning.since) own.options.since = beginning.since;
      own.names.add(name);
      own.wishes.add(wish);
      groups.set(key, own);
    }
  }
  const ordered = [...groups.values()].sort((a, b) => Number("since" in b.options) - Number("since" in a.options));
  return ordered.flatMap((one) => requests("subscribe", one, limits));
}

/** Other options for what is held already.
 * @param {Held} held @param {Map<Wish, import("./asking.js").Standing>} standings @param {Wanted} wanted
 * @param {Limits} limits
 */
export function changes(held, standings, wanted, limits) {
  const joining = [...standings].flatMap(([wish, { todo }]) => [...todo].map((name) => `${wish.stream} ${name}`));
  const asked = new Set(joining);
  /** @type {Map<string, Group>} */
  const groups = new Map();
  for (const [stream, names] of held) {
    for (const [name, before] of names) {
      const options = wanted.get(stream)?.get(name);
      if (!options || before === null || before === signature(options) || asked.has(`${stream} ${name}`)) continue;
      const fields = JSON.stringify(JSON.parse(before).fields) !== JSON.stringify(options.fields);
      const again = fields && !stream.startsWith("trades") ? { snapshot: true } : {};
      const key = JSON.stringify([stream, options, again]);
      const own = groups.get(key) ?? group(stream, { ...options, ...again }, []);
      own.names.add(name);
      groups.set(key, own);
    }
  }
  return [...groups.values()].flatMap((one) => requests("subscribe", one, limits));
}

/** @param {import("./wishes.js").Asked} options */
export const signature = (options) => JSON.stringify({ max_rate: options.max_rate, fields: options.fields });

/** @param {string} stream @param {Record<string, any>} options @param {Iterable<string>} names @returns {Group} */
const group = (stream, options, names) => ({ stream, options, names: new Set(names), wishes: new Set() });

/** @param {"subscribe" | "unsubscribe"} op @param {Group} group @param {Limits} limits @returns {Request[]} */
function requests(op, { stream, options, names, wishes }, limits) {
  const [channel, interval] = stream.split(" ");
  return portions([...names], limits).map((portion) => ({
    op,
    stream,
    names: portion,
    wishes: new Set([...wishes].filter((wish) => portion.some((name) => wish.holds(name)))),
    body: { channel, symbols: portion, ...(interval && { interval }), ...options },
    signature: signature(options),
    before: new Map(),
  }));
}

/** Names first and patterns behind them: where both are new, the exact name's snapshot is not told twice.
 * @param {string[]} names @param {Limits} limits
 */
function portions(names, limits) {
  const sorted = [...names].sort((a, b) => Number(isPattern(a)) - Number(isPattern(b)));
  /** @type {string[][]} */
  const found = [];
  let room = 0;
  for (const name of sorted) {
    const bytes = new TextEncoder().encode(JSON.stringify(name)).length + 1;
    let last = found[found.length - 1];
    if (!last || last.length >= limits.names || bytes > room) {
      found.push((last = []));
      room = limits.bytes - ENVELOPE;
    }
    last.push(name);
    room -= bytes;
  }
  return found;
}

/** A number of its own for each wish. @type {WeakMap<Wish, number>} */
const ids = new WeakMap();
let count = 0;

/** @param {Wish} wish */
function id(wish) {
  if (!ids.has(wish)) ids.set(wish, ++count);
  return ids.get(wish);
}
