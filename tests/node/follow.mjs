// What a page's script does with a WebSocket or an EventSource, in a browser and in node alike: follow a symbol's quotes
// and trades, and come back after a cut.

const KINDS = ["welcome", "ack", "status", "quote", "trade", "gap", "synced", "heartbeat"];
const BACK_MS = 20;

// A WebSocket does not come back by itself: the trades are resumed with what was seen last.
function websocket(WebSocket, base, symbol, tell) {
  let since = null;
  const socket = new WebSocket(`${base.replace("http", "ws")}/v1/ws`);
  const connect = (socket) => {
    socket.onopen = () => {
      for (const channel of ["quotes", "trades"]) {
        const options = channel === "trades" && since !== null ? { since } : {};
        socket.send(JSON.stringify({ op: "subscribe", id: channel, channel, symbols: [symbol], ...options }));
      }
    };
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "trade" || message.type === "gap") since = message.received;
      tell(data);
    };
    socket.onerror = () => {}; // the close follows
    socket.onclose = () => setTimeout(() => connect(new WebSocket(socket.url)), BACK_MS);
  };
  connect(socket);
}

// An EventSource does.
function eventsource(EventSource, base, symbol, tell) {
  const source = new EventSource(`${base}/v1/sse?channel=quotes&channel=trades&symbols=${encodeURIComponent(symbol)}`);
  for (const kind of KINDS) source.addEventListener(kind, ({ data }) => tell(data));
}

export const ways = { websocket, eventsource };
