// The watchlist's table: a line for each symbol. Updates land in the markets; the screen is painted once a frame, only
// the lines that can be seen, and of those only what differs.

import { element } from "./dom.js";
import { Dragging } from "./dragging.js";
import { EachSecond, NextFrame } from "./frames.js";
import { History } from "./history.js";
import { Keys } from "./keys.js";
import { Market } from "./market.js";
import { Pace } from "./pace.js";
import { Row } from "./row.js";
import { lostSince, ticker } from "./session.js";
import { Sorting } from "./sorting.js";
import { Viewport } from "./viewport.js";

const ROWS_A_FRAME = 20; // made at once: no task of the browser's is to last
const APART_MS = 40; // an eye tells no more pictures apart, and the first change after quiet does not wait
const BUSY = 100; // lines painted in a second: so many do not fade, only flash
const ARRANGE_EVERY = 5; // seconds between two looks at the order while it is sorted

/** Tells of what the reader does to the list by `edit` events: `detail` has the symbols in their new order. */
export class Table extends HTMLElement {
  symbols = []; // in the reader's own order
  rows = new Map();
  #subscriptions = new Map();
  #due = new Set();
  #lost = null;
  #frame = new NextFrame(() => this.#paint(), APART_MS);
  #clock = new EachSecond(() => this.#tick());
  #seconds = 0;
  #painted = 0;
  #viewport = null;
  #calming = 0;
  #history = new History();
  #pace = new Pace(() => this.#paced());
  #sorting = new Sorting((key) => this.#sortBy(key));
  #onState = () => this.#noteState();
  #onError = ({ detail }) => this.#refused(detail);

  connectedCallback() {
    this.body = element("div", { role: "rowgroup", class: "body" });
    this.grid = element("div", { role: "grid", "aria-label": "Prices", class: "grid" }, this.#sorting.head, this.body);
    this.empty = element("p", { class: "note", hidden: true }, "Nothing on this list yet: search above to add symbols.");
    this.replaceChildren(this.grid, this.empty);
    new Keys(this);
    new Dragging(this);
    this.#viewport = new Viewport(this.body, (lines) => this.#see(lines));
    this.#viewport.start();
    ticker.addEventListener("state", this.#onState);
    ticker.addEventListener("error", this.#onError);
    this.#clock.start();
    this.#noteState();
  }

  disconnectedCallback() {
    ticker.removeEventListener("state", this.#onState);
    ticker.removeEventListener("error", this.#onError);
    this.#clock.stop();
    this.#frame.cancel();
    this.#viewport.stop();
    this.#pace.stop();
    this.show([]);
  }

  /** Show these symbols, in this order, and no others. */
  show(symbols) {
    this.symbols = [...symbols];
    const wanted = new Set(symbols);
    for (const symbol of this.#subscriptions.keys()) if (!wanted.has(symbol)) this.#drop(symbol);
    for (const symbol of symbols) if (!this.#subscriptions.has(symbol)) this.#subscribe(symbol);
    this.empty.hidden = symbols.length > 0;
    this.grid.hidden = symbols.length === 0;
    this.arrange();
    this.#frame.ask();
  }

  /** The lines' elements in the order on the screen. */
  get lines() {
    return [...this.body.children];
  }

  /** The reader changed the list. */
  edit(symbols) {
    this.dispatchEvent(new CustomEvent("edit", { detail: symbols }));
  }

  remove(symbol) {
    this.edit(this.symbols.filter((other) => other !== symbol));
  }

  /** Take the order on the screen for the reader's own. */
  keepOrder() {
    this.#sorting.by(null);
    this.edit(this.lines.map((line) => line.dataset.symbol));
  }

  /** Bring the lines into order with as few moves as it takes. */
  arrange() {
    const markets = this.symbols.map((symbol) => this.rows.get(symbol)?.market).filter(Boolean);
    let place = this.body.firstElementChild;
    for (const { symbol } of this.#sorting.sorted(markets)) {
      const line = this.rows.get(symbol).element;
      if (line === place) place = place.nextElementSibling;
      else this.body.insertBefore(line, place);
    }
    this.#viewport?.changed();
  }

  #sortBy(key) {
    this.#sorting.next(key);
    this.arrange();
  }

  #subscribe(symbol) {
    const market = new Market(symbol);
    const options = this.#pace.first(this.#subscriptions.size < ROWS_A_FRAME);
    const subscription = ticker.subscribe("ticker", symbol, options, (message) => {
      market.take(message, ticker.now());
      market.rejected = null;
      this.#touch(this.rows.get(symbol));
    });
    this.#subscriptions.set(symbol, { market, subscription });
  }

  #drop(symbol) {
    this.#subscriptions.get(symbol).subscription.close();
    this.#subscriptions.delete(symbol);
    const row = this.rows.get(symbol);
    if (!row) return;
    this.rows.delete(symbol);
    this.#due.delete(row);
    row.element.remove();
  }

  #touch(row) {
    if (!row) return;
    row.due = true;
    if (!row.visible) return;
    this.#due.add(row);
    this.#frame.ask();
  }

  #paint() {
    const now = ticker.now();
    this.#painted += this.#due.size;
    for (const row of this.#due) row.paint(now, this.#lost);
    this.#due.clear();
    if (!this.#calming && this.#flashes(0)) this.#calmLater();
    if (this.rows.size < this.symbols.length) this.#makeRows();
  }

  /** A part of the lines that are missing. */
  #makeRows() {
    const missing = this.symbols.filter((symbol) => !this.rows.has(symbol));
    for (const symbol of missing.slice(0, ROWS_A_FRAME)) {
      const row = new Row(this.#subscriptions.get(symbol).market, () => this.remove(symbol));
      this.rows.set(symbol, row);
      row.element.tabIndex = this.rows.size === 1 ? 0 : -1;
      row.paint(ticker.now(), this.#lost);
    }
    if (missing.length) this.arrange();
    if (missing.length > ROWS_A_FRAME) this.#frame.ask();
  }

  #flashes(at) {
    let any = false;
    for (const row of this.rows.values()) if (row.flashing.size && row.calm(at)) any = true;
    return any;
  }

  #calmLater() {
    this.#calming = setTimeout(() => {
      this.#calming = 0;
      if (this.#flashes(performance.now())) this.#calmLater();
    }, 100);
  }

  #see(lines) {
    for (const row of this.rows.values()) {
      row.visible = lines.has(row.element);
      if (!row.visible) continue;
      this.#history.want(row.market);
      if (row.due) this.#touch(row);
    }
    this.#pace.changed();
  }

  *#paced() {
    for (const [symbol, { subscription }] of this.#subscriptions) {
      const row = this.rows.get(symbol);
      if (row) yield { visible: row.visible, subscription };
    }
  }

  #tick() {
    const now = ticker.now();
    for (const row of this.rows.values()) if (row.visible) row.age(now, this.#lost);
    if (this.#history.settle()) this.#touchAll();
    this.toggleAttribute("data-busy", this.#painted > BUSY);
    this.#painted = 0;
    this.#seconds += 1;
    if (this.#seconds % ARRANGE_EVERY === 0 && this.#sorting.key && !this.body.matches(":hover, :focus-within")) this.arrange();
  }

  #touchAll() {
    for (const row of this.rows.values()) this.#touch(row);
  }

  #noteState() {
    this.#lost = lostSince();
    this.toggleAttribute("data-lost", this.#lost !== null);
    this.#touchAll();
  }

  #refused({ channel, symbol, reason }) {
    const subscribed = channel === "ticker" ? this.#subscriptions.get(symbol) : null;
    if (!subscribed) return;
    subscribed.market.rejected = reason;
    this.#touch(this.rows.get(symbol));
  }
}

customElements.define("ticker-table", Table);
