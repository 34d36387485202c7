/** The ticker's JavaScript client: live prices for a page or a program, over one connection that keeps itself up. */

/** Connect to a service and stay connected, until `close()`.
 *
 * `url` is like `wss://host/v1/ws` (`http:` and `https:` do, too; without a path `/v1/ws` is meant). Left out: the
 * `/v1/ws` of the host that this module was loaded from. Throws a TypeError for what is no such address.
 */
export function connect(url?: string | URL, options?: Options): Ticker;

export interface Options {
  /** Sent only to a service that asks for one, and never in a URL. A function is called for each new connection, and
   * when a token is about to expire. */
  token?: string | (() => string | Promise<string>);
  /** Where there is no global WebSocket (Node before 22): that of the package `ws`. */
  WebSocket?: WebSocketClass;
  /** Where there is no global EventSource: that of the package `eventsource`. `null`: never fall back to it. */
  EventSource?: EventSourceClass | null;
  /** The most updates per second and symbol of state while the page is hidden; `null`, as left out: as ever. */
  hiddenRate?: number | null;
}

export type State = "connecting" | "live" | "waiting" | "closed";

export interface Ticker extends EventTarget {
  /** The updates of a channel for some symbols or patterns, from now on and across lost connections.
   *
   * However many parts of a page subscribe, there is one connection. The listener gets each message as it comes, and
   * the gaps and the status of its symbols; it is first called after `subscribe` has returned.
   */
  subscribe<C extends Channel>(channel: C, symbols: string | readonly string[], listener: Listener<C>): Subscription;
  subscribe<C extends Channel>(
    channel: C,
    symbols: string | readonly string[],
    options: SubscribeOptions | undefined,
    listener: Listener<C>,
  ): Subscription;
  /** `live`: the service has welcomed us. `waiting`: for the next try, at `retryAt`. `closed`: there will be none. */
  readonly state: State;
  /** Why it is not live, in words; null while it is. */
  readonly reason: string | null;
  /** When the next try comes, in ms as of `Date.now()`; null while none is planned. */
  readonly retryAt: number | null;
  /** Try again at once, also where it was given up. */
  retryNow(): void;
  close(): void;
  /** The service's clock, in ms since 1970: ages are `ticker.now() - Date.parse(message.received)`. */
  now(): number;
  /** From the service to here in ms, as half the time of a question and its answer; null where not known. */
  readonly latency: number | null;
  readonly transport: "websocket" | "sse" | null;
  /** The service's first words on this connection; null before the first. */
  readonly welcome: Welcome | null;
  /** Since `connect`. */
  readonly counts: Readonly<Counts>;
  /** `GET /v1/…` of the same service with the same token: `ticker.get("bars", {symbol, interval: "1m", limit: 100})`.
   *
   * Rejects with a RequestError for any status but 200.
   */
  get(path: "symbols" | "bars" | "trades" | "status" | "snapshot" | (string & {}), query?: Query): Promise<any>;

  addEventListener<K extends keyof TickerEvents>(
    type: K,
    listener: (event: CustomEvent<TickerEvents[K]>) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof TickerEvents>(
    type: K,
    listener: (event: CustomEvent<TickerEvents[K]>) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

export interface TickerEvents {
  state: StateDetail;
  welcome: Welcome;
  /** Trades that will not come; the listeners of the symbol get it, too. */
  gap: Gap;
  /** What the service refused, or why there is no use in going on. */
  error: ErrorDetail;
}

export interface StateDetail {
  state: State;
  reason: string | null;
  /** The WebSocket's close code, 1006 where there was none; null where nothing was closed. */
  code: number | null;
  retryAt: number | null;
}

export interface ErrorDetail {
  code: number;
  reason: string;
  /** What was probably meant. */
  suggestion: string | null;
  channel?: Channel;
  symbol?: string;
}

export interface Counts {
  /** Connections that the service welcomed. */
  connections: number;
  /** Messages of all kinds, and those of them that are data. */
  messages: number;
  updates: number;
  /** Updates of state that were merged into newer ones, told by jumps of `seq`. */
  conflated: number;
  /** Trades that came twice, and were dropped. */
  repeated: number;
  /** Gaps, and the trades missing in those that could be counted. */
  gaps: number;
  missed: number;
  /** Requests that were sent, and those of them that were refused. */
  requests: number;
  refused: number;
}

export interface SubscribeOptions {
  /** The most updates per second and symbol; `null`: every one. Left out: 10 for `ticker`, else every one. Where other
   * parts of the page want more of the same symbol, this one gets more, too. */
  maxRate?: number | null;
  /** The fields wanted of the payload; left out: all. */
  fields?: readonly string[] | null;
  /** What comes first: `true` the current value (of trades the newest 50; of a pattern on trades only where this is
   * said), a number: so many of the retained trades or bars, `false`: only what is new. */
  snapshot?: boolean | number;
  /** Of bars, and for them alone. */
  interval?: Interval;
}

export interface Subscription {
  readonly channel: Channel;
  readonly symbols: readonly string[];
  /** Change options in place; what is left out stays. */
  change(options: Pick<SubscribeOptions, "maxRate" | "fields">): void;
  close(): void;
  /** Names that the service does not serve, or all of them with the reason why it refused the subscription. */
  readonly rejected: readonly Rejected[];
}

export interface Rejected {
  symbol: string;
  code: number;
  reason: string;
}

export class RequestError extends Error {
  /** As in docs/protocol.md: the HTTP status. */
  readonly code: number;
}

export type Query = Record<string, string | number | boolean | null | undefined | readonly string[]>;

export type Channel = "ticker" | "quotes" | "trades" | "bars" | "stats" | "status";
export type Interval = "1s" | "1m" | "5m" | "1h" | "1d";

/** What a listener of a channel gets. With `fields` only the named ones of the payload are there. */
export type Listener<C extends Channel = Channel> = (message: Data[C] | Status | Gap) => void;

export interface Data {
  ticker: Row;
  quotes: Quote;
  trades: Trade;
  bars: Bar;
  stats: Stats;
  status: Status;
}

export type Message = Data[Channel] | Gap;

/** A price, a size or a percentage with the venue's own digits; null: unknown. */
export type Decimal = string;
/** RFC 3339, UTC. */
export type Time = string;

export interface Update {
  symbol: string;
  seq: number;
  time: Time | null;
  received: Time;
  snapshot?: true;
  epoch?: string;
}

export interface Row extends Update {
  type: "ticker";
  last: Decimal | null;
  last_time: Time | null;
  bid: Decimal | null;
  ask: Decimal | null;
  bid_size: Decimal | null;
  ask_size: Decimal | null;
  open_24h: Decimal | null;
  high_24h: Decimal | null;
  low_24h: Decimal | null;
  volume_24h: Decimal | null;
  change_24h: Decimal | null;
  change_pct_24h: Decimal | null;
}

export interface Quote extends Update {
  type: "quote";
  bid: Decimal | null;
  bid_size: Decimal | null;
  ask: Decimal | null;
  ask_size: Decimal | null;
}

export interface Trade extends Update {
  type: "trade";
  epoch: string;
  price: Decimal;
  size: Decimal;
  /** The taker's. */
  side: "buy" | "sell" | null;
  trade_id: string;
}

export interface Bar extends Update {
  type: "bar";
  interval: Interval;
  start: Time;
  open: Decimal;
  high: Decimal;
  low: Decimal;
  close: Decimal;
  volume: Decimal | null;
  trades: number | null;
  closed: boolean;
}

export interface Stats extends Update {
  type: "stats";
  open: Decimal | null;
  high: Decimal | null;
  low: Decimal | null;
  last: Decimal | null;
  volume: Decimal | null;
  change: Decimal | null;
  change_pct: Decimal | null;
  source: "venue" | "ticker";
}

export interface Status extends Update {
  type: "status";
  state: "live" | "quiet" | "stale" | "halted" | "closed" | "unknown";
  reason: string | null;
  since: Time | null;
  last_received: Time | null;
  until: Time | null;
}

/** Trades that will not come, both ends included; null: cannot be known. */
export interface Gap {
  type: "gap";
  channel: "trades";
  symbol: string;
  epoch: string | null;
  received: Time;
  from_seq: number | null;
  to_seq: number | null;
  missed: number | null;
  reason: "slow_consumer" | "feed" | "restart" | "retention";
}

export interface Welcome {
  type: "welcome";
  protocol: number;
  server: string;
  session: string;
  time: Time;
  heartbeat_ms: number;
  rates: number[];
  limits: { symbols: number; message_bytes: number; requests_per_second: number };
  auth: "none" | "required";
}

/** The parts of the WebSocket and EventSource of browsers that are used. */
export interface WebSocketClass {
  new (url: string): {
    onopen: ((event: any) => void) | null;
    onmessage: ((event: any) => void) | null;
    onclose: ((event: any) => void) | null;
    onerror: ((event: any) => void) | null;
    readonly readyState: number;
    send(text: string): void;
    close(code?: number, reason?: string): void;
  };
}

export interface EventSourceClass {
  new (url: string): {
    onopen: ((event: any) => void) | null;
    onerror: ((event: any) => void) | null;
    readonly readyState: number;
    addEventListener(type: string, listener: (event: any) => void): void;
    close(): void;
  };
}
