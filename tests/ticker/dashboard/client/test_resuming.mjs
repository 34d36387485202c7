// After a lost connection: trades without a hole or a repetition, values as they are now, bars that ended meanwhile.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ack, at, bar, gap, status, synced, trade, World } from "./fakes.mjs";

const seqs = (told) => told.map(({ seq, from_seq: from, to_seq: to }) => seq ?? `${from}-${to}`);

async function again(world, code = 1006) {
  world.socket.end(code);
  await world.timers.pass(world.ticker.retryAt - world.timers.now);
  return world.connect();
}

test("trades go on after the last that was seen", async () => {
  const world = new World();
  const told = world.subscribe("trades", "sim:A");
  let socket = await world.connected();
  for (const seq of [5, 6]) socket.say(trade("sim:A", seq));
  socket = await again(world);
  const [request] = socket.requests();
  assert.deepEqual([request.since, "snapshot" in request], [at(6), false]);
  socket.say(ack(request));
  for (const seq of [6, 7, 8]) socket.say(trade("sim:A", seq, { snapshot: true }));
  socket.say(synced(request));
  for (const seq of [8, 9]) socket.say(trade("sim:A", seq));
  assert.deepEqual(seqs(told), [5, 6, 7, 8, 9]);
  assert.equal(world.ticker.counts.repeated, 2);
});

test("what is lost is told where it was, once, to the listeners and to the page", async () => {
  const world = new World();
  const told = world.subscribe("trades", "sim:A");
  let socket = await world.connected();
  socket.say(trade("sim:A", 5));
  socket.say(gap("sim:A", 6, 8));
  socket = await again(world);
  const [request] = socket.requests();
  assert.equal(request.since, at(8));
  socket.say(ack(request));
  socket.say(gap("sim:A", 6, 8));
  socket.say(gap("sim:A", null, 20, { missed: null, reason: "retention" }));
  socket.say(trade("sim:A", 21, { snapshot: true }));
  socket.say(synced(request));
  assert.deepEqual(seqs(told), [5, "6-8", "null-20", 21]);
  assert.equal(world.events.gap.length, 2);
  const { gaps, missed } = world.ticker.counts;
  assert.deepEqual([gaps, missed], [2, 3]);
});

test("cut in the middle of that, it goes on from where all was seen", async () => {
  const world = new World();
  const told = world.subscribe("trades", "sim:*");
  let socket = await world.connected();
  socket.say(trade("sim:A", 5));
  socket = await again(world);
  let [request] = socket.requests();
  socket.say(ack(request));
  socket.say(trade("sim:A", 6, { snapshot: true }));
  socket = await again(world);
  [request] = socket.requests();
  assert.equal(request.since, at(5));
  socket.say(ack(request));
  for (const seq of [5, 6, 7]) socket.say(trade("sim:A", seq, { snapshot: true }));
  socket.say(synced(request));
  assert.deepEqual(seqs(told), [5, 6, 7]);
});

test("a restarted service counts anew, and nothing of it is taken for a repetition", async () => {
  const world = new World();
  const told = world.subscribe("trades", "sim:A");
  let socket = await world.connected();
  socket.say(trade("sim:A", 50));
  socket = await again(world);
  const [request] = socket.requests();
  socket.say(ack(request));
  socket.say(gap("sim:A", null, null, { epoch: "n3", received: at(600), missed: null, reason: "restart" }));
  socket.say(trade("sim:A", 1, { epoch: "n3", received: at(700), snapshot: true }));
  socket.say(synced(request));
  assert.deepEqual(seqs(told), [50, "null-null", 1]);
});

test("all tapes resume with one request, from where the oldest has to; each gets what it misses", async () => {
  const world = new World();
  const [one, other] = [world.subscribe("trades", "sim:A"), world.subscribe("trades", "sim:B")];
  let socket = await world.connected();
  socket.say(trade("sim:A", 5));
  socket.say(trade("sim:B", 9));
  socket = await again(world);
  const [request, ...others] = socket.requests();
  assert.deepEqual([request.since, request.symbols, others], [at(5), ["sim:A", "sim:B"], []]);
  socket.say(ack(request));
  socket.say(trade("sim:A", 6, { snapshot: true }));
  socket.say(trade("sim:B", 8, { snapshot: true }));
  socket.say(trade("sim:B", 10, { snapshot: true }));
  socket.say(synced(request));
  assert.deepEqual([seqs(one), seqs(other)], [[5, 6], [9, 10]]);
});

test("a tape that was silent resumes from when it was asked for", async () => {
  const world = new World();
  world.subscribe("trades", "sim:A", { snapshot: false });
  await world.connected();
  await world.timers.pass(10_000);
  const [request] = (await again(world)).requests();
  assert.equal(request.since, at(0));
});

test("a tape that was cut before its first answer begins anew", async () => {
  const world = new World();
  world.subscribe("trades", "sim:A", { snapshot: 7 });
  await world.connect();
  const [request] = (await again(world)).requests();
  assert.deepEqual([request.snapshot, "since" in request], [7, false]);
});

test("a service that cannot resume is asked anew, and the listeners are told of the gap", async () => {
  const world = new World();
  const told = world.subscribe("trades", "sim:A");
  let socket = await world.connected();
  socket.say(trade("sim:A", 5));
  socket = await again(world);
  const [{ id }] = socket.requests();
  socket.say({ type: "error", id, code: 400, reason: "since: not offered yet" });
  assert.deepEqual(seqs(told), [5, "null-null"]);
  assert.equal(told[1].reason, "retention");
  await world.timers.pass(1_000);
  const [request] = socket.requests();
  assert.deepEqual([request.snapshot, "since" in request], [true, false]);
});

test("state begins with its current value, whatever the first subscription asked for", async () => {
  const world = new World();
  world.subscribe("quotes", "sim:A", { snapshot: false, maxRate: 4 });
  await world.connected();
  const [request] = (await again(world)).requests();
  assert.deepEqual([request.snapshot, request.max_rate], [true, 4]);
});

test("bars that ended meanwhile come, and those that were seen do not come again", async () => {
  const world = new World();
  const told = world.subscribe("bars", "sim:A", { interval: "1m" });
  let socket = await world.connect();
  let [request] = socket.requests();
  assert.equal(request.snapshot, true);
  socket.say(ack(request));
  socket.say(bar("sim:A", 10, at(0), { snapshot: true, epoch: "m2" }));
  socket.say(synced(request));
  socket.say(bar("sim:A", 11, at(0)));
  socket = await again(world, 4429);
  [request] = socket.requests();
  assert.ok(request.snapshot >= 3, `${request.snapshot}`);
  socket.say(ack(request));
  for (const [seq, minute] of [[9, -1], [12, 0], [19, 1], [20, 2]])
    socket.say(bar("sim:A", seq, at(minute * 60_000), { snapshot: true, epoch: "m2" }));
  socket.say(synced(request));
  assert.deepEqual(seqs(told), [10, 11, 12, 19, 20]);
});

test("bars that ended in an hour of sleep come, too", async () => {
  const world = new World();
  world.subscribe("bars", "sim:A", { interval: "1m" });
  const socket = await world.connected();
  socket.say(bar("sim:A", 10, at(0)));
  await world.timers.sleep(3_600_000);
  await world.timers.pass(2_000); // no answer: only now it is noticed
  const [request] = (await world.connect()).requests();
  assert.equal(request.snapshot, 63);
});

test("statuses are told anew with each connection", async () => {
  const world = new World();
  world.subscribe("quotes", "sim:A");
  let socket = await world.connected();
  socket.say(status("sim:A", 1, "stale"));
  socket.end();
  await world.timers.pass(500);
  const newcomer = world.subscribe("quotes", "sim:A");
  await world.connected();
  assert.deepEqual(newcomer.length, 0); // nothing of the last connection
});
