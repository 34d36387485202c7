// The bars of one symbol and interval as they have come: by start, the oldest first.

const MOST = 1_200; // some days of minutes: a page that stays open does not grow
const KEPT = 900;

export class Bars {
  list = [];
  #changed = 0;

  /** A bar that is new, or says better what is known; most are the last one. */
  take(message) {
    const bar = { ...message, startMs: Date.parse(message.start) };
    let place = this.list.length;
    while (place && this.list[place - 1].startMs > bar.startMs) place -= 1;
    const known = place > 0 && this.list[place - 1].startMs === bar.startMs;
    if (known) place -= 1;
    this.list.splice(place, known ? 1 : 0, bar);
    this.#changed = Math.min(this.#changed, place);
    if (this.list.length > MOST) this.#forget();
  }

  get last() {
    return this.list.at(-1) ?? null;
  }

  /** The place of the oldest bar that has changed since this was last asked; past the last one where none has. */
  takeChanged() {
    const changed = this.#changed;
    this.#changed = this.list.length;
    return changed;
  }

  #forget() {
    this.list.splice(0, this.list.length - KEPT);
    this.#changed = 0;
  }
}
