// The table's head, and the order that it stands for: a column, up or down, or the reader's own.

import { COLUMNS } from "./columns.js";
import { element } from "./dom.js";

export class Sorting {
  key = null;
  down = false;
  #heads = new Map();

  constructor(onPress) {
    const heads = COLUMNS.map((column) => this.#build(column, onPress));
    const tools = element("span", { role: "columnheader", class: "cell tools" }, element("span", { class: "hidden" }, "Remove"));
    const row = element("div", { role: "row", class: "row head" }, ...heads, tools);
    this.head = element("div", { role: "rowgroup", class: "heads" }, row);
  }

  /** What pressing a column's head does: numbers from the greatest, then from the least, then the reader's own order. */
  next(key) {
    const first = COLUMNS.find((column) => column.key === key).number ?? false;
    if (this.key !== key) this.by(key, first);
    else if (this.down === first) this.by(key, !first);
    else this.by(null);
  }

  /** Sort by a column; null: not at all. */
  by(key, down = false) {
    this.key = key;
    this.down = down;
    for (const [name, head] of this.#heads) {
      const ordered = name === key ? (down ? "descending" : "ascending") : "none";
      head.setAttribute("aria-sort", ordered);
    }
  }

  /** The markets in order. */
  sorted(markets) {
    if (!this.key) return markets;
    const { compare } = COLUMNS.find(({ key }) => key === this.key);
    return [...markets].sort((a, b) => (this.down ? -compare(a, b) : compare(a, b)));
  }

  #build(column, onPress) {
    const { key, label } = column;
    const number = column.number ? " number" : "";
    if (!column.compare) return element("span", { role: "columnheader", class: `cell ${key}` }, label);
    const button = element("button", { type: "button", click: () => onPress(key) }, label);
    const head = element("span", { role: "columnheader", class: `cell${number} ${key}`, "aria-sort": "none" }, button);
    this.#heads.set(key, head);
    return head;
  }
}
