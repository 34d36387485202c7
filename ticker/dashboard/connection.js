// How the page is connected, in the top bar. A lost connection takes the whole bar: what is below is old then.

import { element, Text } from "./dom.js";
import { EachSecond } from "./frames.js";
import { ticker } from "./session.js";
import { clock } from "./words.js";

const PATIENCE_MS = 1_000; // a first connection that takes longer is told of

class Connection extends HTMLElement {
  #title = new Text("");
  #reason = new Text("");
  #countdown = new Text("");
  #state = new Text("");
  #since = null;
  #clock = new EachSecond(() => this.#paint());
  #timer = 0;

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
    this.#timer = setTimeout(() => this.#note(), PATIENCE_MS);
    this.#note();
  }

  #note() {
    const live = ticker.state === "live";
    if (live) {
      clearTimeout(this.#timer);
      this.#timer = 0;
    }
    this.#since = live ? null : this.#since ?? Date.now();
    const told = !live && (ticker.welcome !== null || ticker.state !== "connecting" || Date.now() - this.#since >= PATIENCE_MS);
    this.banner.hidden = !told;
    this.closest("header").toggleAttribute("data-lost", told);
    if (told) this.#title.write(ticker.welcome ? `Connection lost at ${clock(this.#since, Date.now())}.` : "No connection.");
    else this.#title.write("");
    this.#paint();
  }

  #paint() {
    const { state, retryAt, reason, latency } = ticker;
    this.dataset.state = state;
    this.#state.write(state === "live" ? `live${latency === null ? "" : ` · ${Math.max(1, Math.round(latency))} ms`}` : state);
    if (this.banner.hidden) return;
    this.#reason.write(ticker.welcome ? "Prices stand as they were then." : reason ?? "");
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
