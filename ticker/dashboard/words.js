// How figures, times and states are said.

const UNITS = [["d", 86_400], ["h", 3_600], ["min", 60]];
const TIME = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const CLOCK = new Intl.DateTimeFormat(undefined, TIME);
const DATE_AND_CLOCK = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", ...TIME });
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
