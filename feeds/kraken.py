"""Kraken spot: WebSocket API v2.

Format and rules: docs.kraken.com, Spot WebSocket v2 (2026), and frames that others published. Numbers are JSON
numbers whose trailing zeros count. Each symbol of a request is answered by itself. Trades carry the taker's side and
come oldest first. A market that has never traded has zeros for prices and 1970 for its time.
"""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, ClassVar, Literal

import orjson
from msgspec import Struct, field

from feeds.adapter import (
    Acknowledged,
    Alive,
    Decoded,
    Link,
    Refused,
    Rejected,
    Subscription,
    Throttled,
    Unknown,
    VenueOptions,
)
from feeds.decimals import PRICE, SIGNED, UNSIGNED, are_two_sides, joined
from feeds.kraken_archive import REST_URL, KrakenArchive
from feeds.links import subscriptions
from feeds.market import Channel, Instrument, Quote, Stats, Trade
from feeds.messages import Channels, Headed, Message

URL = "wss://ws.kraken.com/v2"
SYMBOLS_PER_REQUEST = 100  # the venue names no limit
CHANNELS: dict[Channel, str] = {"quotes": "ticker", "trades": "trade", "stats": "ticker"}
PARAMETERS: dict[str, dict[str, object]] = {
    "ticker": {"event_trigger": "bbo", "snapshot": True},  # the default trigger, trades, leaves quotes out
    "trade": {"snapshot": False},
}
SIDES = ("bid", "bid_qty", "ask", "ask_qty")
ALREADY_SUBSCRIBED = "Already subscribed"


class KrakenOptions(VenueOptions):
    """A `[[feeds]]` stanza for Kraken."""

    adapter: Literal["kraken"]


class _Head(Headed, gc=False):
    """What tells the kinds of frames apart, and all of an answer to a request."""

    method: str = ""
    success: bool = False
    symbol: str | None = None
    req_id: int | None = None
    error: str | None = None
    rate_error: str | None = field(name="Error", default=None)


class _Ticker(Struct, gc=False):
    symbol: str
    bid: Any = None
    bid_qty: Any = None
    ask: Any = None
    ask_qty: Any = None
    last: Any = None
    volume: Any = None
    low: Any = None
    high: Any = None
    change: Any = None
    change_pct: Any = None
    timestamp: str | None = None


class _Tickers(_Head, kw_only=True, gc=False):
    data: list[_Ticker]


class _Trade(Struct, gc=False):
    trade_id: int
    symbol: str
    side: Literal["buy", "sell"]
    price: Any
    qty: Any
    timestamp: str


class _Trades(_Head, kw_only=True, gc=False):
    type: str
    data: list[_Trade]


_HEAD = Message("head", _Head)
_TICKER = Message("ticker", _Tickers)
_TRADE = Message("trade", _Trades)
_FRAMES = Channels[_Head](_HEAD, {"ticker": _TICKER, "trade": _TRADE})
_are_usual_stats = joined(PRICE, PRICE, PRICE, UNSIGNED, SIGNED, SIGNED)


class Kraken:
    """The adapter."""

    request_spacing_s: ClassVar[float] = 0.2  # the venue names no figure, only an error for too many
    spacing_per_address: ClassVar[bool] = True
    connect_spacing_s: ClassVar[float] = 4.3  # 150 attempts in 10 minutes, or the address is banned for as long
    keepalive: ClassVar[tuple[float, bytes] | None] = (30, b'{"method":"ping"}')  # idle for 60 s, it hangs up
    lifetime_limited: ClassVar[bool] = False

    def __init__(self, options: KrakenOptions) -> None:
        self._url = options.url or URL
        self._history_url = options.history_from(REST_URL)
        self._channels = options.channels
        self._symbols = {symbol.replace("-", "/"): f"{options.name}:{symbol}" for symbol in options.symbols}
        self.instruments = tuple(Instrument(symbol, "crypto", options.channels) for symbol in self._symbols.values())

    def symbol_of(self, venue_symbol: str) -> str | None:
        """Our name for `BTC/USD`."""
        return self._symbols.get(venue_symbol)

    def links(self) -> tuple[Link, ...]:
        """One connection for everything."""
        channels = dict.fromkeys(CHANNELS[channel] for channel in self._channels)
        return (Link(self._url, subscriptions(channels, tuple(self._symbols), SYMBOLS_PER_REQUEST)),)

    def request(self, subscription: Subscription, request: int) -> bytes:
        """A subscribe of one channel."""
        parameters = PARAMETERS[subscription.channel] | {
            "channel": subscription.channel,
            "symbol": subscription.venue_symbols,
        }
        return orjson.dumps({"method": "subscribe", "params": parameters, "req_id": request})

    def history(self) -> KrakenArchive | None:
        """What the venue's REST has of the time before."""
        return KrakenArchive(self._history_url) if self._history_url else None

    def decode(self, frame: bytes, received: int) -> list[Decoded]:
        """What a frame says."""
        head = _FRAMES.read(frame)
        if type(head) is _Tickers:
            return list(self._tickers(head, received))
        if type(head) is _Trades:
            return list(self._trades(head, received))
        if head.channel in ("heartbeat", "status") or head.method == "pong":
            return [Alive()]
        if head.method == "subscribe" and (head.success or head.error == ALREADY_SUBSCRIBED):
            return [_answered(head)]
        if head.rate_error:
            return [Throttled(head.rate_error)]
        if head.error:
            rejected = Rejected(head.symbol, head.error) if head.symbol else None
            return [rejected, _answered(head)] if rejected else [Refused(head.error, head.req_id)]
        return [Unknown(head.channel or head.method or "unnamed")]

    def _tickers(self, message: _Tickers, received: int) -> Iterator[Decoded]:
        for tick in message.data:
            symbol = self._symbols.get(tick.symbol)
            if symbol is None:
                continue
            time, order = _TICKER.instant("timestamp", tick.timestamp)
            if "quotes" in self._channels and (quote := _quote(tick, symbol, received, time, order)):
                yield quote
            if "stats" in self._channels and (stats := _stats(tick, symbol, received, time, order)):
                yield stats

    def _trades(self, message: _Trades, received: int) -> Iterator[Trade]:
        """The trades of an update, oldest first; those of a snapshot were made before we came."""
        if "trades" not in self._channels or message.type != "update":
            return
        for trade in sorted(message.data, key=attrgetter("trade_id")):
            symbol = self._symbols.get(trade.symbol)
            if symbol is None:
                continue
            time, _ = _TRADE.instant("timestamp", trade.timestamp)
            price = _TRADE.decimal("price", _TRADE.number("price", trade.price))
            size = _TRADE.decimal("qty", _TRADE.number("qty", trade.qty))
            yield Trade(symbol, received, time, price, size, trade.side, str(trade.trade_id), trade.trade_id)


def _answered(answer: _Head) -> Decoded:
    """Each symbol of a request is answered with the request's id."""
    return Alive() if answer.req_id is None else Acknowledged(answer.req_id)


def _quote(tick: _Ticker, symbol: str, received: int, time: str | None, order: int | None) -> Quote | None:
    if tick.bid is None and tick.ask is None:
        return None
    values = f"{tick.bid} {tick.bid_qty} {tick.ask} {tick.ask_qty}"
    if are_two_sides(values):
        bid, bid_size, ask, ask_size = values.split(" ")  # as text, which an integer is not
        return Quote(symbol, received, time, bid, bid_size, ask, ask_size, order)
    sides = _TICKER.sides(SIDES, *map(_TICKER.figure, SIDES, (tick.bid, tick.bid_qty, tick.ask, tick.ask_qty)))
    if sides[0] or sides[2] or time:  # else the market has never had a quote
        return Quote(symbol, received, time, *sides, order)
    return None


def _stats(tick: _Ticker, symbol: str, received: int, time: str | None, order: int | None) -> Stats | None:
    values = f"{tick.high} {tick.low} {tick.last} {tick.volume} {tick.change} {tick.change_pct}"
    if _are_usual_stats(values):
        high, low, last, volume, change, change_pct = values.split(" ")
        return Stats(symbol, received, time, None, high, low, last, volume, change, change_pct, order=order)
    stats = Stats(
        symbol,
        received,
        time,
        high=_TICKER.price("high", _TICKER.figure("high", tick.high)),
        low=_TICKER.price("low", _TICKER.figure("low", tick.low)),
        last=_TICKER.price("last", _TICKER.figure("last", tick.last)),
        volume=_TICKER.amount("volume", _TICKER.figure("volume", tick.volume)),
        change=_TICKER.figure("change", tick.change),
        change_pct=_TICKER.figure("change_pct", tick.change_pct),
        order=order,
    )
    return stats if stats.last or stats.high or stats.low else None  # else the market has never traded
