// A symbol's candles: the choice of the interval, the chart, and the bar in words for those who do not see it.

import { Bars } from "./bars.js";
import { canDraw, chartIn } from "./chart.js";
import { element, setAttribute, Text } from "./dom.js";
import { NextFrame } from "./frames.js";
import { ticker } from "./session.js";
import { barStart, counted, NOTHING } from "./words.js";

const INTERVALS = { "1m": "1 minute", "5m": "5 minutes", "1h": "1 hour", "1d": "1 day" };
const BARS = { snapshot: 300, maxRate: 10 };
const FIGURES = ["open", "high", "low", "close", "volume"];

let chosen = "1m"; // stays from one symbol to the next

export class Candles {
  #frame = new NextFrame(() => this.#paint());
  #hovered = null;

  constructor(symbol) {
    this.symbol = symbol;
    this.box = element("div", { class: "chart", role: "img", "aria-describedby": "bar-in-words" });
    this.when = new Text("");
    this.figures = FIGURES.map((name) => ({ name, text: new Text(NOTHING) }));
    this.note = element("p", { class: "sub", role: "status" });
    this.element = element(
      "section",
      { class: "candles" },
      element("h2", {}, "Candles"),
      element("div", { class: "over-chart" }, this.#choice(), this.#words()),
      this.note,
    );
    if (canDraw()) this.#load();
    else this.note.append("No chart: the service lacks what draws it. Where it is installed, ", element("code", {}, "make charts"), " gets it (with npm); then restart it.");
    this.#choose(chosen);
  }

  close() {
    this.closed = true;
    this.subscription.close();
    this.#frame.cancel();
    this.chart?.close();
  }

  /** The service said no, or yes again. */
  look() {
    const refused = this.subscription.rejected[0];
    if (canDraw()) this.note.textContent = refused ? `No candles: ${refused.reason}` : this.failed ?? "";
  }

  async #load() {
    this.note.before(this.box, attribution());
    try {
      const chart = await chartIn(this.box, (start) => this.#hover(start));
      if (this.closed) return chart.close();
      this.chart = chart;
      this.chart.clear(chosen);
      this.#frame.ask();
    } catch (error) {
      this.failed = `No chart: ${error.message}`;
    }
  }

  #choose(interval) {
    chosen = interval;
    this.subscription?.close();
    this.bars = new Bars();
    this.#hovered = null;
    this.chart?.clear(interval);
    this.subscription = ticker.subscribe("bars", this.symbol, { ...BARS, interval }, (message) => {
      if (message.type !== "bar") return;
      this.bars.take(message);
      this.#frame.ask();
    });
    this.#frame.ask();
  }

  #hover(start) {
    this.#hovered = start;
    this.#frame.ask();
  }

  #paint() {
    const { bars } = this;
    if (this.chart) this.chart.show(bars.list, bars.takeChanged());
    setAttribute(this.box, "aria-label", `Candles of ${this.symbol}: ${counted(bars.list.length, "bar")} of ${INTERVALS[chosen]}`);
    const bar = bars.list.find(({ startMs }) => startMs === this.#hovered) ?? bars.last;
    this.when.write(bar ? `${barStart(bar.startMs, chosen)}${bar.closed ? "" : ", still open"}` : NOTHING);
    for (const { name, text } of this.figures) text.write(bar?.[name] ?? NOTHING);
  }

  #choice() {
    const choices = Object.entries(INTERVALS).map(([interval, words]) =>
      element(
        "label",
        { title: words },
        element("input", { class: "hidden", type: "radio", name: "interval", value: interval, "aria-label": words, checked: interval === chosen }),
        element("span", {}, interval),
      ),
    );
    return element("div", { class: "intervals", role: "radiogroup", "aria-label": "Interval", change: ({ target }) => this.#choose(target.value) }, ...choices);
  }

  #words() {
    const figures = this.figures.map(({ name, text }) => element("span", {}, `${name} `, element("b", {}, text.node), " "));
    return element("p", { class: "bar-in-words", id: "bar-in-words" }, element("span", {}, "bar of ", element("b", {}, this.when.node), " "), ...figures);
  }
}

// What its licence asks for, in place of the logo, which brings a style that the page's policy does not allow.
const attribution = () =>
  element(
    "p",
    { class: "attribution" },
    "TradingView Lightweight Charts™ Copyright (c) 2026 TradingView, Inc. ",
    element("a", { href: "https://www.tradingview.com/", target: "_blank", rel: "noopener noreferrer" }, "https://www.tradingview.com/"),
  );
