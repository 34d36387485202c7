import assert from "node:assert/strict";
import { test } from "node:test";
import { expression, isPattern, overlap } from "../../../../ticker/dashboard/client/patterns.js";

// All texts of some letters, up to a length.
function texts(letters, longest) {
  const found = [""];
  for (const text of found) if (text.length < longest) found.push(...[...letters].map((letter) => text + letter));
  return found;
}

test("a * stands for any run of characters, and nothing else is special", () => {
  for (const [pattern, symbol, expected] of [
    ["*:BTC-*", "coinbase:BTC-USD", true],
    ["*:BTC-*", "coinbase:WBTC-USD", false],
    ["coinbase:*", "coinbase:", true],
    ["*", "sim:A", true],
    ["sim:A.B*", "sim:AxB", false],
    ["*A*A", "AA", true],
    ["*A*A", "A", false],
  ])
    assert.equal(expression(pattern).test(symbol), expected, `${pattern} ${symbol}`);
  assert.deepEqual(["sim:A", "sim:*"].map(isPattern), [false, true]);
});

test("two patterns overlap where there is a symbol of both", () => {
  const symbols = texts("ab", 6);
  const patterns = texts("ab*", 3);
  const described = new Map(patterns.map((one) => [one, symbols.filter((symbol) => expression(one).test(symbol))]));
  for (const one of patterns)
    for (const other of patterns) {
      const expected = described.get(one).some((symbol) => expression(other).test(symbol));
      assert.equal(overlap(one, other), expected, `${one} and ${other}`);
    }
});
