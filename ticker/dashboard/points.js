// A symbol's recent prices for a sparkline: points of time and price, fine where they are new, coarse where they are old.
// Prices are numbers here: a picture has no more digits than pixels.

const SPAN_MS = 60 * 60_000;
const MOST = 120;
const APART_MS = 2_000;

export class Points {
  constructor() {
    this.times = [];
    this.prices = [];
  }

  get length() {
    return this.times.length;
  }

  /** The newest price; whether the picture changes. What comes soon after a point replaces it, up to its time. */
  add(time, price) {
    if (!Number.isFinite(price)) return false;
    const { times, prices } = this;
    const last = times.length - 1;
    time = Math.max(time, times[last] ?? 0); // the estimate of the service's clock gets better
    if (last > 0 && time - times[last - 1] < APART_MS) {
      prices[last] = price;
      return false;
    }
    times.push(time);
    prices.push(price);
    if (times.length > MOST) this.#thin(time);
    return true;
  }

  /** What was before all that is known, as `[time, price]`s, oldest first. */
  prepend(points) {
    const before = points.filter(([time, price]) => Number.isFinite(price) && !(time >= this.times[0]));
    this.times.unshift(...before.map(([time]) => time));
    this.prices.unshift(...before.map(([, price]) => price));
  }

  /** An SVG path through the points, in a box of that size; empty without any. Time runs to the last point. */
  path(width, height) {
    const { times, prices } = this;
    const last = times.length - 1;
    const first = Math.max(0, times.findIndex((time) => time >= times[last] - SPAN_MS));
    if (last < 0) return "";
    if (times[first] === times[last]) return `M0 ${height / 2}H${width}`;
    const shown = prices.slice(first);
    const [low, high] = [Math.min(...shown), Math.max(...shown)];
    const [perMs, perUnit] = [width / (times[last] - times[first]), high > low ? height / (high - low) : 0];
    const dots = shown.map((price, place) => {
      const x = (times[first + place] - times[first]) * perMs;
      const y = perUnit ? (high - price) * perUnit : height / 2;
      return `${x.toFixed(1)} ${y.toFixed(1)}`;
    });
    return `M${dots.join("L")}`;
  }

  /** Every second one of the older half goes, and what is too old for the picture. */
  #thin(now) {
    const kept = (_, place) => (place % 2 === 0 || place >= MOST / 2) && this.times[place] >= now - SPAN_MS;
    this.prices = this.prices.filter(kept);
    this.times = this.times.filter(kept);
  }
}
