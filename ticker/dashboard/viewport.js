// Which lines of a list can be seen. All lines are equally high, so that one look at the list says it of all of them:
// an IntersectionObserver looks at each of them in every frame.

import { NextFrame } from "./frames.js";

const MARGIN = 4; // lines above and below that are kept up to date, too

export class Viewport {
  #frame = new NextFrame(() => this.#look());
  #ask = () => this.#frame.ask();

  /** Calls `see` with the set of the lines that can be seen, whenever it may have changed. */
  constructor(list, see) {
    this.list = list;
    this.see = see;
  }

  start() {
    addEventListener("scroll", this.#ask, { passive: true });
    addEventListener("resize", this.#ask);
    this.#ask();
  }

  stop() {
    removeEventListener("scroll", this.#ask);
    removeEventListener("resize", this.#ask);
    this.#frame.cancel();
  }

  /** The lines, or what is above them, are others. */
  changed() {
    this.#ask();
  }

  #look() {
    const { children } = this.list;
    if (!children.length) return;
    const { top, height } = this.list.getBoundingClientRect();
    const line = height / children.length;
    const first = Math.max(0, Math.floor(-top / line) - MARGIN);
    const last = Math.ceil((innerHeight - top) / line) + MARGIN;
    this.see(new Set(Array.prototype.slice.call(children, first, Math.max(0, last))));
  }
}
