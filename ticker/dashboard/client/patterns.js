/** Names and patterns of symbols: `*` stands for any run of characters. */

/** @param {string} name */
export const isPattern = (name) => name.includes("*");

/** The regular expression of a pattern. @param {string} pattern */
export function expression(pattern) {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}

/** Whether some symbol is described by both, patterns or names. @param {string} one @param {string} other */
export function overlap(one, other) {
  /** What is left of `other`, by its place, after each part of `one`. @type {Set<number>} */
  let places = onwards(other, new Set([0]));
  for (const letter of one) {
    const next = new Set(letter === "*" ? range(Math.min(...places), other.length) : []);
    for (const place of places) {
      if (letter === "*" || other[place] === "*") next.add(place);
      else if (other[place] === letter) next.add(place + 1);
    }
    if (next.size === 0) return false;
    places = onwards(other, next);
  }
  return places.has(other.length);
}

/** A `*` may stand for nothing. @param {string} text @param {Set<number>} places */
function onwards(text, places) {
  for (const place of places) if (text[place] === "*") places.add(place + 1); // a Set goes on with what is added
  return places;
}

/** @param {number} from @param {number} to inclusive */
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
