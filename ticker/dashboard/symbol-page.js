// A symbol's page: its candles, figures, best bid and offer, how fresh it and its feed are, and the tape of its trades.

import { Candles } from "./candles.js";
import { stateText } from "./columns.js";
import { difference, sign, signed } from "./decimals.js";
import { element, setAttribute, Text } from "./dom.js";
import { FeedHealth } from "./feeds.js";
import { EachSecond, NextFrame } from "./frames.js";
import { Market } from "./market.js";
import { lostSince, ticker } from "./session.js";
import { Tape } from "./tape.js";
import { duration, MEANINGS, NOTHING, stands } from "./words.js";

const FIGURES = [
  ["Bid", ({ bid }) => bid],
  ["Ask", ({ ask }) => ask],
  ["Spread", ({ bid, ask }) => difference(ask, bid)],
  ["Bid size", ({ bid_size: size }) => size],
  ["Ask size", ({ ask_size: size }) => size],
  ["Volume 24 h", ({ volume_24h: volume }) => volume],
  ["Open 24 h", ({ open_24h: open }) => open],
  ["High 24 h", ({ high_24h: high }) => high],
  ["Low 24 h", ({ low_24h: low }) => low],
];

export class SymbolPage extends HTMLElement {
  #clock = new EachSecond(() => this.#frame.ask());
  #frame = new NextFrame(() => this.#paint());
  #onState = () => this.#frame.ask();

  disconnectedCallback() {
    this.#close();
  }

  route({ name }) {
    if (this.market?.symbol === name) return;
    this.#close();
    this.market = new Market(name);
    this.tape = new Tape(name);
    this.candles = new Candles(name);
    this.feed = new FeedHealth(name);
    this.#build(name);
    this.subscription = ticker.subscribe("ticker", name, { maxRate: null }, (message) => {
      this.market.take(message, ticker.now());
      this.#frame.ask();
    });
    ticker.addEventListener("state", this.#onState);
    this.#clock.start();
  }

  #close() {
    this.subscription?.close();
    for (const part of [this.tape, this.candles, this.feed]) part?.close();
    this.#clock.stop();
    this.#frame.cancel();
    ticker.removeEventListener("state", this.#onState);
  }

  #build(name) {
    const [venue, instrument] = name.split(/:(.*)/s);
    this.last = new Text(NOTHING);
    this.change = new Text("");
    this.state = { word: new Text(""), detail: new Text(""), age: new Text("") };
    this.moved = element("span", { class: "moved" }, this.change.node);
    this.figures = FIGURES.map(([label, value]) => ({ label, value, text: new Text(NOTHING) }));
    const list = this.figures.map(({ label, text }) => element("div", {}, element("dt", {}, label), element("dd", {}, text.node)));
    this.replaceChildren(
      element("h1", {}, instrument || venue, " ", element("span", { class: "venue" }, instrument ? venue : "")),
      element("p", { class: "price" }, element("b", {}, this.last.node), this.moved),
      this.#stateLine(),
      element(
        "div",
        { class: "parts" },
        this.candles.element,
        element("section", {}, element("h2", {}, "Figures"), element("dl", { class: "figures" }, ...list)),
        this.feed.element,
      ),
      element("section", { class: "trades" }, element("h2", {}, "Trades"), this.tape.element),
    );
  }

  #stateLine() {
    const { word, detail, age } = this.state;
    return element(
      "p",
      { class: "state" },
      element("i", { class: "dot", "aria-hidden": "true" }),
      element("span", { class: "word" }, word.node),
      element("span", { class: "detail" }, detail.node),
      element("span", { class: "age" }, age.node),
    );
  }

  #paint() {
    const { market, state } = this;
    const { row } = market;
    const now = ticker.now();
    const lost = lostSince();
    this.candles.look();
    market.rejected = this.subscription.rejected[0]?.reason ?? null;
    const [word, detail] = stateText(market, now, lost);
    state.word.write(word);
    state.detail.write(detail || (market.state === "live" ? "" : MEANINGS[market.state] ?? ""));
    setAttribute(this, "data-state", lost === null ? market.state : "lost");
    setAttribute(this, "data-old", lost === null && stands(market.state) ? null : "");
    if (!row) return;
    state.age.write(`newest data ${duration(now - Date.parse(row.received))} ago`);
    this.last.write(row.last ?? NOTHING);
    const [change, percent] = [row.change_24h, row.change_pct_24h];
    this.change.write(change === null ? "" : `${signed(change)} (${signed(percent ?? "")} %)`);
    setAttribute(this.moved, "data-way", ["down", null, "up"][sign(change) + 1]);
    for (const { value, text } of this.figures) text.write(value(row) ?? NOTHING);
  }
}

customElements.define("ticker-symbol", SymbolPage);
