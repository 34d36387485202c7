import assert from "node:assert/strict";
import { test } from "node:test";
import { expanded, found, matching } from "../../../ticker/dashboard/directory.js";

const SYMBOLS = ["demo:BTC-USDT", "demo:WBTC-USD", "coinbase:BTC-USD", "coinbase:ETH-BTC", "btcex:AAPL"];

test("a pattern is matched whole, without regard to case", () => {
  assert.deepEqual(matching("*:BTC-*", SYMBOLS), ["demo:BTC-USDT", "coinbase:BTC-USD"]);
  assert.deepEqual(matching("*:btc-*", SYMBOLS), ["demo:BTC-USDT", "coinbase:BTC-USD"]);
  assert.deepEqual(matching("demo:*", SYMBOLS), ["demo:BTC-USDT", "demo:WBTC-USD"]);
  assert.deepEqual(matching("*", SYMBOLS), SYMBOLS);
  assert.deepEqual(matching("demo.BTC*", SYMBOLS), []);
});

test("instruments that begin with the text come first, then venues", () => {
  assert.deepEqual(found("btc", SYMBOLS), ["demo:BTC-USDT", "coinbase:BTC-USD", "btcex:AAPL", "demo:WBTC-USD", "coinbase:ETH-BTC"]);
});

test("all words have to be there", () => {
  assert.deepEqual(found(" coinbase  eth", SYMBOLS), ["coinbase:ETH-BTC"]);
  assert.deepEqual(found("", SYMBOLS), SYMBOLS);
  assert.deepEqual(found("nothing", SYMBOLS), []);
});

test("names stay as they are and patterns become symbols, each once", () => {
  assert.deepEqual(expanded(["x:NEW", "demo:*", "demo:BTC-USDT"], SYMBOLS), ["x:NEW", "demo:BTC-USDT", "demo:WBTC-USD"]);
});
