// The watchlists that are kept in this browser: named, in order, each a list of symbols in its own order.

const KEY = "ticker.watchlists";
const LAST = "ticker.watchlists.last";

export class Lists {
  /** `storage` is a localStorage; where that is not to be had or holds something else, lists last as long as the page. */
  constructor(storage) {
    this.storage = storage;
    this.lists = this.#read();
  }

  get names() {
    return this.lists.map(({ name }) => name);
  }

  /** The name of the list that was looked at last, or else of the first; undefined where there is none. */
  get last() {
    const last = attempt(() => this.storage.getItem(LAST));
    return this.has(last) ? last : this.names[0];
  }

  set last(name) {
    attempt(() => this.storage.setItem(LAST, name));
  }

  has(name) {
    return this.names.includes(name);
  }

  /** The symbols of a list, null where there is none of that name. */
  symbols(name) {
    return this.lists.find((list) => list.name === name)?.symbols ?? null;
  }

  /** Keep a list, in the place of the one of that name, else as the last. */
  keep(name, symbols) {
    const list = { name, symbols: [...symbols] };
    const place = this.names.indexOf(name);
    this.#write(place < 0 ? [...this.lists, list] : this.lists.with(place, list));
  }

  rename(name, other) {
    this.#write(this.lists.map((list) => (list.name === name ? { ...list, name: other } : list)));
  }

  remove(name) {
    this.#write(this.lists.filter((list) => list.name !== name));
  }

  /** A name that none has yet, made of this one: "Majors", "Majors 2". */
  free(name) {
    let free = name;
    for (let number = 2; this.has(free); number += 1) free = `${name} ${number}`;
    return free;
  }

  /** Take in what another tab of this browser has changed. */
  reload() {
    this.lists = this.#read();
  }

  #read() {
    const kept = attempt(() => JSON.parse(this.storage.getItem(KEY)));
    return Array.isArray(kept) ? kept.filter(isList) : this.lists ?? [];
  }

  #write(lists) {
    this.lists = lists;
    attempt(() => this.storage.setItem(KEY, JSON.stringify(lists)));
  }
}

const isText = (value) => typeof value === "string";

const isList = (list) => isText(list?.name) && Array.isArray(list.symbols) && list.symbols.every(isText);

// Storage may be forbidden, full, or hold what something else has put there: the page works without.
function attempt(action) {
  try {
    return action();
  } catch {
    return null;
  }
}
