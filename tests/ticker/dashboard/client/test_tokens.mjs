// A service that wants a token: sent by the op `auth`, renewed before it ends, and never part of an address.

import assert from "node:assert/strict";
import { test } from "node:test";
import { at, FakeSocket, FakeSource, settled, welcome, World } from "./fakes.mjs";

const REQUIRED = { auth: "required" };
const admit = (socket, { id }) => socket.say({ type: "ack", id, op: "auth", expires: at(60_000) });

test("the token is sent first, and what is wished for once it is accepted", async () => {
  const world = new World({ token: "secret" });
  world.subscribe("quotes", "sim:A");
  const socket = await world.connect(REQUIRED);
  assert.equal(world.ticker.state, "connecting");
  const [request, ...others] = socket.requests();
  assert.deepEqual([request.op, request.token, others], ["auth", "secret", []]);
  admit(socket, request);
  assert.equal(world.ticker.state, "live");
  assert.deepEqual(socket.requests().map(({ op }) => op), ["subscribe"]);
  assert.ok(!socket.url.includes("secret"));
});

test("a service that wants none gets none", async () => {
  const world = new World({ token: "secret" });
  const socket = await world.connect();
  assert.ok(!JSON.stringify(socket.sent).includes("secret"));
});

test("without a token it says what is missing, and does not come back", async () => {
  const world = new World();
  await world.connect(REQUIRED);
  assert.equal(world.ticker.state, "closed");
  assert.match(world.ticker.reason, /connect\(url, \{ token \}\)/);
});

test("a function is asked for each connection, and again before its token ends", async () => {
  let number = 0;
  const world = new World({ token: async () => `token-${++number}` });
  let socket = await world.connect(REQUIRED);
  let [request] = socket.requests();
  assert.equal(request.token, "token-1");
  admit(socket, request);
  socket.say({ type: "auth", state: "expiring", expires: at(60_000), grace_ms: 25_000 });
  await settled();
  [request] = socket.requests();
  assert.deepEqual([request.op, request.token], ["auth", "token-2"]);
  admit(socket, request);
  assert.equal(world.ticker.state, "live");
  socket.end();
  await world.timers.pass(1_000);
  socket = await world.connect(REQUIRED);
  assert.equal(socket.requests()[0].token, "token-3");
});

test("a token that is refused is not sent again, another one is", async () => {
  const tokens = ["bad", "good", "good"];
  const world = new World({ token: () => tokens.shift() });
  const [{ id }] = (await world.connect(REQUIRED)).requests();
  world.socket.say({ type: "error", id, code: 401, reason: "expired" });
  assert.equal(world.ticker.state, "waiting");
  await world.timers.pass(500);
  const [request] = (await world.connect(REQUIRED)).requests();
  assert.equal(request.token, "good");
  admit(world.socket, request);
  world.socket.end(4401);
  await world.timers.pass(1_000);
  world.socket.open();
  world.socket.say(welcome(REQUIRED));
  await settled();
  world.socket.end(4401); // the same again
  assert.equal(world.ticker.state, "closed");
});

test("a value that is refused is the end", async () => {
  const world = new World({ token: "bad" });
  await world.connect(REQUIRED);
  world.socket.end(4401, "no such token");
  assert.deepEqual([world.ticker.state, world.events.error[0].code], ["closed", 4401]);
  await world.timers.pass(60_000);
  assert.equal(FakeSocket.all.length, 1);
});

test("a token that cannot be fetched for now is tried again", async () => {
  let failures = 1;
  const world = new World({
    token: async () => {
      if (failures-- > 0) throw new Error("no network");
      return "token";
    },
  });
  await world.connect(REQUIRED);
  assert.deepEqual([world.ticker.state, /no network/.test(world.ticker.reason)], ["waiting", true]);
  await world.timers.pass(500);
  assert.equal((await world.connect(REQUIRED)).requests()[0].token, "token");
});

test("over HTTP the token goes in a header, and what is refused is an error", async () => {
  const world = new World({ token: "secret" });
  const refusal = { code: 404, reason: "no such symbol" };
  world.answers = [{ status: 200, body: { messages: [] } }, { status: 404, body: refusal }];
  assert.deepEqual(await world.ticker.get("bars", { symbol: "sim:A", interval: "1m", since: null }), { messages: [] });
  const [{ url, headers }] = world.asked;
  assert.equal(url, "http://host/v1/bars?symbol=sim:A&interval=1m");
  assert.equal(headers.Authorization, "Bearer secret");
  await assert.rejects(world.ticker.get("bars", { symbol: "sim:X" }), { name: "RequestError", code: 404 });
});

test("a stream of events gets a ticket in the place of the token", async () => {
  const world = new World({ token: "secret", WebSocket: null, EventSource: FakeSource });
  world.answers = [{ status: 200, body: { ticket: "once" } }];
  world.subscribe("quotes", "sim:A");
  await settled();
  const [{ url, method, headers }] = world.asked;
  assert.deepEqual([url, method, headers.Authorization], ["http://host/v1/ticket", "POST", "Bearer secret"]);
  assert.equal(world.source.query.ticket, "once");
  assert.ok(!world.source.url.href.includes("secret"));
});

test("a ticket that is used up is followed by another, and says nothing of the token", async () => {
  const world = new World({ token: "secret", WebSocket: null, EventSource: FakeSource });
  world.answers = [{ status: 200, body: { ticket: "one" } }, { status: 401 }, { status: 200, body: { ticket: "two" } }];
  world.subscribe("quotes", "sim:A");
  await settled();
  world.source.fail(true);
  await settled();
  await world.timers.pass(500);
  assert.equal(world.source.query.ticket, "two");
});

test("a token that gets no ticket is refused", async () => {
  const world = new World({ token: "bad", WebSocket: null, EventSource: FakeSource });
  world.answers = [{ status: 401, body: { code: 401, reason: "expired" } }];
  world.subscribe("quotes", "sim:A");
  await settled();
  assert.deepEqual([world.ticker.state, FakeSource.all.length], ["closed", 0]);
});
