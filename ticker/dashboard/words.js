// How figures, times and states are said.

const UNITS = [["d", 86_400], ["h", 3_600], ["min", 60]];
const TIME = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const CLOCK = new Intl.DateTimeFormat(undefined, TIME);
const DATE_AND_CLOCK = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", ...TIME });
const SHORT_CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const DATE = { day: "numeric", month: "short" };
const DAY_MS = 86_400_000;

export const NOTHING = "–";

/** What each state means, for those who do not know the word. */
export const MEANINGS = {
  live: "Data flows",
  quiet: "No change for a while, but the feed is alive: the price stands",
  stale: "The feed is gone or mute: the price is old",
  halted: "The venue has halted trading",
  closed: "The market is closed, or the symbol gone",
  unknown: "Nothing received yet",
};

/** Whether a value in this state may be relied on. */
export const stands = (state) => state === "live" || state === "quiet";

/** A time span in its largest unit: "<1 s", "7 s", "3 min", "2 h", "5 d". */
export function duration(ms) {
  const seconds = ms / 1000;
  if (!(seconds >= 1)) return "<1 s";
  const [unit, size] = UNITS.find(([, least]) => seconds >= least) ?? ["s", 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** The time of day at the reader's, with the date where that is not today's; `time` as RFC 3339 or in ms since 1970. */
export function clock(time, now) {
  const date = new Date(time);
  return (Math.abs(now - date) < DAY_MS / 2 ? CLOCK : DATE_AND_CLOCK).format(date);
}

/** The interval whose bars begin with the days of UTC; all shorter times are shown as the reader's. */
export const DAY = "1d";
const formatted = (options) => new Intl.DateTimeFormat(undefined, options).format;
const utcDay = formatted({ ...DATE, timeZone: "UTC" });
const dayAndClock = formatted({ ...DATE, ...SHORT_CLOCK });

/** The date of a time in ms at the reader's, and its time of day to the minute. */
export const dayHere = formatted(DATE);
export const clockHere = formatted(SHORT_CLOCK);

/** When a bar of an interval began, `ms` since 1970: "25 Nov, 14:05", of a day "25 Nov". */
export const barStart = (ms, interval) => (interval === DAY ? utcDay : dayAndClock)(ms);

/** Why a state is as it is, in words: `feed_disconnected` is "feed disconnected". */
export const reasonWords = (reason) => (reason ? reason.replaceAll("_", " ") : "");

/** What stands behind a state's name: since when a value is old, and why. Empty while it stands. */
export function stateDetail(status, now) {
  if (!status || stands(status.state)) return "";
  const why = reasonWords(status.reason);
  if (status.state === "unknown") return why && `· ${why}`;
  return [`since ${clock(status.since, now)}`, why].filter(Boolean).join(" · ");
}

/** "1 symbol", "2 symbols". */
export const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** A count with its thousands apart, and a number of things per second. */
export const whole = (number) => number.toLocaleString("en").replaceAll(",", "\u202f");
export const rate = (number) => (number >= 100 ? whole(Math.round(number)) : number.toFixed(1));
