// The watchlist's columns: what each shows of a market, and how it sorts. `wide` ones go first where there is no room.

import { compact, compare, difference, sign, signed } from "./decimals.js";
import { clock, duration, NOTHING, stateDetail } from "./words.js";

const figure = (key, label, name, more = {}) => ({
  key,
  label,
  number: true,
  text: ({ row }) => row?.[name] ?? NOTHING,
  compare: (a, b) => compare(a.row?.[name], b.row?.[name]),
  ...more,
});

const spread = ({ row }) => (row ? difference(row.ask, row.bid) : null);

const change = (key, label, name, unit) =>
  figure(key, label, name, {
    text: ({ row }) => (row?.[name] == null ? NOTHING : signed(row[name]) + unit),
    way: ({ row }) => sign(row?.[name]),
  });

/** When the newest data came, in ms; NaN before any. */
const received = ({ row }) => Date.parse(row?.received);

const STATES = ["rejected", "unknown", "closed", "halted", "stale", "quiet", "live"];

/** What the state's cell says, `lost` being since when there is no connection, in ms, or null. */
export function stateText(market, now, lost) {
  if (market.rejected) return [market.rejected, ""];
  if (lost !== null) return ["not connected", `as of ${clock(lost, now)}`];
  return [market.state, stateDetail(market.status, now)];
}

export const COLUMNS = [
  {
    key: "symbol",
    label: "Symbol",
    compare: (a, b) => (a.symbol < b.symbol ? -1 : 1),
  },
  figure("last", "Last", "last", { flashes: true }),
  change("change", "Change", "change_24h", ""),
  change("percent", "24 h", "change_pct_24h", " %"),
  figure("bid", "Bid", "bid", { flashes: true }),
  figure("ask", "Ask", "ask", { flashes: true }),
  {
    key: "spread",
    label: "Spread",
    number: true,
    text: (market) => spread(market) ?? NOTHING,
    compare: (a, b) => compare(spread(a), spread(b)),
  },
  figure("volume", "Volume", "volume_24h", {
    text: ({ row }) => (row?.volume_24h == null ? NOTHING : compact(row.volume_24h)),
    title: ({ row }) => row?.volume_24h ?? "",
  }),
  { key: "spark", label: "Last hour" },
  {
    key: "age",
    label: "Age",
    number: true,
    ages: true,
    text: (market, now) => (market.row ? duration(now - received(market)) : NOTHING),
    compare: (a, b) => (received(b) || 0) - (received(a) || 0),
  },
  {
    key: "state",
    label: "State",
    ages: true,
    compare: (a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state),
  },
];
