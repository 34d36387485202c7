// Follows a symbol with the packages `ws` or `eventsource`, and prints each message on a line.
// node main.mjs websocket|eventsource http://127.0.0.1:8080 symbol

import { EventSource } from "eventsource";
import { WebSocket } from "ws";
import { ways } from "./follow.mjs";

const [way, base, symbol] = process.argv.slice(2);
ways[way]({ websocket: WebSocket, eventsource: EventSource }[way], base, symbol, (data) => console.log(data));
