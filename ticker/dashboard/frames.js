// Painting apart from arrival: whatever happens between two frames of the screen is painted once, in the next.

/** Calls `paint` once in the next frame, however often it is asked to. No frame comes while the page is hidden. */
export class NextFrame {
  #asked = 0;

  constructor(paint) {
    this.paint = paint;
  }

  ask() {
    this.#asked ||= requestAnimationFrame(() => {
      this.#asked = 0;
      this.paint();
    });
  }

  cancel() {
    cancelAnimationFrame(this.#asked);
    this.#asked = 0;
  }
}

/** Calls `tick` each second while the page can be seen, and at once when it is shown again. */
export class EachSecond {
  #timer = 0;
  #look = () => {
    clearInterval(this.#timer);
    if (document.hidden) return;
    this.#timer = setInterval(this.tick, 1000);
    this.tick();
  };

  constructor(tick) {
    this.tick = tick;
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
