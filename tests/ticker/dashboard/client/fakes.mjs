// A client in a test's hand: its clock, its timers, its dice, its sockets, and a page that hides and wakes.

import { address } from "../../../../ticker/dashboard/client/address.js";
import { Ticker } from "../../../../ticker/dashboard/client/ticker.js";

export const EPOCH = "m2x8";
export const START = Date.parse("2026-08-09T21:05:48Z");

// A time of the service, so many ms after the start.
export const at = (ms) => new Date(START + ms).toISOString().replace("Z", "000000Z");

export class Timers {
  now = START;
  #waiting = [];

  set = (call, ms) => {
    const timer = { call, at: this.now + ms };
    this.#waiting.push(timer);
    return timer;
  };

  clear = (timer) => {
    this.#waiting = this.#waiting.filter((other) => other !== timer);
  };

  // Let time go by, and what is due happen.
  async pass(ms) {
    const until = this.now + ms;
    for (;;) {
      await settled();
      const [next] = this.#waiting.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.clear(next);
      this.now = Math.max(this.now, next.at);
      next.call();
    }
    this.now = until;
    await settled();
  }

  // The machine sleeps: time goes by and nothing happens, until all that is due happens late.
  async sleep(ms) {
    this.now += ms;
    await this.pass(0);
  }
}

// All that was deferred has happened.
export const settled = () => new Promise((resolve) => setImmediate(resolve));

export class FakeSocket {
  static all = [];
  readyState = 0;
  sent = [];

  constructor(url) {
    this.url = url;
    FakeSocket.all.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.readyState = 3;
    this.closed = code ?? 1005;
  }

  // What the other side does.
  open() {
    this.readyState = 1;
    this.onopen({});
  }

  say(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  end(code = 1006, reason = "") {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  // The requests since the last call, pings aside, which are answered.
  requests() {
    const found = this.sent.splice(0);
    for (const { id } of found.filter(({ op }) => op === "ping")) this.say({ type: "pong", id, time: at(0) });
    return found.filter(({ op }) => op !== "ping");
  }
}

export class FakeSource {
  static all = [];
  readyState = 0;
  listeners = {};

  constructor(url) {
    this.url = new URL(url);
    FakeSource.all.push(this);
  }

  addEventListener(type, listener) {
    this.listeners[type] = listener;
  }

  close() {
    this.readyState = 2;
  }

  say(message) {
    this.readyState = 1;
    this.listeners[message.type]({ data: JSON.stringify(message) });
  }

  // Cut; `gone`: for good.
  fail(gone = false) {
    this.readyState = gone ? 2 : 0;
    this.onerror({});
  }

  get query() {
    return Object.fromEntries(this.url.searchParams);
  }
}

export class World {
  timers = new Timers();
  states = [];
  events = { error: [], gap: [], welcome: [] };
  answers = [];
  asked = [];

  constructor(options = {}) {
    FakeSocket.all = [];
    FakeSource.all = [];
    const environment = {
      now: () => this.timers.now,
      random: () => options.random ?? 1,
      setTimeout: this.timers.set,
      clearTimeout: this.timers.clear,
      defer: (call) => queueMicrotask(call),
      WebSocket: "WebSocket" in options ? options.WebSocket : FakeSocket,
      EventSource: options.EventSource ?? null,
      fetch: async (url, request) => {
        this.asked.push({ url, ...request });
        const { status = 404, body = {} } = this.answers.shift() ?? {};
        return { ok: status === 200, status, json: async () => body };
      },
      watch: (watcher) => {
        this.page = watcher;
        return () => undefined;
      },
    };
    this.ticker = new Ticker(address("ws://host/v1/ws", "file:///"), options, environment);
    this.ticker.addEventListener("state", ({ detail }) => this.states.push(detail));
    for (const type of Object.keys(this.events))
      this.ticker.addEventListener(type, ({ detail }) => this.events[type].push(detail));
  }

  get socket() {
    return FakeSocket.all.at(-1);
  }

  get source() {
    return FakeSource.all.at(-1);
  }

  // A subscription and what it was told.
  subscribe(channel, symbols, options) {
    const told = [];
    const subscription = this.ticker.subscribe(channel, symbols, options, (message) => told.push(message));
    return Object.assign(told, { subscription });
  }

  // As far as the service's welcome.
  async connect(fields = {}) {
    await settled();
    this.socket.open();
    this.socket.say(welcome({ time: at(this.timers.now - START), ...fields }));
    await settled();
    return this.socket;
  }

  // Connected, and the requests answered.
  async connected(fields = {}) {
    const socket = await this.connect(fields);
    for (const request of socket.requests()) accept(socket, request);
    return socket;
  }
}

export const welcome = (fields = {}) => ({
  type: "welcome",
  protocol: 1,
  server: "ticker/0.1.0",
  session: "k3f9",
  time: at(0),
  heartbeat_ms: 10_000,
  rates: [50, 20, 10, 4, 2, 1, 0.5, 0.2],
  limits: { symbols: 2_000, message_bytes: 65_536, requests_per_second: 20 },
  auth: "none",
  ...fields,
});

export const ack = ({ op, id, channel, interval = null, symbols, max_rate = null, fields = null }, rejected = []) => ({
  type: "ack",
  id,
  op,
  channel,
  interval,
  symbols: symbols.filter((name) => !rejected.some(({ symbol }) => symbol === name)),
  max_rate,
  fields,
  rejected,
  warnings: [],
});

export const synced = ({ id, channel, symbols }) => ({ type: "synced", id, channel, symbols: symbols.length });

export function accept(socket, request, rejected = []) {
  socket.say(ack(request, rejected));
  if (request.op === "subscribe") socket.say(synced(request));
}

const data = (type, symbol, seq, fields) => ({ type, symbol, seq, time: null, received: at(seq), ...fields });

export const row = (symbol, seq, fields = {}) => data("ticker", symbol, seq, { last: "1.5", ...fields });
export const quote = (symbol, seq, fields = {}) => data("quote", symbol, seq, { bid: "1", ask: "2", ...fields });
export const trade = (symbol, seq, fields = {}) =>
  data("trade", symbol, seq, { epoch: EPOCH, price: "1.5", size: "1", side: "buy", trade_id: `${seq}`, ...fields });
export const bar = (symbol, seq, start, fields = {}) =>
  data("bar", symbol, seq, { interval: "1m", start, closed: false, ...fields });
export const status = (symbol, seq, state = "live") =>
  data("status", symbol, seq, { state, reason: null, since: null, last_received: null, until: null });
export const gap = (symbol, from, to, fields = {}) => ({
  type: "gap",
  channel: "trades",
  symbol,
  epoch: EPOCH,
  received: at(to),
  from_seq: from,
  to_seq: to,
  missed: to - from + 1,
  reason: "slow_consumer",
  ...fields,
});
