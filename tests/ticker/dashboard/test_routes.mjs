import assert from "node:assert/strict";
import { test } from "node:test";
import { listHref, parse, sharedHref, symbolHref } from "../../../ticker/dashboard/routes.js";

test("an address stands for a view", () => {
  for (const [fragment, expected] of [
    ["", { view: "watchlist", name: "", symbols: null }],
    ["#/", { view: "watchlist", name: "", symbols: null }],
    ["#/list/Majors", { view: "watchlist", name: "Majors", symbols: null }],
    ["#/list/a%2Fb?symbols=demo:AAPL,*:BTC-*", { view: "watchlist", name: "a/b", symbols: ["demo:AAPL", "*:BTC-*"] }],
    ["#/list/x?symbols=", { view: "watchlist", name: "x", symbols: [] }],
    ["#/list/x?symbols=a:B, a:B ,,c:D", { view: "watchlist", name: "x", symbols: ["a:B", "c:D"] }],
    ["#/symbol/demo:BTC-USDT", { view: "symbol", name: "demo:BTC-USDT" }],
    ["#/status", { view: "status" }],
    ["#/symbol/", { view: "watchlist", name: "", symbols: null }],
    ["#/list/%E0%A4%A", { view: "watchlist", name: "%E0%A4%A", symbols: null }],
    ["#/nonsense/x", { view: "watchlist", name: "", symbols: null }],
  ])
    assert.deepEqual(parse(fragment), expected, fragment);
});

test("what is linked to is found again", () => {
  for (const name of ["Majors", "a/b?c#d", "ä & ö, 100 %", "list"]) {
    assert.equal(parse(listHref(name)).name, name);
    const symbols = ["demo:BTC-USDT", "x:A&B=C", "*:BTC-*"];
    assert.deepEqual(parse(sharedHref(name, symbols)), { view: "watchlist", name, symbols });
  }
  assert.deepEqual(parse(symbolHref("x:A/B?#%")), { view: "symbol", name: "x:A/B?#%" });
});

test("symbols stay readable in a link", () => {
  assert.equal(sharedHref("Mine", ["demo:AAPL", "*:BTC-*"]), "#/list/Mine?symbols=demo:AAPL,*:BTC-*");
});
