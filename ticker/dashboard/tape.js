// The tape: the newest trades, newest first, and where some are missing.

import { element } from "./dom.js";
import { NextFrame } from "./frames.js";
import { ticker } from "./session.js";
import { clock, reasonWords } from "./words.js";

const MOST = 50;

export class Tape {
  #news = [];
  #frame = new NextFrame(() => this.#paint());

  constructor(symbol) {
    this.body = element("tbody");
    const heads = ["Time", "Price", "Size", "Taker"].map((name) => element("th", { scope: "col" }, name));
    const head = element("thead", {}, element("tr", {}, ...heads));
    this.element = element("table", { class: "tape" }, head, this.body);
    this.subscription = ticker.subscribe("trades", symbol, (message) => {
      if (message.type !== "trade" && message.type !== "gap") return;
      this.#news.push(message);
      if (this.#news.length > MOST) this.#news.shift();
      this.#frame.ask();
    });
  }

  close() {
    this.subscription.close();
    this.#frame.cancel();
  }

  #paint() {
    this.body.prepend(...this.#news.reverse().map((message) => (message.type === "gap" ? gapLine(message) : tradeLine(message))));
    this.#news = [];
    while (this.body.children.length > MOST) this.body.lastElementChild.remove();
  }
}

function tradeLine({ time, received, price, size, side }) {
  return element(
    "tr",
    { "data-side": side },
    element("td", {}, clock(time ?? received, Date.now())),
    element("td", { class: "price" }, price),
    element("td", {}, size),
    element("td", {}, side ?? "–"),
  );
}

function gapLine({ missed, reason }) {
  const lost = missed === null ? "Trades may be missing here" : missed === 1 ? "1 trade is missing here" : `${missed} trades are missing here`;
  return element("tr", { class: "gap" }, element("td", { colspan: 4 }, `${lost}: ${reasonWords(reason)}`));
}
