// Exact arithmetic on decimal strings like "0.35130000": prices never pass through a float.

const DECIMAL = /^(-?)(\d+)(?:\.(\d*))?$/;
const SCALES = ["", "K", "M", "B", "T"];

/** `{units, decimals}` of a decimal string, `units` a BigInt of its last decimal; null for anything else. */
export function parse(text) {
  const match = typeof text === "string" ? DECIMAL.exec(text) : null;
  if (!match) return null;
  const [, sign, whole, fraction = ""] = match;
  const units = BigInt(whole + fraction);
  return { units: sign ? -units : units, decimals: fraction.length };
}

/** The decimal string of so many units of the last decimal: `format(-5n, 2)` is "-0.05". */
export function format(units, decimals) {
  const sign = units < 0n ? "-" : "";
  const digits = String(units < 0n ? -units : units).padStart(decimals + 1, "0");
  if (!decimals) return sign + digits;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** `a - b`, with as many digits as the longer of the two has; null where one of them is no number. */
export function difference(a, b) {
  const [first, second] = [parse(a), parse(b)];
  if (!first || !second) return null;
  const decimals = Math.max(first.decimals, second.decimals);
  return format(scaled(first, decimals) - scaled(second, decimals), decimals);
}

/** -1, 0 or 1; what is no number comes before all that are. */
export function compare(a, b) {
  const [first, second] = [parse(a), parse(b)];
  if (!first || !second) return Number(Boolean(first)) - Number(Boolean(second));
  const decimals = Math.max(first.decimals, second.decimals);
  const [left, right] = [scaled(first, decimals), scaled(second, decimals)];
  return left < right ? -1 : Number(left > right);
}

/** -1, 0 or 1: which side of zero. */
export function sign(text) {
  const value = parse(text);
  if (!value || !value.units) return 0;
  return value.units < 0n ? -1 : 1;
}

/** A change with its sign, a true minus included: "+1.21", "−0.40", "0.00". */
export function signed(text) {
  const way = sign(text);
  if (way > 0) return `+${text}`;
  return way < 0 ? `−${text.slice(1)}` : text.replace("-", "");
}

/** A volume for the eye, cut (not rounded) to some three digits: "1.23M", "45.6K", "912", "0.50". */
export function compact(text) {
  const value = parse(text);
  if (!value) return "";
  const [whole, fraction = ""] = format(value.units < 0n ? -value.units : value.units, value.decimals).split(".");
  const thousands = Math.min(Math.floor((whole.length - 1) / 3), SCALES.length - 1);
  const shown = whole.length - 3 * thousands;
  const rest = (whole.slice(shown) + fraction).slice(0, Math.max(0, 3 - shown));
  return `${value.units < 0n ? "-" : ""}${whole.slice(0, shown)}${rest && `.${rest}`}${SCALES[thousands]}`;
}

function scaled({ units, decimals }, to) {
  return units * 10n ** BigInt(to - decimals);
}
