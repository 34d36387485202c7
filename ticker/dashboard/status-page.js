// How it is: each feed, this page's own connection, and the symbols whose prices cannot be relied on.

import { element, Text } from "./dom.js";
import { FIGURES, feedFigures, stateWords } from "./feeds.js";
import { EachSecond } from "./frames.js";
import { symbolHref } from "./routes.js";
import { ticker } from "./session.js";
import { clock, counted, NOTHING, rate, whole } from "./words.js";

const SUSPECTS = 200;

export class StatusPage extends HTMLElement {
  #clock = new EachSecond(() => this.#look());
  #before = null; // the report before, for rates
  #counted = null;
  #own = new Map();

  connectedCallback() {
    this.feeds = element("tbody");
    this.suspects = element("ul", { class: "suspects" });
    this.suspectsHead = element("h2", {}, "Symbols not to rely on");
    this.server = new Text("");
    this.replaceChildren(
      element("h1", {}, "Status"),
      element("p", { class: "sub", "aria-live": "off" }, this.server.node),
      element("h2", {}, "Feeds"),
      element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Feeds" }, table(this.feeds)),
      element("h2", {}, "This page's connection"),
      this.#figures(),
      this.suspectsHead,
      this.suspects,
    );
    this.#clock.start();
  }

  disconnectedCallback() {
    this.#clock.stop();
  }

  route() {}

  async #look() {
    this.#paintOwn();
    try {
      this.#paint(await ticker.get("status"));
    } catch {
      this.server.write("The service does not answer: what stands here is from before.");
      this.toggleAttribute("data-old", true);
    }
  }

  #paint(report) {
    const now = Date.parse(report.time);
    const before = this.#before;
    this.toggleAttribute("data-old", false);
    this.server.write(`${report.server} · ${report.state} · ${counted(report.feeds.length, "feed")} · at ${clock(now, now)}`);
    const seconds = before ? (now - Date.parse(before.time)) / 1000 : 0;
    if (before && seconds <= 0) return;
    this.#before = report;
    const earlier = new Map(before?.feeds.map((feed) => [feed.feed, feed]));
    this.feeds.replaceChildren(...report.feeds.map((feed) => feedLine(feed, earlier.get(feed.feed), seconds, now)));
    const suspects = report.symbols.slice(0, SUSPECTS);
    this.suspectsHead.hidden = !suspects.length;
    this.suspects.replaceChildren(...suspects.map((status) => suspectLine(status, now)));
  }

  #figures() {
    const names = ["State", "Transport", "Latency", "Session", "Updates", "Merged on the way", "Trades lost", "Connections", "Requests"];
    const list = element("dl", { class: "figures" });
    for (const name of names) {
      const text = new Text(NOTHING);
      this.#own.set(name, text);
      list.append(element("div", {}, element("dt", {}, name), element("dd", {}, text.node)));
    }
    return list;
  }

  #paintOwn() {
    const { state, transport, latency, welcome, counts } = ticker;
    const at = performance.now();
    const [before, seconds] = [this.#counted ?? counts, this.#counted ? (at - this.#counted.at) / 1000 : 0];
    this.#counted = { ...counts, at };
    const persecond = seconds > 0 ? `${rate((counts.updates - before.updates) / seconds)}/s, ` : "";
    const merged = counts.conflated / (counts.conflated + counts.updates || 1);
    const say = (name, text) => this.#own.get(name).write(text);
    say("State", state);
    say("Transport", transport ?? NOTHING);
    say("Latency", latency === null ? NOTHING : `${latency.toFixed(1)} ms`);
    say("Session", welcome?.session ?? NOTHING);
    say("Updates", `${persecond}${whole(counts.updates)} in all`);
    say("Merged on the way", `${whole(counts.conflated)} (${Math.round(100 * merged)} %)`);
    say("Trades lost", `${whole(counts.missed)} in ${counted(counts.gaps, "gap")}`);
    say("Connections", whole(counts.connections));
    say("Requests", `${whole(counts.requests)}, ${whole(counts.refused)} refused`);
  }
}

function table(body) {
  const heads = ["Feed", "State", ...FIGURES].map((head) => element("th", { scope: "col" }, head));
  return element("table", { class: "feeds" }, element("thead", {}, element("tr", {}, ...heads)), body);
}

function feedLine(feed, before, seconds, now) {
  return element(
    "tr",
    { "data-state": feed.state },
    element("th", { scope: "row" }, feed.feed),
    element("td", {}, stateWords(feed, now)),
    ...feedFigures(feed, before, seconds).map((text) => element("td", {}, text)),
  );
}

function suspectLine(status, now) {
  return element(
    "li",
    { "data-state": status.state },
    element("a", { href: symbolHref(status.symbol) }, status.symbol),
    stateWords(status, now),
  );
}

customElements.define("ticker-status", StatusPage);
