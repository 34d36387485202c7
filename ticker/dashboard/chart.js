// Candles and volume, drawn by lightweight-charts. It comes from npm and may be missing: see docs/dashboard.md.

import { parse } from "./decimals.js";
import { barStart, clockHere, DAY, dayHere } from "./words.js";

const FILE = "vendor/lightweight-charts.js";
const MOST_DECIMALS = 12;

/** Whether the service has what draws. */
export const canDraw = () => document.querySelector(`meta[name="later"][content="${FILE}"]`) !== null;

/** A chart in `box`, whose size it follows. Rejects where what draws cannot be loaded. */
export const chartIn = async (box, hover) => new Chart(await import(`./${FILE}`), box, hover);

class Chart {
  #decimals = -1;
  #newest = null; // start of the newest bar that is drawn
  #dark = matchMedia("(prefers-color-scheme: dark)");
  #paintColours = () => this.#colour();

  constructor(library, box, hover) {
    this.box = box;
    this.chart = library.createChart(box, { autoSize: true, layout: { attributionLogo: false } });
    this.volumes = this.chart.addSeries(library.HistogramSeries, {
      priceScaleId: "",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.volumes.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.candles = this.chart.addSeries(library.CandlestickSeries);
    this.candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.22 } });
    this.chart.subscribeCrosshairMove(({ time }) => hover(time === undefined ? null : time * 1000));
    this.#dark.addEventListener("change", this.#paintColours);
    this.#colour();
  }

  close() {
    this.#dark.removeEventListener("change", this.#paintColours);
    this.chart.remove();
  }

  /** Begin anew with bars of another interval. */
  clear(interval) {
    this.#newest = null;
    this.#decimals = -1;
    this.#draw([]);
    const whole = (time) => barStart(time * 1000, interval);
    this.chart.applyOptions({
      localization: { timeFormatter: whole },
      timeScale: { rightOffset: 3, timeVisible: interval !== DAY, tickMarkFormatter: interval === DAY ? whole : clockTick },
    });
    this.chart.timeScale().resetTimeScale();
    this.candles.priceScale().applyOptions({ autoScale: true });
  }

  /** Draw `bars`, of which those from the place `changed` on are not as they were. */
  show(bars, changed) {
    if (changed >= bars.length) return;
    this.#scale(bars.slice(changed));
    // The library takes single bars at its end alone.
    if (this.#newest !== null && bars[changed].startMs >= this.#newest) for (const bar of bars.slice(changed)) this.#add(bar);
    else this.#draw(bars);
    this.#newest = bars.at(-1).startMs;
  }

  #add(bar) {
    this.candles.update(candle(bar));
    this.volumes.update(volume(bar, this.colours));
  }

  #draw(bars) {
    this.candles.setData(bars.map(candle));
    this.volumes.setData(bars.map((bar) => volume(bar, this.colours)));
  }

  /** As many decimals as the venue's prices have. */
  #scale(bars) {
    const most = Math.max(...bars.flatMap(({ open, close }) => [open, close]).map((price) => parse(price)?.decimals ?? 0));
    const precision = Math.min(most, MOST_DECIMALS);
    if (precision <= this.#decimals) return;
    this.#decimals = precision;
    this.candles.applyOptions({ priceFormat: { type: "price", precision, minMove: 10 ** -precision } });
  }

  /** The stylesheet's colours, which follow the system's setting. */
  #colour() {
    const style = getComputedStyle(this.box);
    const [up, down, upTint, downTint, line, muted, surface] = ["up", "down", "up-tint", "down-tint", "line", "muted", "surface"].map(
      (name) => style.getPropertyValue(`--${name}`).trim(),
    );
    this.colours = { up: upTint, down: downTint };
    this.chart.applyOptions({
      layout: { background: { type: "solid", color: surface }, textColor: muted, fontFamily: style.fontFamily },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      crosshair: { vertLine: { color: muted }, horzLine: { color: muted } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
    });
    this.candles.applyOptions({ upColor: up, downColor: down, borderVisible: false, wickUpColor: up, wickDownColor: down });
    const { colours } = this;
    this.volumes.setData(this.volumes.data().map((bar) => ({ ...bar, color: colourOf(bar.customValues, colours) })));
  }
}

// Numbers for pixels alone: what is read as a figure stays the venue's text.
const candle = ({ startMs, open, high, low, close }) => ({
  time: startMs / 1000,
  open: Number(open),
  high: Number(high),
  low: Number(low),
  close: Number(close),
});

function volume({ startMs, open, close, volume: size }, colours) {
  const falls = Number(close) < Number(open);
  return { time: startMs / 1000, value: Number(size ?? 0), color: colourOf({ falls }, colours), customValues: { falls } };
}

const colourOf = ({ falls }, { up, down }) => (falls ? down : up);

const DAY_OF_MONTH = 2; // the library's TickMarkType: years, months, days, and from there on parts of days
const clockTick = (time, type) => (type <= DAY_OF_MONTH ? dayHere : clockHere)(time * 1000);
