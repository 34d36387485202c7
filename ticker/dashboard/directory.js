// Finding symbols: in the directory, by a part of their names or by a pattern.

/** Whether `text` is a pattern, in which `*` stands for any run of characters. */
export const isPattern = (text) => text.includes("*");

/** The symbols that a pattern takes in, of those given. */
export function matching(pattern, symbols) {
  const escaped = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const expression = new RegExp(`^${escaped.join(".*")}$`, "i");
  return symbols.filter((symbol) => expression.test(symbol));
}

/** What a reader who typed `text` may mean: matches of the pattern, or symbols with all of its words, best first. */
export function found(text, symbols) {
  const wanted = text.trim();
  if (isPattern(wanted)) return matching(wanted, symbols);
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  return symbols
    .filter((symbol) => words.every((word) => symbol.toLowerCase().includes(word)))
    .map((symbol) => [rank(symbol.toLowerCase(), words[0] ?? ""), symbol])
    .sort(([a], [b]) => a - b)
    .map(([, symbol]) => symbol);
}

/** Names and patterns as the symbols that they stand for, each once. */
export function expanded(names, symbols) {
  return [...new Set(names.flatMap((name) => (isPattern(name) ? matching(name, symbols) : [name])))];
}

// The instrument that begins with what was typed, then the venue that does, then what has it anywhere.
function rank(symbol, word) {
  if (symbol.slice(symbol.indexOf(":") + 1).startsWith(word)) return 0;
  return symbol.startsWith(word) ? 1 : 2;
}
