// How often each symbol's updates are asked for: as often as an eye follows for those that can be seen, and for the
// others just often enough for the order and for what scrolling shows first.

const SEEN = 10; // updates per second
const UNSEEN = 1;
const SETTLED_MS = 250; // while the reader scrolls nothing is asked for

export class Pace {
  #timer = 0;

  /** `lines` gives `{visible, subscription}`s. */
  constructor(lines) {
    this.lines = lines;
    this.rates = new WeakMap();
  }

  /** The options of a subscription to begin with. */
  first(visible) {
    return { maxRate: visible ? SEEN : UNSEEN };
  }

  /** What can be seen is something else. */
  changed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#apply(), SETTLED_MS);
  }

  stop() {
    clearTimeout(this.#timer);
  }

  #apply() {
    for (const { visible, subscription } of this.lines()) {
      const { maxRate } = this.first(visible);
      if (this.rates.get(subscription) === maxRate) continue;
      this.rates.set(subscription, maxRate);
      subscription.change({ maxRate });
    }
  }
}
