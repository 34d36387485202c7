// Runs an example of docs/javascript.md as a page would: node example.mjs file. What a browser has and Node has not is
// given to it, and a React that renders once.

import { EventSource } from "eventsource";
import { WebSocket } from "ws";

Object.assign(globalThis, { WebSocket, EventSource });
globalThis.requestAnimationFrame = (draw) => setTimeout(draw, 16);
globalThis.price = {
  set textContent(text) {
    console.log("price", text);
  },
};

const module = await import(process.argv[2]);
if (module.usePrice) {
  const row = module.usePrice("demo:BTC-USDT");
  console.log("first", JSON.stringify(row));
}
