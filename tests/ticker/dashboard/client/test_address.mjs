import assert from "node:assert/strict";
import { test } from "node:test";
import { address } from "../../../../ticker/dashboard/client/address.js";

const HERE = "https://host:8443/ticker-client.js";

for (const [given, websocket] of [
  [undefined, "wss://host:8443/v1/ws"],
  ["/v1/ws", "wss://host:8443/v1/ws"],
  ["ws://other:8080/v1/ws", "ws://other:8080/v1/ws"],
  ["http://other:8080", "ws://other:8080/v1/ws"],
  [new URL("https://other/prices/v1/ws#x"), "wss://other/prices/v1/ws"],
])
  test(`${given} is ${websocket}`, () => assert.equal(address(given, HERE).websocket, websocket));

test("a module under the hash of its content is where the service is, also behind a path", () => {
  for (const path of ["/", "/prices/"]) {
    const module = `https://host${path}assets/0a1b/ticker-client.js`;
    assert.equal(address(undefined, module).websocket, `wss://host${path}v1/ws`);
  }
});

test("the others stand beside it, and what symbols are made of stays readable", () => {
  const { rest } = address("wss://host/prices/v1/ws", HERE);
  const query = { channel: "quotes", symbols: ["sim:A", "*:B-&"], max_rate: null, interval: undefined };
  assert.equal(rest("sse", query), "https://host/prices/v1/sse?channel=quotes&symbols=sim:A,*:B-%26&max_rate=null");
});

for (const given of ["ftp://host/", "wss://", "http://host:99999/"])
  test(`${given} is no address`, () => assert.throws(() => address(given, HERE), TypeError));

test("a module from a file does not know where the service is", () => {
  assert.throws(() => address(undefined, "file:///ticker-client.js"), /say where the service is/);
});
