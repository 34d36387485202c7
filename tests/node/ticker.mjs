// The JavaScript client in a process of its own: does what each line of its input says, and prints what it is told.
// node ticker.mjs http://127.0.0.1:8080/v1/ws '{"websocket": "open"}'

import { createInterface } from "node:readline";
import { EventSource } from "eventsource";
import { WebSocket, WebSocketServer } from "ws";

const [url, given = "{}"] = process.argv.slice(2);
const { websocket = "open", ...options } = JSON.parse(given);
const print = (message) => console.log(JSON.stringify(message));

// A page that hides and wakes.
globalThis.window = new EventTarget();
globalThis.document = Object.assign(new EventTarget(), { hidden: false });
const page = {
  hide: () => show(true),
  show: () => show(false),
  online: () => window.dispatchEvent(new Event("online")),
};
const show = (hidden) => {
  document.hidden = hidden;
  document.dispatchEvent(new Event("visibilitychange"));
};

// What somebody between us may make of a WebSocket.
const dead = class extends WebSocket {
  constructor() {
    super("ws://127.0.0.1:1/");
  }
};
let muted;
const mute = class extends WebSocket {
  constructor() {
    super(`ws://127.0.0.1:${muted.address().port}/`);
  }
};
if (websocket === "mute") {
  muted = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => muted.on("listening", resolve));
}
const classes = { open: WebSocket, blocked: dead, mute };

const { connect } = await import("../../ticker/dashboard/ticker-client.js");
const tokens = options.token;
if (Array.isArray(tokens)) options.token = async () => tokens.shift();
const ticker = connect(url, { WebSocket: classes[websocket], EventSource, ...options });
for (const type of ["state", "welcome", "error"])
  ticker.addEventListener(type, ({ detail }) => print({ ...detail, type, transport: ticker.transport }));

const subscriptions = {};
const commands = {
  subscribe: ([name, channel, symbols, options = {}]) => {
    const listener = (message) => print({ ...message, to: name, age: ticker.now() - Date.parse(message.received) });
    subscriptions[name] = ticker.subscribe(channel, symbols, options, listener);
  },
  change: ([name, options]) => subscriptions[name].change(options),
  close: ([name]) => subscriptions[name].close(),
  page: ([what]) => page[what](),
  counts: () => print({ type: "counts", ...ticker.counts }),
  get: async ([path, query]) => print({ type: "answer", ...(await ticker.get(path, query)) }),
};
// Those of one line are done in one moment.
for await (const line of createInterface({ input: process.stdin }))
  for (const [command, ...words] of JSON.parse(line)) commands[command](words);
