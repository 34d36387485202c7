// How a feed is, of which `/v1/status` reports: the figures of the status page's lines and of a symbol's page.

import { element, Text } from "./dom.js";
import { EachSecond } from "./frames.js";
import { ticker } from "./session.js";
import { clock, duration, MEANINGS, NOTHING, rate, reasonWords, stands } from "./words.js";

const PERIOD_MS = 2_000;

const total = (counts) => Object.values(counts).reduce((sum, count) => sum + count, 0);
const listed = (counts) => Object.entries(counts).map(([name, count]) => `${count} ${reasonWords(name)}`).join(", ");

export const FIGURES = ["Newest data", "Symbols", "Updates/s", "Connections", "Reconnects", "Problems"];

/** What FIGURES name, of a feed; `before` is the report of some seconds ago, if there is one. */
export function feedFigures(feed, before, seconds) {
  const problems = { ...feed.decode_errors, "sequence gaps": feed.sequence_gaps, "symbols rejected": feed.rejected_symbols };
  const told = Object.fromEntries(Object.entries(problems).filter(([, count]) => count));
  return [
    feed.age_s === null ? "none yet" : `${duration(feed.age_s * 1000)} ago`,
    listed(feed.symbols),
    before && seconds ? rate(Math.max(0, total(feed.updates) - total(before.updates)) / seconds) : NOTHING,
    `${feed.connections} of ${feed.links}`,
    total(feed.reconnects) ? `${total(feed.reconnects)} (${listed(feed.reconnects)})` : "0",
    listed(told) || "none",
  ];
}

/** A state with its sign, and since when and why where it is one to know about. */
export function stateWords({ state, reason, since }, now) {
  const why = stands(state) ? "" : [since && `since ${clock(since, now)}`, reasonWords(reason)].filter(Boolean).join(" · ");
  return element(
    "span",
    { class: "state", title: MEANINGS[state] },
    element("i", { class: "dot", "aria-hidden": "true" }),
    element("span", { class: "word" }, state),
    " ",
    element("span", { class: "detail" }, why),
  );
}

/** The health of the feed that a symbol comes from. */
export class FeedHealth {
  #clock = new EachSecond(() => this.#look(), PERIOD_MS);
  #before = null; // the report before and when it was made, for rates

  constructor(symbol) {
    this.name = symbol.split(":")[0];
    this.state = element("dd");
    this.figures = FIGURES.map((name) => ({ name, text: new Text(NOTHING) }));
    const lines = this.figures.map(({ name, text }) => element("div", {}, element("dt", {}, name), element("dd", {}, text.node)));
    this.element = element(
      "section",
      { class: "feed" },
      element("h2", {}, "Feed"),
      element("dl", { class: "figures" }, element("div", {}, element("dt", {}, "State"), this.state), ...lines),
    );
    this.#clock.start();
  }

  close() {
    this.#clock.stop();
  }

  async #look() {
    try {
      const { feeds, time } = await ticker.get("status");
      const feed = feeds.find(({ feed: name }) => name === this.name);
      if (feed) this.#paint(feed, Date.parse(time));
      else this.element.hidden = true;
    } catch {
      this.element.toggleAttribute("data-old", true);
    }
  }

  #paint(feed, now) {
    const before = this.#before;
    const seconds = before ? (now - before.now) / 1000 : 0;
    this.#before = { feed, now };
    this.element.hidden = false;
    this.element.toggleAttribute("data-old", false);
    this.element.setAttribute("data-state", feed.state);
    this.state.replaceChildren(stateWords(feed, now));
    for (const [place, text] of feedFigures(feed, before?.feed, seconds).entries()) this.figures[place].text.write(text);
  }
}
