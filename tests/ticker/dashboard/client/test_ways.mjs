// Where WebSockets are blocked: the same over server-sent events.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ack, at, bar, FakeSocket, FakeSource, quote, settled, synced, trade, welcome, World } from "./fakes.mjs";

const both = () => new World({ EventSource: FakeSource });
const streaming = () => new World({ WebSocket: null, EventSource: FakeSource });

// The service's first words on a stream.
function begin(source, messages = []) {
  const { channel, symbols, interval } = source.query;
  const request = { op: "subscribe", id: null, channel, symbols: symbols.split(","), interval };
  for (const message of [welcome(), ack(request), ...messages, synced(request)]) source.say(message);
}

const wait = (world) => world.timers.pass(world.ticker.retryAt - world.timers.now);

const open = () => FakeSource.all.filter(({ readyState }) => readyState !== 2);

test("a WebSocket that cannot be opened is followed by a stream", async () => {
  const world = both();
  const told = world.subscribe("quotes", "sim:A");
  await settled();
  world.socket.end();
  await world.timers.pass(500);
  assert.deepEqual(world.source.query, { channel: "quotes", symbols: "sim:A", snapshot: "true" });
  begin(world.source, [quote("sim:A", 1, { snapshot: true })]);
  assert.deepEqual([world.ticker.state, world.ticker.transport, told.length], ["live", "sse", 1]);
});

test("so is one that opens and brings nothing", async () => {
  const world = both();
  world.subscribe("quotes", "sim:A");
  await settled();
  world.socket.open();
  await world.timers.pass(5_500);
  assert.equal(FakeSource.all.length, 1);
});

test("so is one that the page must not open", async () => {
  const forbidden = class {
    constructor() {
      throw new Error("an insecure WebSocket from a secure page");
    }
  };
  const world = new World({ WebSocket: forbidden, EventSource: FakeSource });
  world.subscribe("quotes", "sim:A");
  await settled();
  assert.match(world.ticker.reason, /insecure/);
  await wait(world);
  assert.equal(FakeSource.all.length, 1);
});

test("where neither works they take turns", async () => {
  const world = both();
  world.subscribe("quotes", "sim:A");
  await settled();
  for (let number = 0; number < 3; number++) {
    world.socket.end();
    await wait(world);
    world.source.fail(true);
    await settled();
    await wait(world);
  }
  assert.deepEqual([FakeSocket.all.length, FakeSource.all.length], [4, 3]);
});

test("a WebSocket that has worked is tried three times, as it is the service that is away", async () => {
  const world = both();
  world.subscribe("quotes", "sim:A");
  await world.connected();
  for (let number = 0; number < 4; number++) {
    assert.equal(FakeSource.all.length, 0);
    world.socket.end();
    await wait(world);
  }
  assert.equal(FakeSource.all.length, 1);
});

test("after ten minutes of streams, or in another network, a new connection tries the WebSocket again", async () => {
  const world = both();
  world.subscribe("quotes", "sim:A");
  await settled();
  world.socket.end();
  await world.timers.pass(500);
  begin(world.source);
  world.source.fail(true);
  await settled();
  await wait(world);
  assert.equal(FakeSocket.all.length, 1);
  begin(world.source);
  world.page.woken(true);
  world.source.fail(true);
  await settled();
  await wait(world);
  assert.equal(FakeSocket.all.length, 2);
});

test("one stream for each channel and interval; what is subscribed to in one moment is one", async () => {
  const world = streaming();
  for (const name of ["sim:A", "sim:B"]) world.subscribe("ticker", name, { maxRate: name === "sim:A" ? 1 : 4 });
  world.subscribe("bars", "sim:A", { interval: "1m", snapshot: 100 });
  world.subscribe("trades", "sim:*");
  await settled();
  assert.deepEqual(FakeSource.all.map(({ query }) => query), [
    { channel: "ticker", symbols: "sim:A,sim:B", max_rate: "4", snapshot: "true" },
    { channel: "bars", interval: "1m", symbols: "sim:A", snapshot: "100" },
    { channel: "trades", symbols: "sim:*" },
  ]);
});

test("more symbols than a URL takes are more streams", async () => {
  const world = streaming();
  const names = Array.from({ length: 500 }, (_, number) => `binance:COIN${number}-USDT`);
  world.subscribe("ticker", names);
  await settled();
  assert.ok(FakeSource.all.every(({ url }) => url.href.length < 8_000));
  assert.deepEqual(FakeSource.all.flatMap(({ query }) => query.symbols.split(",")), names);
});

test("a stream gives way to another only when that has begun, and no value goes back", async () => {
  const world = streaming();
  const told = world.subscribe("quotes", "sim:A");
  await settled();
  const first = world.source;
  begin(first, [quote("sim:A", 1, { snapshot: true, epoch: "m2" })]);
  world.subscribe("quotes", "sim:B");
  await settled();
  assert.equal(open().length, 2);
  first.say(quote("sim:A", 5));
  begin(world.source, [quote("sim:A", 4, { snapshot: true, epoch: "m2" })]);
  assert.deepEqual(told.map(({ seq }) => seq), [1, 5]);
  assert.deepEqual(open(), [world.source]);
  assert.equal(world.ticker.state, "live");
});

test("tapes have streams of their own, so that a new one gets its past", async () => {
  const world = streaming();
  const one = world.subscribe("trades", "sim:A");
  await settled();
  begin(world.source, [trade("sim:A", 1, { snapshot: true })]);
  const other = world.subscribe("trades", "sim:B", { snapshot: 5 });
  await settled();
  assert.deepEqual(world.source.query, { channel: "trades", symbols: "sim:B", snapshot: "5" });
  begin(world.source, [trade("sim:B", 1, { snapshot: true })]);
  assert.deepEqual([one.length, other.length, open().length], [1, 1, 2]);
});

test("a stream that is cut comes back by the browser, which says since when; what comes twice is dropped", async () => {
  const world = streaming();
  const told = world.subscribe("trades", "sim:A");
  await settled();
  begin(world.source, [trade("sim:A", 1, { snapshot: true })]);
  world.source.fail();
  assert.deepEqual([world.ticker.state, world.ticker.reason], ["connecting", "the stream was cut"]);
  begin(world.source, [1, 2].map((seq) => trade("sim:A", seq, { snapshot: true })));
  assert.deepEqual(told.map(({ seq }) => seq), [1, 2]);
  assert.deepEqual([world.ticker.state, FakeSource.all.length], ["live", 1]);
});

test("a stream that the browser gives up is opened again, and the trades go on", async () => {
  const world = streaming();
  world.subscribe("trades", "sim:A");
  await settled();
  begin(world.source, [trade("sim:A", 1, { snapshot: true })]);
  await world.timers.pass(1);
  world.source.fail(true);
  await world.timers.pass(500);
  assert.deepEqual(world.source.query, { channel: "trades", symbols: "sim:A", since: at(1) });
});

test("bars that ended while a stream was cut are asked for", async () => {
  const world = streaming();
  world.subscribe("bars", "sim:A", { interval: "1s" });
  await settled();
  begin(world.source, [bar("sim:A", 1, at(0), { interval: "1s", snapshot: true, epoch: "m2" })]);
  world.source.fail();
  await world.timers.pass(2_000);
  assert.equal(FakeSource.all.length, 2);
  assert.ok(Number(world.source.query.snapshot) >= 3, world.source.query.snapshot);
});

test("a stream from which nothing is heard for 25 s is dead", async () => {
  const world = streaming();
  world.subscribe("quotes", "sim:A");
  await settled();
  begin(world.source);
  await world.timers.pass(20_000);
  world.source.say({ type: "heartbeat", time: at(0) });
  await world.timers.pass(24_000);
  assert.equal(world.ticker.state, "live");
  await world.timers.pass(7_000);
  assert.equal(FakeSource.all.length, 2);
});

test("after a sleep one whose heartbeat is overdue is, too", async () => {
  const world = streaming();
  world.subscribe("quotes", "sim:A");
  await settled();
  begin(world.source);
  await world.timers.pass(11_000);
  world.page.woken(false);
  assert.equal(FakeSource.all.length, 1);
  await world.timers.pass(2_000);
  world.page.woken(false);
  await world.timers.pass(0);
  assert.equal(FakeSource.all.length, 2);
});

test("a stream that the service refuses is the part's that asked for it", async () => {
  const world = streaming();
  const good = world.subscribe("quotes", "sim:A");
  const bad = world.subscribe("quotes", "*");
  await settled();
  const refusal = { status: 413, body: { code: 413, reason: "'*' matches 12431 symbols; the limit is 2000" } };
  world.answers = [refusal, refusal];
  world.source.fail(true);
  await settled();
  const [, alone, other] = FakeSource.all;
  assert.deepEqual([alone.query.symbols, other.query.symbols], ["sim:A", "*"]);
  other.fail(true);
  await settled();
  begin(alone, [quote("sim:A", 1)]);
  assert.deepEqual([good.length, bad.subscription.rejected.map(({ code }) => code)], [1, [413]]);
  assert.equal(world.events.error.length, 1);
});

test("names that the service has not are told as over a WebSocket", async () => {
  const world = streaming();
  const { subscription } = world.subscribe("quotes", "sim:A,sim:X");
  await settled();
  const request = { op: "subscribe", id: null, channel: "quotes", symbols: ["sim:A", "sim:X"] };
  const rejected = { symbol: "sim:X", code: 404, reason: "no such symbol" };
  for (const message of [welcome(), ack(request, [rejected]), synced(request)]) world.source.say(message);
  assert.deepEqual(subscription.rejected, [rejected]);
});

test("closing ends all streams", async () => {
  const world = streaming();
  world.subscribe("quotes", "sim:A");
  world.subscribe("trades", "sim:A");
  await settled();
  world.ticker.close();
  assert.deepEqual(open(), []);
});
