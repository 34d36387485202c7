// A connection that comes and goes: when to try again, when it is dead, and what is said of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { at, FakeSocket, quote, settled, welcome, World } from "./fakes.mjs";

const states = (world) => world.states.splice(0).map(({ state }) => state);

test("it is live once the service has welcomed it", async () => {
  const world = new World();
  await settled();
  world.socket.open();
  assert.equal(world.ticker.state, "connecting");
  world.socket.say(welcome());
  assert.deepEqual(states(world), ["connecting", "live"]);
  assert.deepEqual([world.ticker.transport, world.ticker.welcome.session], ["websocket", "k3f9"]);
  assert.equal(world.events.welcome.length, 1);
});

test("it backs off with full jitter, from half a second to thirty, and starts anew with the first data", async () => {
  const world = new World();
  const waits = [];
  const fail = async () => {
    world.socket.end();
    waits.push(world.ticker.retryAt - world.timers.now);
    await world.timers.pass(waits.at(-1));
  };
  await settled();
  for (let number = 0; number < 8; number++) await fail();
  assert.deepEqual(waits.splice(0), [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  await world.connected();
  await fail(); // a service that takes us in and throws us out again
  await world.connected();
  world.socket.say(quote("sim:A", 1));
  await fail();
  assert.deepEqual(waits, [30_000, 500]);
});

for (const [code, reason, wait] of [
  [1001, "retry_after_ms=700", 700],
  [1012, "restarting; retry_after_ms=1234", 1_234],
  [1013, "retry_after_ms=9000", 9_000],
  [1012, "", 500],
  [4008, "", 0],
  [4009, "", 0],
  [4429, "", 60_000],
  [1000, "", 500],
  [1011, "", 500],
])
  test(`after ${code} ${reason} it is back in ${wait} ms`, async () => {
    const world = new World();
    await world.connected();
    world.socket.say(quote("sim:A", 1));
    world.socket.end(code, reason);
    assert.deepEqual([world.ticker.state, world.states.at(-1).code], ["waiting", code]);
    assert.equal(world.ticker.retryAt - world.timers.now, wait);
    await world.timers.pass(wait);
    assert.equal(world.ticker.state, "connecting");
    assert.equal(FakeSocket.all.length, 2);
  });

for (const code of [1002, 1003, 1007, 1009, 4401, 4403])
  test(`after ${code} it does not come back by itself, but when it is told to`, async () => {
    const world = new World();
    await world.connected();
    world.socket.end(code, "because");
    assert.equal(world.ticker.state, "closed");
    assert.match(world.ticker.reason, /because/);
    assert.equal(world.events.error[0].code, code);
    await world.timers.pass(600_000);
    assert.equal(FakeSocket.all.length, 1);
    world.ticker.retryNow();
    await world.connect();
    assert.equal(world.ticker.state, "live");
  });

test("25 s without hearing anything are a dead connection", async () => {
  const world = new World();
  await world.connected();
  world.socket.say(quote("sim:A", 1));
  await world.timers.pass(22_900);
  assert.deepEqual(world.socket.sent, []);
  await world.timers.pass(200);
  assert.deepEqual(world.socket.sent.map(({ op }) => op), ["ping"]); // it may be us who did not listen
  await world.timers.pass(1_800);
  assert.deepEqual([world.ticker.state, FakeSocket.all.length], ["live", 1]);
  await world.timers.pass(100);
  assert.equal(world.ticker.state, "waiting");
  assert.match(world.ticker.reason, /nothing was heard/);
  assert.equal(FakeSocket.all[0].readyState, 3);
});

test("a quiet connection whose heartbeats come lives on", async () => {
  const world = new World();
  await world.connected();
  for (let second = 0; second < 300; second += 10) {
    world.socket.requests(); // answers pings
    world.socket.say({ type: "heartbeat", time: at(second) });
    await world.timers.pass(10_000);
  }
  assert.equal(world.ticker.state, "live");
  assert.equal(FakeSocket.all.length, 1);
});

test("a page that is visible again asks, and comes back at once if there is no answer within 2 s", async () => {
  const world = new World();
  await world.connected();
  world.page.woken(false);
  assert.deepEqual(world.socket.sent.map(({ op }) => op), ["ping"]);
  world.socket.say(quote("sim:A", 1)); // may have waited for us
  await world.timers.pass(2_000);
  assert.deepEqual([world.ticker.state, FakeSocket.all.length], ["connecting", 2]);
});

test("a page that is visible again and gets its answer stays", async () => {
  const world = new World();
  await world.connected();
  world.page.woken(false);
  world.socket.requests();
  await world.timers.pass(10_000);
  assert.deepEqual([world.ticker.state, FakeSocket.all.length], ["live", 1]);
});

test("a machine that has slept asks, too", async () => {
  const world = new World();
  await world.connected();
  await world.timers.sleep(3_600_000);
  assert.deepEqual(world.socket.sent.map(({ op }) => op), ["ping"]);
  await world.timers.pass(2_000);
  assert.deepEqual([world.ticker.state, FakeSocket.all.length], ["connecting", 2]);
});

test("the network's return ends the wait, unless the service has asked for it", async () => {
  const world = new World();
  await world.connected();
  world.socket.end();
  world.page.woken(true);
  assert.equal(world.ticker.state, "connecting");
  await world.connected();
  world.socket.end(1012, "retry_after_ms=4000");
  world.page.woken(true);
  assert.equal(world.ticker.state, "waiting");
  world.ticker.retryNow(); // a person may
  assert.equal(world.ticker.state, "connecting");
});

test("a socket that never opens is given up after 10 s, one that opens and says nothing after 5", async () => {
  const world = new World();
  await world.timers.pass(10_000);
  assert.equal(world.ticker.state, "waiting");
  assert.match(world.ticker.reason, /no answer within 10 s/);
  await world.timers.pass(500);
  world.socket.open();
  await world.timers.pass(5_000);
  assert.match(world.ticker.reason, /nothing comes through/);
});

test("what is no ticker is not asked again", async () => {
  for (const said of ["hello", "[]x", '{"type":"welcome","protocol":2}', "null"]) {
    const world = new World();
    await settled();
    world.socket.open();
    world.socket.onmessage({ data: said });
    assert.deepEqual([world.ticker.state, world.socket.readyState], ["closed", 3], said);
  }
});

test("types of messages that are not known are left alone", async () => {
  const world = new World();
  const told = world.subscribe("quotes", "*");
  await world.connected();
  world.socket.say({ type: "weather", symbol: "sim:A", seq: 1 });
  world.socket.say({ type: "weather" });
  assert.deepEqual([told.length, world.ticker.state], [0, "live"]);
});

test("ages are by the service's clock", async () => {
  const world = new World();
  const socket = await world.connect({ time: at(5_000) }); // ours is 5 s late
  assert.equal(world.ticker.now() - world.timers.now, 5_000);
  assert.equal(world.ticker.latency, null);
  const { id } = socket.sent.find(({ op }) => op === "ping");
  await world.timers.pass(40);
  socket.say({ type: "pong", id, time: at(5_320) }); // halfway it was 5.3 s late
  assert.equal(world.ticker.now() - world.timers.now, 5_300);
  assert.equal(world.ticker.latency, 20);
});

test("a page that closes it is left alone, and so is the service", async () => {
  const world = new World();
  await world.connected();
  world.ticker.close();
  assert.deepEqual([world.ticker.state, world.socket.closed], ["closed", 1_000]);
  world.ticker.retryNow();
  await world.timers.pass(600_000);
  assert.equal(FakeSocket.all.length, 1);
});
