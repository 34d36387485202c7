// What is known of one symbol: the newest messages, and the recent prices.

import { Points } from "./points.js";

export class Market {
  constructor(symbol) {
    this.symbol = symbol;
    this.row = null; // the newest message of the channel `ticker`
    this.status = null;
    this.rejected = null; // why the service does not serve it
    this.points = new Points();
    this.pointsChanged = false;
  }

  get state() {
    if (this.rejected) return "rejected";
    return this.status?.state ?? "unknown";
  }

  /** A message of the symbol, `now` in ms. */
  take(message, now) {
    if (message.type === "ticker") {
      this.row = message;
      if (message.last !== null) this.pointsChanged = this.points.add(now, Number(message.last)) || this.pointsChanged;
    } else if (message.type === "status") {
      this.status = message;
    }
  }

  /** Bars from before the page was opened, oldest first, by start in ms. */
  takeBars(bars) {
    this.points.prepend([...bars].map(([start, bar]) => [start + 60_000, Number(bar.close)]));
    this.pointsChanged = true;
  }
}
