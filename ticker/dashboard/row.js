// One line of the watchlist: its elements, and how they are brought up to date. Only what differs is touched.

import { COLUMNS, stateText } from "./columns.js";
import { compare } from "./decimals.js";
import { element, setAttribute, svg, Text } from "./dom.js";
import { symbolHref } from "./routes.js";
import { MEANINGS, stands } from "./words.js";

const SPARK = { width: 112, height: 24 };
const FLASH_MS = 250;

const FIGURES = COLUMNS.filter((column) => column.text);

export class Row {
  constructor(market, onRemove) {
    this.market = market;
    this.visible = false;
    this.due = true;
    this.painted = {}; // the flashing figures as they were painted
    this.flashing = new Map(); // cell: until when
    this.cells = new Map(FIGURES.map((column) => [column.key, this.#figureCell(column)]));
    this.element = this.#build(onRemove);
  }

  /** Bring everything up to date; `now` is the service's time in ms, `lost` since when there is no connection. */
  paint(now, lost) {
    this.due = false;
    const { market } = this;
    for (const column of FIGURES) {
      const { cell, text } = this.cells.get(column.key);
      if (!text.write(column.text(market, now))) continue;
      if (column.flashes) this.#flash(cell, column.key);
      if (column.way) setAttribute(cell, "data-way", ["down", null, "up"][column.way(market) + 1]);
      if (column.title) cell.title = column.title(market);
    }
    this.#paintState(now, lost);
    if (market.pointsChanged) this.#paintSpark();
  }

  /** What changes with time alone. */
  age(now, lost) {
    for (const column of FIGURES) {
      if (column.ages) this.cells.get(column.key).text.write(column.text(this.market, now));
    }
    this.#paintState(now, lost);
  }

  /** End the flashes whose time is over; whether any are left. */
  calm(at) {
    for (const [cell, until] of this.flashing) {
      if (until > at) continue;
      cell.removeAttribute("data-flash");
      this.flashing.delete(cell);
    }
    return this.flashing.size > 0;
  }

  #flash(cell, key) {
    const [before, value] = [this.painted[key], this.market.row?.[key]];
    this.painted[key] = value;
    if (before == null || value == null) return;
    setAttribute(cell, "data-flash", compare(value, before) > 0 ? "up" : "down");
    this.flashing.set(cell, performance.now() + FLASH_MS);
  }

  #paintState(now, lost) {
    const { market, state } = this;
    const [word, detail] = stateText(market, now, lost);
    const changed = [state.word.write(word), state.detail.write(detail)].some(Boolean);
    const name = lost === null ? market.state : "lost";
    setAttribute(this.element, "data-state", name);
    setAttribute(this.element, "data-old", stands(name) ? null : "");
    if (changed) state.cell.title = [detail && `${word} ${detail}`, MEANINGS[market.state]].filter(Boolean).join("\n");
  }

  #paintSpark() {
    const { points } = this.market;
    this.market.pointsChanged = false;
    const line = points.path(SPARK.width, SPARK.height);
    if (!line) return;
    this.spark.line.setAttribute("d", line);
    this.spark.area.setAttribute("d", `${line}V${SPARK.height}H0Z`);
  }

  #figureCell({ key, flashes }) {
    const text = new Text("");
    const value = flashes ? element("span", { class: "value" }, text.node) : text.node;
    const cell = element("span", { role: "gridcell", class: `cell number ${key}` }, value);
    return { cell, text };
  }

  #build(onRemove) {
    const { symbol } = this.market;
    const order = COLUMNS.map(({ key }) => this.cells.get(key)?.cell ?? this[`_${key}`]());
    const remove = element(
      "button",
      { type: "button", class: "remove", tabindex: -1, "aria-label": `Remove ${symbol}`, click: onRemove },
      "×",
    );
    const last = element("span", { role: "gridcell", class: "cell tools" }, remove);
    return element("div", { role: "row", class: "row", tabindex: -1, "data-symbol": symbol }, ...order, last);
  }

  _symbol() {
    const { symbol } = this.market;
    const [venue, ...rest] = symbol.split(":");
    const [name, origin] = rest.length ? [rest.join(":"), venue] : [venue, ""];
    return element(
      "span",
      { role: "rowheader", class: "cell symbol" },
      element("span", { class: "handle", "aria-hidden": "true" }),
      element(
        "a",
        { href: symbolHref(symbol), tabindex: -1, title: symbol },
        element("b", {}, name),
        " ",
        element("span", { class: "venue" }, origin),
      ),
    );
  }

  _spark() {
    const area = svg("path", { class: "area" });
    const line = svg("path", { class: "line" });
    const box = `0 -2 ${SPARK.width} ${SPARK.height + 4}`;
    const picture = svg("svg", { viewBox: box, preserveAspectRatio: "none", "aria-hidden": "true" }, area, line);
    this.spark = { area, line };
    return element("span", { role: "gridcell", class: "cell spark" }, picture);
  }

  _state() {
    const [word, detail] = [new Text(""), new Text("")];
    const cell = element(
      "span",
      { role: "gridcell", class: "cell state" },
      element("i", { class: "dot", "aria-hidden": "true" }),
      element("span", { class: "word" }, word.node),
      " ",
      element("span", { class: "detail" }, detail.node),
    );
    this.state = { cell, word, detail };
    return cell;
  }
}
