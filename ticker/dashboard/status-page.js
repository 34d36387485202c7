// How it is: each feed, this page's own connection, and the symbols whose prices cannot be relied on.

import { element, Text } from "./dom.js";
import { EachSecond } from "./frames.js";
import { symbolHref } from "./routes.js";
import { ticker } from "./session.js";
import { clock, counted, duration, MEANINGS, NOTHING, reasonWords } from "./words.js";

const SUSPECTS = 200;

const total = (counts) => Object.values(counts).reduce((sum, count) => sum + count, 0);
const listed = (counts) => Object.entries(counts).map(([name, count]) => `${count} ${reasonWords(name)}`).join(", ");
const whole = (number) => number.toLocaleString("en").replaceAll(",", "\u202f");
const rate = (number) => (number >= 100 ? whole(Math.round(number)) : number.toFixed(1));

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

const HEADS = ["Feed", "State", "Newest data", "Symbols", "Updates/s", "Connections", "Reconnects", "Problems"];

function table(body) {
  const heads = HEADS.map((head) => element("th", { scope: "col" }, head));
  return element("table", { class: "feeds" }, element("thead", {}, element("tr", {}, ...heads)), body);
}

function feedLine(feed, before, seconds, now) {
  const problems = { ...feed.decode_errors, "sequence gaps": feed.sequence_gaps, "symbols rejected": feed.rejected_symbols };
  const told = Object.fromEntries(Object.entries(problems).filter(([, count]) => count));
  const persecond = before && seconds ? rate(Math.max(0, total(feed.updates) - total(before.updates)) / seconds) : NOTHING;
  const cells = [
    feed.age_s === null ? "none yet" : `${duration(feed.age_s * 1000)} ago`,
    listed(feed.symbols),
    persecond,
    `${feed.connections} of ${feed.links}`,
    total(feed.reconnects) ? `${total(feed.reconnects)} (${listed(feed.reconnects)})` : "0",
    listed(told) || "none",
  ];
  return element(
    "tr",
    { "data-state": feed.state },
    element("th", { scope: "row" }, feed.feed),
    element("td", {}, stateWords(feed, now)),
    ...cells.map((text) => element("td", {}, text)),
  );
}

function stateWords({ state, reason, since }, now) {
  const why = state === "live" || state === "quiet" ? "" : [since && `since ${clock(since, now)}`, reasonWords(reason)].filter(Boolean).join(" · ");
  return element(
    "span",
    { class: "state", title: MEANINGS[state] },
    element("i", { class: "dot", "aria-hidden": "true" }),
    element("span", { class: "word" }, state),
    " ",
    element("span", { class: "detail" }, why),
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
