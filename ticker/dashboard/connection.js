// How the page is connected, in the top bar. A lost connection takes the whole bar: what is below is old then.

import { element, Text } from "./dom.js";
import { EachSecond } from "./frames.js";
import { lostSince, ticker } from "./session.js";
import { clock } from "./words.js";

const PATIENCE_MS = 1_000; // a first connection that takes longer is told of

class Connection extends HTMLElement {
  #title = new Text("");
  #reason = new Text("");
  #countdown = new Text("");
  #state = new Text("");
  #started = performance.now();
  #clock = new EachSecond(() => this.#note());

  connectedCallback() {
    const retry = element("button", { type: "button", click: () => ticker.retryNow() }, "Try now");
    this.news = element("p", { role: "alert" }, element("b", {}, this.#title.node), " ", this.#reason.node);
    this.banner = element(
      "div",
      { class: "lost-banner", hidden: true },
      this.news,
      element("span", { class: "countdown" }, this.#countdown.node),
      retry,
    );
    this.state = element("span", { class: "link" }, element("i", { class: "dot", "aria-hidden": "true" }), this.#state.node);
    this.replaceChildren(this.state, this.banner);
    ticker.addEventListener("state", () => this.#note());
    this.#clock.start();
  }

  #note() {
    const lost = lostSince();
    const late = performance.now() - this.#started >= PATIENCE_MS;
    const told = ticker.state !== "live" && (lost !== null || late);
    this.banner.hidden = !told;
    this.closest("header").toggleAttribute("data-lost", told);
    this.#title.write(!told ? "" : lost === null ? "No connection yet." : `Connection lost at ${clock(lost, lost)}.`);
    this.#paint();
  }

  #paint() {
    const { state, retryAt, reason, latency } = ticker;
    this.dataset.state = state;
    this.#state.write(state === "live" ? `live${latency === null ? "" : ` · ${Math.max(1, Math.round(latency))} ms`}` : state);
    if (this.banner.hidden) return;
    this.#reason.write(lostSince() === null ? reason ?? "" : "What is shown is from before.");
    this.banner.title = reason ?? "";
    this.#countdown.write(countdown(state, retryAt));
  }
}

function countdown(state, retryAt) {
  if (state === "closed") return "Given up.";
  if (state !== "waiting" || retryAt === null) return "Trying…";
  const seconds = Math.ceil((retryAt - Date.now()) / 1000);
  return seconds > 0 ? `Next try in ${seconds} s` : "Trying…";
}

customElements.define("ticker-connection", Connection);
