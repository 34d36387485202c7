// What a page's parts ask for, over one connection: together, within limits, and each getting what it asked for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { accept, ack, at, quote, row, settled, status, synced, trade, World } from "./fakes.mjs";

const symbols = (requests) => requests.map((request) => request.symbols);

test("the parts of a page share one connection, and what they ask for in one moment is one request", async () => {
  const world = new World();
  const parts = ["A", "B", "C"].map((name) => world.subscribe("ticker", `sim:${name}`));
  const socket = await world.connect();
  const [request, ...others] = socket.requests();
  assert.deepEqual(others, []);
  assert.deepEqual(request.symbols, ["sim:A", "sim:B", "sim:C"]);
  assert.equal(request.snapshot, true);
  assert.ok(!("max_rate" in request));
  accept(socket, request);
  socket.say(row("sim:B", 1));
  assert.deepEqual(parts.map((told) => told.length), [0, 1, 0]);
});

test("those of different options are asked for by themselves", async () => {
  const world = new World();
  world.subscribe("quotes", "sim:A", { maxRate: 4 });
  world.subscribe("quotes", ["sim:B"], { maxRate: 4 });
  world.subscribe("quotes", "sim:C", { maxRate: null, fields: ["bid"] });
  world.subscribe("bars", "sim:A", { interval: "1m", snapshot: 100 });
  const requests = (await world.connect()).requests();
  assert.deepEqual(
    requests.map(({ id, op, ...rest }) => rest),
    [
      { channel: "quotes", symbols: ["sim:A", "sim:B"], max_rate: 4, snapshot: true },
      { channel: "quotes", symbols: ["sim:C"], max_rate: null, fields: ["bid"], snapshot: true },
      { channel: "bars", interval: "1m", symbols: ["sim:A"], snapshot: 100 },
    ],
  );
});

test("where parts overlap each gets at least what it asked for", async () => {
  const world = new World();
  world.subscribe("ticker", "*", { maxRate: null });
  world.subscribe("ticker", "sim:A", { maxRate: 1, fields: ["last"] });
  world.subscribe("quotes", "sim:A", { maxRate: 1, fields: ["bid"] });
  world.subscribe("quotes", "sim:A", { maxRate: 10, fields: ["ask"] });
  const requests = (await world.connect()).requests();
  assert.deepEqual(
    requests.map(({ channel, symbols, max_rate, fields }) => ({ channel, symbols, max_rate, fields })),
    [
      { channel: "ticker", symbols: ["sim:A", "*"], max_rate: null, fields: undefined },
      { channel: "quotes", symbols: ["sim:A"], max_rate: 10, fields: ["ask", "bid"] },
    ],
  );
});

test("a request names no more than the service takes, and is no longer", async () => {
  const world = new World();
  const names = Array.from({ length: 2_500 }, (_, number) => `sim:${"N".repeat(50)}${number}`);
  world.subscribe("quotes", names);
  const socket = await world.connect({ limits: { symbols: 5_000, message_bytes: 65_536, requests_per_second: 20 } });
  const requests = [];
  for (let found = socket.requests(); found.length; found = socket.requests()) {
    for (const request of found) {
      requests.push(request);
      accept(socket, request);
    }
    await world.timers.pass(1_000);
  }
  assert.deepEqual(symbols(requests).flat(), names);
  assert.ok(requests.every((request) => request.symbols.length <= 1_000));
  assert.ok(requests.every((request) => JSON.stringify(request).length <= 65_536));
});

test("no more requests a second than the service takes", async () => {
  const world = new World();
  const socket = await world.connected();
  const sent = [];
  const answering = () => {
    for (const request of socket.requests()) {
      sent.push(request);
      accept(socket, request);
    }
  };
  for (let number = 0; number < 100; number++) {
    world.subscribe("quotes", `sim:${number}`);
    await settled();
    answering();
  }
  assert.ok(sent.length <= 21, `${sent.length}`);
  for (let second = 0; second < 10; second++) {
    await world.timers.pass(1_000);
    answering();
  }
  assert.deepEqual(new Set(symbols(sent).flat()).size, 100);
});

test("a part that leaves takes nothing from the others", async () => {
  const world = new World();
  const [one, other] = [world.subscribe("quotes", "sim:A,sim:B"), world.subscribe("quotes", "sim:A")];
  const socket = await world.connected();
  one.subscription.close();
  one.subscription.close();
  await settled();
  const [request] = socket.requests();
  assert.deepEqual([request.op, request.symbols], ["unsubscribe", ["sim:B"]]);
  socket.say(ack(request));
  socket.say(quote("sim:A", 1));
  assert.deepEqual([one.length, other.length], [0, 1]);
});

test("what is given up and taken again in one moment is not asked for again", async () => {
  const world = new World();
  const one = world.subscribe("quotes", "sim:A");
  const socket = await world.connected();
  one.subscription.close();
  const other = world.subscribe("quotes", "sim:A");
  await settled();
  const requests = socket.requests();
  assert.deepEqual(requests.map(({ op, snapshot }) => [op, snapshot]), [["subscribe", true]]); // the newcomer's value
  accept(socket, requests[0]);
  socket.say(quote("sim:A", 1));
  assert.deepEqual([one.length, other.length], [0, 1]);
});

test("options are changed in place", async () => {
  const world = new World();
  const { subscription } = world.subscribe("quotes", "sim:A", { maxRate: 1, fields: ["bid"] });
  const socket = await world.connected();
  subscription.change({ maxRate: 10 });
  subscription.change({ maxRate: 4 });
  await settled();
  const [request, ...others] = socket.requests();
  assert.deepEqual([request.max_rate, request.fields, "snapshot" in request, others], [4, ["bid"], false, []]);
  accept(socket, request);
  subscription.change({ fields: null }); // chosen newly they come at once with a snapshot
  await settled();
  const [again] = socket.requests();
  assert.deepEqual([again.max_rate, again.fields, again.snapshot], [4, undefined, true]);
});

test("a newcomer is told the statuses that others have been told", async () => {
  const world = new World();
  world.subscribe("quotes", "sim:*");
  const socket = await world.connected();
  socket.say(status("sim:A", 1, "stale"));
  const told = world.subscribe("trades", "sim:A");
  assert.equal(told.length, 0); // not before `subscribe` has returned
  await settled();
  assert.deepEqual(told.map(({ state }) => state), ["stale"]);
  socket.say(status("sim:A", 2, "live"));
  assert.deepEqual(told.map(({ state }) => state), ["stale", "live"]);
});

test("a newcomer to a tape gets its past, and the others do not get it again", async () => {
  const world = new World();
  const one = world.subscribe("trades", "sim:*");
  const socket = await world.connected();
  for (const seq of [5, 6]) socket.say(trade("sim:A", seq));
  const other = world.subscribe("trades", "sim:A", { snapshot: 3 });
  await settled();
  socket.say(trade("sim:A", 7)); // before its answer: the newcomer gets it behind the others
  const [request] = socket.requests();
  assert.equal(request.snapshot, 3);
  socket.say(ack(request));
  for (const seq of [5, 6, 7]) socket.say(trade("sim:A", seq, { snapshot: true }));
  socket.say(synced(request));
  socket.say(trade("sim:A", 8));
  assert.deepEqual(one.map(({ seq }) => seq), [5, 6, 7, 8]);
  assert.deepEqual(other.map(({ seq }) => seq), [5, 6, 7, 8]);
});

test("who wants nothing of the past gets nothing of it when others ask for it", async () => {
  const world = new World();
  const one = world.subscribe("trades", "sim:A", { snapshot: false });
  const socket = await world.connected();
  const other = world.subscribe("trades", "sim:A");
  await settled();
  const [request] = socket.requests();
  socket.say(ack(request));
  socket.say(trade("sim:A", 5, { snapshot: true, received: at(-1_000) }));
  socket.say(synced(request));
  socket.say(trade("sim:A", 6));
  assert.deepEqual([one, other].map((told) => told.map(({ seq }) => seq)), [[6], [5, 6]]);
});

test("names that the service has not are told to their part, with what was probably meant", async () => {
  const world = new World();
  const [one, other] = [world.subscribe("quotes", "sim:A,sim:AB"), world.subscribe("quotes", "sim:B")];
  const socket = await world.connect();
  const [request] = socket.requests();
  const rejected = { symbol: "sim:AB", code: 404, reason: "no such symbol; did you mean sim:A?" };
  accept(socket, request, [rejected]);
  assert.deepEqual([one.subscription.rejected, other.subscription.rejected], [[rejected], []]);
  const { symbol, ...error } = rejected;
  assert.deepEqual(world.events.error, [{ ...error, suggestion: "sim:A", channel: "quotes", symbol }]);
  one.subscription.close(); // what it never had needs no farewell
  await settled();
  assert.deepEqual(symbols(socket.requests()), [["sim:A"]]);
});

test("one part's mistake costs the others nothing", async () => {
  const world = new World();
  const [good, bad] = [world.subscribe("quotes", "sim:A"), world.subscribe("quotes", "*")];
  const socket = await world.connect();
  const refuse = ({ id }) => socket.say({ type: "error", id, code: 413, reason: "'*' matches 12431 symbols" });
  refuse(socket.requests()[0]);
  await world.timers.pass(1_000);
  const requests = socket.requests();
  assert.deepEqual(symbols(requests), [["sim:A"], ["*"]]);
  accept(socket, requests[0]);
  refuse(requests[1]);
  await world.timers.pass(1_000);
  assert.deepEqual(socket.requests(), []);
  socket.say(quote("sim:A", 1));
  assert.equal(good.length, 1);
  assert.deepEqual(bad.subscription.rejected.map(({ code, symbol }) => [code, symbol]), [[413, "*"]]);
});

test("a refusal that time cures is waited out", async () => {
  const world = new World();
  const { subscription } = world.subscribe("quotes", "sim:A");
  const socket = await world.connect();
  const [{ id }] = socket.requests();
  socket.say({ type: "error", id, code: 503, reason: "starting", retry_after_ms: 3_000 });
  await world.timers.pass(2_900);
  assert.deepEqual(socket.requests(), []);
  await world.timers.pass(200);
  assert.deepEqual(symbols(socket.requests()), [["sim:A"]]);
  assert.deepEqual(subscription.rejected, []);
});

test("a hidden page may be thinned, and is as before when it is shown", async () => {
  const world = new World({ hiddenRate: 0.2 });
  world.subscribe("ticker", "*");
  world.subscribe("trades", "sim:A");
  const socket = await world.connected();
  world.page.hidden(true);
  await settled();
  const [request] = socket.requests();
  assert.deepEqual([request.channel, request.max_rate], ["ticker", 0.2]);
  accept(socket, request);
  world.page.hidden(false);
  await settled();
  assert.deepEqual(socket.requests().map((request) => [request.channel, "max_rate" in request]), [["ticker", false]]);
});

test("a listener that fails is the page's matter and no other listener's", async (context) => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  context.after(() => delete globalThis.reportError);
  const world = new World();
  world.ticker.subscribe("quotes", "sim:A", () => {
    throw new Error("oh");
  });
  const other = world.subscribe("quotes", "sim:A");
  const socket = await world.connected();
  socket.say(quote("sim:A", 1));
  assert.deepEqual([reported, other.length], [["oh"], 1]);
});

test("what was merged away is counted", async () => {
  const world = new World();
  world.subscribe("quotes", "sim:A");
  const socket = await world.connected();
  for (const seq of [5, 6, 10]) socket.say(quote("sim:A", seq));
  const { updates, conflated } = world.ticker.counts;
  assert.deepEqual({ updates, conflated }, { updates: 3, conflated: 3 });
});

test("a subscription without a listener is a mistake of the page", () => {
  assert.throws(() => new World().ticker.subscribe("quotes", "sim:A"), TypeError);
});

test("a subscription to nothing asks for nothing", async () => {
  const world = new World();
  world.subscribe("quotes", []);
  assert.deepEqual((await world.connect()).requests(), []);
});
