// What the address's fragment stands for, and back: everything that can be linked to.
//
//   #/                                         the watchlist that was looked at last
//   #/list/Majors                              a watchlist kept in this browser
//   #/list/Majors?symbols=demo:AAPL,*:BTC-*    a watchlist that somebody shares
//   #/symbol/demo:BTC-USDT                     a symbol's page
//   #/status                                   how the feeds are

/** `{view, name?, symbols?}` of a fragment; `view` is watchlist, symbol or status. */
export function parse(fragment) {
  const [path, query = ""] = fragment.replace(/^#/, "").split("?", 2);
  const [, kind, ...rest] = path.split("/");
  const name = decoded(rest.join("/"));
  if (kind === "status") return { view: "status" };
  if (kind === "symbol" && name) return { view: "symbol", name };
  const symbols = new URLSearchParams(query).get("symbols");
  return { view: "watchlist", name: kind === "list" ? name : "", symbols: symbols === null ? null : named(symbols) };
}

/** The fragment of a watchlist kept in this browser. */
export const listHref = (name) => `#/list/${encodeURIComponent(name)}`;

/** The fragment that shares a watchlist. */
export const sharedHref = (name, symbols) => `${listHref(name)}?symbols=${symbols.map(encoded).join(",")}`;

/** The fragment of a symbol's page. */
export const symbolHref = (symbol) => `#/symbol/${encoded(symbol)}`;

// What symbols are made of stays readable.
const encoded = (symbol) => encodeURIComponent(symbol).replaceAll("%3A", ":");

const named = (symbols) => [...new Set(symbols.split(",").map((symbol) => symbol.trim()).filter(Boolean))];

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
