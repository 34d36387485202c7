"""Coinbase Advanced Trade: the WebSocket market data.

Format and limits: docs.cdp.coinbase.com, Advanced Trade WebSocket (2025-26), and frames recorded in 2026. Every frame
but an error carries `sequence_num`, which counts the frames of the connection, whatever their channel. Trades come
newest first, with the maker's side. Tickers have no time of their own: they take the frame's.
"""

import re
from collections.abc import Iterator
from operator import itemgetter
from typing import ClassVar, Literal

import orjson
from msgspec import Struct
from pydantic import field_validator

from feeds.adapter import (
    Acknowledged,
    Alive,
    Decoded,
    Link,
    Numbered,
    Refused,
    Rejected,
    Subscription,
    Unknown,
    VenueOptions,
)
from feeds.coinbase_archive import REST_URL, TAKER, CoinbaseArchive
from feeds.decimals import PRICE, SIGNED, UNSIGNED, are_two_sides, joined
from feeds.links import divided, subscriptions
from feeds.market import Channel, Instrument, Quote, Stats, Trade
from feeds.messages import Channels, Headed, Message

URL = "wss://advanced-trade-ws.coinbase.com"
# The venue names no limit; one connection's requests at our spacing must all be out long before 5 s have passed.
PRODUCTS_PER_LINK = 500
PRODUCTS_PER_REQUEST = 100
CHANNELS: dict[Channel, str] = {"quotes": "ticker", "trades": "market_trades", "stats": "ticker"}
HEARTBEATS = Subscription("heartbeats", ())  # without them a channel that stays silent for 60 s is closed

SIDES = ("best_bid", "best_bid_quantity", "best_ask", "best_ask_quantity")

_PRODUCT_ID = re.compile(r"[0-9A-Z]+(?:-[0-9A-Z]+)+")
_is_trade_number = re.compile("[0-9]{1,18}").fullmatch


class CoinbaseOptions(VenueOptions):
    """A `[[feeds]]` stanza for Coinbase."""

    adapter: Literal["coinbase"]

    @field_validator("symbols")
    @classmethod
    def _one_name_per_book(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        for symbol in symbols:
            if symbol.endswith("-USDC") and _answered_as(symbol) in symbols:
                raise ValueError(f"{symbol} and {_answered_as(symbol)} are one book at Coinbase; keep one of them")
        return symbols


class _Head(Headed, gc=False):
    """What tells the kinds of frames apart, and all of an error."""

    sequence_num: int | None = None
    type: str = ""
    message: str = ""
    reason: str = ""


class _Ticker(Struct, gc=False):
    """All but the product may be missing (`ticker_batch` has no best prices) or empty."""

    product_id: str
    price: str | None = None
    volume_24_h: str | None = None
    low_24_h: str | None = None
    high_24_h: str | None = None
    price_percent_chg_24_h: str | None = None
    best_bid: str | None = None
    best_bid_quantity: str | None = None
    best_ask: str | None = None
    best_ask_quantity: str | None = None


class _TickerEvent(Struct, gc=False):
    tickers: list[_Ticker]


class _Tickers(_Head, kw_only=True, gc=False):
    timestamp: str
    events: list[_TickerEvent]


class _Trade(Struct, gc=False):
    trade_id: str
    product_id: str
    price: str
    size: str
    time: str
    side: Literal["BUY", "SELL", "UNKNOWN_ORDER_SIDE"]


class _TradeEvent(Struct, gc=False):
    type: str
    trades: list[_Trade]


class _Trades(_Head, kw_only=True, gc=False):
    events: list[_TradeEvent]


_HEAD = Message("head", _Head)
_TICKER = Message("ticker", _Tickers)
_TRADES = Message("market_trades", _Trades)
_FRAMES = Channels[_Head](_HEAD, {"ticker": _TICKER, "market_trades": _TRADES, "ticker_batch": _TICKER})
_are_usual_stats = joined(PRICE, PRICE, PRICE, UNSIGNED, SIGNED)


class Coinbase:
    """The adapter."""

    request_spacing_s: ClassVar[float] = 0.15  # 8 messages a second
    spacing_per_address: ClassVar[bool] = True
    connect_spacing_s: ClassVar[float] = 0.15  # 8 a second
    keepalive: ClassVar[tuple[float, bytes] | None] = None
    lifetime_limited: ClassVar[bool] = False

    def __init__(self, options: CoinbaseOptions) -> None:
        self._url = options.url or URL
        self._history_url = options.history_from(REST_URL)
        self._channels = options.channels
        self._products = options.symbols
        symbols = {product: f"{options.name}:{product}" for product in options.symbols}
        self._symbols = symbols | {_answered_as(product): symbol for product, symbol in symbols.items()}
        self.instruments = tuple(Instrument(symbol, "crypto", options.channels) for symbol in symbols.values())

    def symbol_of(self, venue_symbol: str) -> str | None:
        """Our name for a product id."""
        return self._symbols.get(venue_symbol)

    def links(self) -> tuple[Link, ...]:
        """Connections with heartbeats first, then the products."""
        channels = dict.fromkeys(CHANNELS[channel] for channel in self._channels)
        return tuple(
            Link(self._url, (HEARTBEATS, *subscriptions(channels, share, PRODUCTS_PER_REQUEST)))
            for share in divided(self._products, PRODUCTS_PER_LINK)
        )

    def request(self, subscription: Subscription, request: int) -> bytes:  # noqa: ARG002 - no id is echoed
        """A subscribe of one channel."""
        message: dict[str, object] = {"type": "subscribe", "channel": subscription.channel}
        if subscription.venue_symbols:
            message["product_ids"] = subscription.venue_symbols
        return orjson.dumps(message)

    def history(self) -> CoinbaseArchive | None:
        """What the venue's REST has of the time before."""
        return CoinbaseArchive(self._history_url) if self._history_url else None

    def decode(self, frame: bytes, received: int) -> list[Decoded]:
        """What a frame says, after its number."""
        head = _FRAMES.read(frame)
        decoded: list[Decoded] = [] if head.sequence_num is None else [Numbered(head.sequence_num)]
        if type(head) is _Tickers:
            decoded.extend(self._tickers(head, received))
        elif type(head) is _Trades:
            decoded.extend(self._trades(head, received))
        elif head.channel == "heartbeats":
            decoded.append(Alive())
        elif head.channel == "subscriptions":
            decoded.append(Acknowledged())
        elif head.type == "error":
            decoded.extend(self._refusal(head))
        else:
            decoded.append(Unknown(head.channel or head.type or "unnamed"))
        return decoded

    def _tickers(self, message: _Tickers, received: int) -> Iterator[Decoded]:
        time, order = _TICKER.instant("timestamp", message.timestamp)
        for event in message.events:
            for tick in event.tickers:
                symbol = self._symbols.get(tick.product_id)
                if symbol is None:
                    continue
                if "quotes" in self._channels and (quote := _quote(tick, symbol, received, time, order)):
                    yield quote
                if "stats" in self._channels and (stats := _stats(tick, symbol, received, time, order)):
                    yield stats

    def _trades(self, message: _Trades, received: int) -> Iterator[Decoded]:
        """The trades of updates, oldest first; those of a snapshot were made before we came."""
        if "trades" not in self._channels:
            return
        updates = [event for event in message.events if event.type == "update"]
        ours = [trade for event in updates for trade in event.trades if trade.product_id in self._symbols]
        for number, trade in sorted(((_number(trade), trade) for trade in ours), key=itemgetter(0)):
            symbol = self._symbols[trade.product_id]
            time, _ = _TRADES.instant("time", trade.time)
            price, size = _TRADES.decimal("price", trade.price), _TRADES.decimal("size", trade.size)
            yield Trade(symbol, received, time, price, size, TAKER.get(trade.side), trade.trade_id, number)

    def _refusal(self, error: _Head) -> Iterator[Decoded]:
        """Errors refuse the whole request; the product at fault is known if it is the only one of ours named."""
        reason = ": ".join(part for part in (error.message, error.reason) if part)
        named = set(_PRODUCT_ID.findall(reason)).intersection(self._products)
        if len(named) == 1:
            yield Rejected(named.pop(), reason)
        yield Refused(reason)


def _answered_as(product: str) -> str:
    """The name under which the venue answers: a -USDC product is the -USD product's book."""
    return product.removesuffix("C") if product.endswith("-USDC") else product


def _number(trade: _Trade) -> int:
    if not _is_trade_number(trade.trade_id):
        raise _TRADES.wrong("trade_id", f"{trade.trade_id[:40]!r} is not a number of at most 18 digits")
    return int(trade.trade_id)


def _quote(tick: _Ticker, symbol: str, received: int, time: str | None, order: int | None) -> Quote | None:
    bid, bid_size, ask, ask_size = tick.best_bid, tick.best_bid_quantity, tick.best_ask, tick.best_ask_quantity
    if bid is None and ask is None:
        return None
    if not are_two_sides(f"{bid} {bid_size} {ask} {ask_size}"):
        given = (bid or None, bid_size or None, ask or None, ask_size or None)
        bid, bid_size, ask, ask_size = _TICKER.sides(SIDES, *given)
    return Quote(symbol, received, time, bid, bid_size, ask, ask_size, order)


def _stats(tick: _Ticker, symbol: str, received: int, time: str | None, order: int | None) -> Stats | None:
    high, low, last, volume = tick.high_24_h, tick.low_24_h, tick.price, tick.volume_24_h
    change_pct = tick.price_percent_chg_24_h
    if not _are_usual_stats(f"{high} {low} {last} {volume} {change_pct}"):
        high = _TICKER.price("high_24_h", high or None)
        low = _TICKER.price("low_24_h", low or None)
        last = _TICKER.price("price", last or None)
        volume = _TICKER.amount("volume_24_h", volume or None)
        change_pct = _TICKER.figure("price_percent_chg_24_h", change_pct or None)
        if not (last or high or low):  # the product has never traded
            return None
    return Stats(
        symbol, received, time, high=high, low=low, last=last, volume=volume, change_pct=change_pct, order=order
    )
