/** What is wished for as streams of server-sent events: each is asked for once, in its URL. No I/O. */

import { asked, most } from "./options.js";

const STREAMS_MOST = 4; // browsers keep six connections to a host, over all tabs
const SYMBOLS_LENGTH = 6_000; // in a URL: servers and proxies take 8 KiB of it
export const DEAD_MS = 25_000; // of hearing nothing; the service speaks every ten seconds at least
const LATE_MS = 12_000; // then it is overdue

/** @typedef {import("./wish.js").Wish} Wish */
/** @typedef {import("./wish.js").Message} Message */
/** @typedef {{key: string, stream: string, names: string[], options: Record<string, any>,
 *   wishes: Set<Wish>}} Planned */

/** The streams that bring it all: one for each channel and interval, where there is room more of trades and bars, so
 * that each part gets the past it wants and others do not get it again.
 * @param {Iterable<Wish>} wishes @param {number | null} ceiling of rates @param {WeakSet<Wish>} alone
 * @returns {Planned[]}
 */
export function plan(wishes, ceiling, alone) {
  const all = [...wishes].filter((wish) => !wish.refused);
  const apart = grouped(all, (wish) => (isState(wish) ? wish.stream : `${wish.stream} ${wish.names}`), alone);
  const groups = apart.length <= STREAMS_MOST ? apart : grouped(all, (wish) => wish.stream, alone);
  return groups.flatMap((group) => portions(group, ceiling));
}

/** @param {Wish} wish */
const isState = (wish) => wish.channel !== "trades" && wish.channel !== "bars";

/** @param {Wish[]} wishes @param {(wish: Wish) => string} key @param {WeakSet<Wish>} alone */
function grouped(wishes, key, alone) {
  /** @type {Map<unknown, Wish[]>} */
  const groups = new Map();
  for (const wish of wishes) {
    const own = alone.has(wish) ? wish : key(wish);
    groups.set(own, [...(groups.get(own) ?? []), wish]);
  }
  return [...groups.values()];
}

/** @param {Wish[]} wishes of one group @param {number | null} ceiling @returns {Planned[]} */
function portions(wishes, ceiling) {
  const [{ channel, stream }] = wishes;
  /** @type {import("./options.js").Options} */
  const options = wishes.slice(1).reduce((sum, wish) => most(sum, wish, channel), /** @type {any} */ (wishes[0]));
  const said = asked(options, channel, ceiling);
  return split([...new Set(wishes.flatMap((wish) => wish.names))]).map((names) => {
    const members = new Set(wishes.filter((wish) => names.some((name) => wish.holds(name))));
    return { key: JSON.stringify([stream, names, said]), stream, names, options: said, wishes: members };
  });
}

/** @param {string[]} names */
function split(names) {
  /** @type {string[][]} */
  const found = [];
  let room = 0;
  for (const name of names) {
    const length = encodeURIComponent(name).length + 1;
    if (length > room) {
      found.push([]);
      room = SYMBOLS_LENGTH;
    }
    found[found.length - 1].push(name);
    room -= length;
  }
  return found;
}

/** One stream, from its opening to its end. */
export class Stream {
  heardAt;
  welcomed = false;
  served = false;
  synced = false;
  proven = false;
  #planned;
  #askedAt;

  /** @param {Planned} planned @param {number} now @param {string} time the service's clock */
  constructor(planned, now, time) {
    this.#planned = planned;
    this.heardAt = now;
    this.#askedAt = time;
    for (const wish of planned.wishes) wish.asked(time);
  }

  get key() {
    return this.#planned.key;
  }

  get stream() {
    return this.#planned.stream;
  }

  get wishes() {
    return this.#planned.wishes;
  }

  /** Parts that came or went without another name to ask for. @param {Planned} planned */
  replan(planned) {
    for (const wish of planned.wishes) {
      if (this.#planned.wishes.has(wish)) continue;
      wish.asked(this.#askedAt);
      if (this.synced) wish.synced();
    }
    this.#planned = planned;
  }

  /** What the URL asks for. @param {number} time the service's clock, in ms */
  query(time) {
    const [channel, interval] = this.stream.split(" ");
    const { names, options, wishes } = this.#planned;
    return { channel, interval, symbols: names, ...options, ...beginning(names, [...wishes], time) };
  }

  /** Act on an event. @param {any} message @param {number} now @param {import("./feed.js").Feed} feed
   * @param {(wish: Wish) => boolean} settled
   */
  receive(message, now, feed, settled) {
    this.heardAt = now;
    feed.counts.messages++;
    if (message.type === "welcome") this.welcomed = true;
    else if (message.type === "ack") {
      this.served = true;
      feed.rejected(this.stream, message.rejected ?? []);
    } else if (message.type === "synced") {
      this.synced = true;
      for (const wish of this.wishes) if (settled(wish)) wish.synced();
    } else if (typeof message.symbol === "string") {
      this.proven ||= message.type !== "gap" && message.type !== "status";
      feed.deliver(message, { served: (wish) => this.served && this.wishes.has(wish), settled });
    }
  }

  /** It was cut, and the browser opens it again. @param {number} now */
  interrupted(now) {
    this.heardAt = now;
    this.welcomed = this.served = this.synced = false;
  }

  /** Whether nothing was heard for so long that it must be dead. @param {number} now @param {boolean} doubted */
  dead(now, doubted) {
    if (now < this.heardAt) this.heardAt = now; // somebody set the clock back
    return now - this.heardAt >= (doubted ? LATE_MS : DEAD_MS);
  }
}

/** With what all begin: what was missed, where one has to go on, else the most that one wants.
 * @param {string[]} names @param {Wish[]} wishes @param {number} time
 * @returns {{since?: string, snapshot?: boolean | number}}
 */
function beginning(names, wishes, time) {
  const all = wishes.flatMap((wish) =>
    names.filter((name) => wish.holds(name)).map((name) => wish.beginning(name, time)),
  );
  const since = all.flatMap((one) => (one.since ? [one.since] : [])).sort()[0];
  if (since !== undefined) return { since };
  const snapshots = all.map((one) => one.snapshot);
  // Of trades it is left to the service: the newest of each name, none of patterns.
  const usual = wishes[0].channel === "trades" && snapshots.every((one) => one === true || one === undefined);
  if (usual) return {};
  return { snapshot: snapshots.reduce((most, one) => (amount(one) > amount(most) ? one : most), false) };
}

/** Of a snapshot, for comparison: of trades `true` means the newest 50.
 * @param {boolean | number | undefined} snapshot
 */
const amount = (snapshot) => (snapshot === true ? 50 : Number(snapshot ?? 0));
