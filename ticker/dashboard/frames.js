// Painting apart from arrival: whatever happens between two frames of the screen is painted once, in the next.

/** Calls `paint` once in the next frame, however often it is asked to, and leaves at least `apartMs` between two paints:
 * what comes after quiet is painted at once, a flood costs no more than so many paints. No frame comes while the page is
 * hidden. */
export class NextFrame {
  #frame = 0;
  #timer = 0;
  #painted = -Infinity;

  constructor(paint, apartMs = 0) {
    this.paint = paint;
    this.apartMs = apartMs;
  }

  ask() {
    if (this.#frame || this.#timer) return;
    const wait = this.#painted + this.apartMs - performance.now();
    if (wait > 0) this.#timer = setTimeout(() => this.#request(), wait);
    else this.#request();
  }

  cancel() {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    this.#frame = this.#timer = 0;
  }

  #request() {
    this.#timer = 0;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#painted = performance.now();
      this.paint();
    });
  }
}

/** Calls `tick` each second, or as often as is said, while the page can be seen, and at once when it is shown again. */
export class EachSecond {
  #timer = 0;
  #look = () => {
    clearInterval(this.#timer);
    if (document.hidden) return;
    this.#timer = setInterval(this.tick, this.periodMs);
    this.tick();
  };

  constructor(tick, periodMs = 1000) {
    this.tick = tick;
    this.periodMs = periodMs;
  }

  start() {
    document.addEventListener("visibilitychange", this.#look);
    this.#look();
  }

  stop() {
    document.removeEventListener("visibilitychange", this.#look);
    clearInterval(this.#timer);
  }
}
