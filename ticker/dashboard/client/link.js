/** What ways to the service, by WebSocket and by server-sent events, have in common. */

/**
 * @typedef {object} Host the ticker, as a link sees it
 * @property {() => number} now in ms
 * @property {(call: () => void) => void} defer
 * @property {import("./address.js").Address} address
 * @property {import("./feed.js").Feed} feed
 * @property {import("./clock.js").ServerClock} clock
 * @property {import("../ticker-client.js").WebSocketClass} WebSocket
 * @property {import("../ticker-client.js").EventSourceClass} EventSource
 * @property {typeof globalThis.fetch} fetch
 * @property {() => Promise<string | null>} token
 * @property {(welcome: any) => void} welcomed the service took us in; told once or more
 * @property {() => void} wantsToken to be answered by `authenticate`
 * @property {(link: Link, end: import("./conversation.js").End) => void} ended
 * @property {(reason: string) => void} interrupted it comes back by itself, and is welcomed again
 * @property {() => void} rearm has `tick` called now
 */

/**
 * @typedef {object} Link
 * @property {boolean} proven market data came
 * @property {any} welcome
 * @property {() => number} tick says what is to be said, and when to be called again
 * @property {() => void} changed what is wished for has changed; like those below, before a `tick`
 * @property {() => void} doubt is the service still there?
 * @property {(token: string) => void} authenticate
 * @property {() => void} close
 */

export {};
