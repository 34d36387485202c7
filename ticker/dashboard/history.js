// What the prices were before the page was opened: bars of a minute, asked for once for each symbol that is seen.

import { ticker } from "./session.js";

const BARS = { interval: "1m", snapshot: 60, fields: ["close"], maxRate: 0.2 };
const WAIT_MS = 5_000; // a symbol without bars has none

export class History {
  #asked = new WeakSet();
  #open = new Map();

  /** Ask for a market's bars, unless that was done. */
  want(market) {
    if (this.#asked.has(market)) return;
    this.#asked.add(market);
    const bars = new Map();
    const subscription = ticker.subscribe("bars", market.symbol, BARS, (message) => {
      if (message.type === "bar") bars.set(Date.parse(message.start), message);
    });
    this.#open.set(market, { bars, subscription, since: performance.now() });
  }

  /** Hand over the bars that have come; whether there were any. They come together, so a second later all are here. */
  settle() {
    let any = false;
    for (const [market, { bars, subscription, since }] of this.#open) {
      if (!bars.size && performance.now() - since < WAIT_MS) continue;
      subscription.close();
      this.#open.delete(market);
      market.takeBars(bars);
      any = true;
    }
    return any;
  }
}
