// The watchlist's view: which list, what is on it, and what the reader does with it.

import { expanded, isPattern } from "./directory.js";
import { element } from "./dom.js";
import { Lists } from "./lists.js";
import { listHref, parse, sharedHref } from "./routes.js";
import { Search } from "./search.js";
import { directory, ticker } from "./session.js";
import { Table } from "./table.js";
import { Tabs } from "./tabs.js";
import { toast } from "./toast.js";
import { counted } from "./words.js";

const FIRST_NAME = "Main";
const FIRST_SYMBOLS = 30; // of a directory, for who has no list yet

const lists = new Lists(globalThis.localStorage);

export class Watchlist extends HTMLElement {
  #tabs = new Tabs(lists, this);
  #table = new Table();
  #search = new Search(this);
  #onStorage = () => {
    lists.reload();
    this.route(parse(location.hash));
  };
  #onState = () => {
    if (ticker.state === "live" && !this.symbols.length) this.route(parse(location.hash)); // there was no directory yet
  };
  #route = null;
  name = FIRST_NAME;
  symbols = [];
  shared = false; // from the address, not kept here

  connectedCallback() {
    this.replaceChildren(
      element("h1", { class: "hidden" }, "Watchlist"),
      element("div", { class: "bar" }, this.#tabs.element, this.#search.element),
      this.#table,
    );
    this.#table.addEventListener("edit", ({ detail }) => this.edit(detail));
    addEventListener("storage", this.#onStorage);
    ticker.addEventListener("state", this.#onState);
  }

  disconnectedCallback() {
    removeEventListener("storage", this.#onStorage);
    ticker.removeEventListener("state", this.#onState);
  }

  /** Show what the address says. */
  async route({ name, symbols }) {
    this.shared = Boolean(symbols);
    this.name = name || (this.shared ? "Shared" : lists.last ?? FIRST_NAME);
    if (!this.shared && lists.has(this.name)) lists.last = this.name;
    const route = (this.#route = Symbol("the newest"));
    const shown = await this.#named(symbols ?? lists.symbols(this.name));
    if (route === this.#route) this.#take(shown);
  }

  /** The symbols behind names and patterns; where there is no list of them, the directory's first. */
  async #named(names) {
    if (names === null) return (await directorySymbols()).slice(0, FIRST_SYMBOLS);
    return names.some(isPattern) ? expanded(names, await directorySymbols()) : names;
  }

  has(symbol) {
    return this.symbols.includes(symbol);
  }

  add(symbols) {
    this.edit([...new Set([...this.symbols, ...symbols])]);
  }

  remove(symbol) {
    this.edit(this.symbols.filter((other) => other !== symbol));
  }

  /** The reader's change, kept where the list is: in this browser or in the address. What was removed can come back. */
  edit(symbols) {
    const before = this.symbols;
    const gone = before.filter((symbol) => !symbols.includes(symbol));
    this.#keep(symbols);
    if (gone.length) toast(`Removed ${gone.length > 1 ? counted(gone.length, "symbol") : gone[0]}`, "Undo", () => this.#keep(before));
  }

  /** Keep a shared list in this browser. */
  adopt() {
    const name = lists.free(this.name);
    lists.keep(name, this.symbols);
    location.hash = listHref(name);
  }

  #keep(symbols) {
    if (this.shared) {
      history.replaceState(null, "", sharedHref(this.name, symbols));
    } else {
      lists.keep(this.name, symbols);
      lists.last = this.name;
    }
    this.#take(symbols);
  }

  #take(symbols) {
    this.symbols = symbols;
    this.#tabs.paint();
    this.#table.show(symbols);
  }
}

async function directorySymbols() {
  try {
    return (await directory()).map(({ symbol }) => symbol);
  } catch {
    return [];
  }
}

customElements.define("ticker-watchlist", Watchlist);
