"""Binance spot: the market data streams.

Format and limits: binance-spot-api-docs, web-socket-streams.md (2026-07). An event comes raw, or in the combined
form's envelope `{"stream":…,"data":…}`, alone or in an array; `bookTicker` alone does not name its type and has no
time. Times are in milliseconds, or in microseconds where the URL asks for `timeUnit=MICROSECOND`. Binance does not
refuse an unknown symbol: it acknowledges the stream, which stays silent.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Literal

import orjson
from msgspec import Raw, Struct, field
from pydantic import field_validator

from feeds.adapter import Acknowledged, Decoded, GoingAway, Link, Refused, Subscription, Unknown, VenueOptions
from feeds.binance_archive import REST_URL, TAKER, AggTrade, BinanceArchive
from feeds.forms import form
from feeds.links import divided, subscriptions
from feeds.market import Channel, Instrument, Quote, Stats, Trade
from feeds.messages import Message
from feeds.names import distinct_when_joined

URL = "wss://stream.binance.com:9443/stream"
STREAMS_PER_LINK = 1024
STREAMS_PER_REQUEST = 100  # the venue names no limit, only one for the connection
STREAMS: dict[Channel, str] = {"quotes": "bookTicker", "trades": "aggTrade", "stats": "ticker"}

Json = bytes | Raw
Take = Callable[[Message[Any], Any, int], list[Decoded]]


class BinanceOptions(VenueOptions):
    """A `[[feeds]]` stanza for Binance."""

    adapter: Literal["binance"]

    @field_validator("symbols")
    @classmethod
    def _distinct_pairs(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        return distinct_when_joined(symbols, "Binance")


class _Envelope(Struct, gc=False):
    """What tells the kinds of frames apart; of any type where possible, so that no unknown message fails on it."""

    kind: str = field(name="e", default="")
    symbol: Raw = field(name="s", default=Raw())
    stream: str = ""
    data: Raw = Raw()
    result: Raw = Raw()
    error: Raw = Raw()
    code: Raw = Raw()


class _Answer(Struct, gc=False):
    """The answer to a request. Errors come nested in practice, flat in the documentation."""

    id: int | str | None = None
    code: int | None = None
    msg: str = ""
    error: "_Answer | None" = None


class _BookTicker(Struct, gc=False):
    update: int = field(name="u")
    symbol: str = field(name="s")
    bid: str = field(name="b")
    bid_size: str = field(name="B")
    ask: str = field(name="a")
    ask_size: str = field(name="A")


class _AggTrade(AggTrade, gc=False):
    symbol: str = field(name="s")


class _Trade(_AggTrade, gc=False):
    number: int = field(name="t")


class _MiniTicker(Struct, gc=False):
    time: int = field(name="E")
    symbol: str = field(name="s")
    last: str = field(name="c")
    open: str = field(name="o")
    high: str = field(name="h")
    low: str = field(name="l")
    volume: str = field(name="v")
    change: str | None = field(name="p", default=None)
    change_pct: str | None = field(name="P", default=None)


class _Ticker(_MiniTicker, gc=False):
    change: str = field(name="p")
    change_pct: str = field(name="P")


_ENVELOPE = Message("envelope", _Envelope)
_ARRAY = Message("array", list[Raw])
_ANSWER = Message("answer", _Answer)
_BOOK_TICKER = Message("bookTicker", _BookTicker)
_AGG_TRADE = Message("aggTrade", _AggTrade)
_TRADE = Message("trade", _Trade)
_TICKER = Message("24hrTicker", _Ticker)
_MINI_TICKER = Message("24hrMiniTicker", _MiniTicker)
# Most frames of a connection are of these two forms, field by field as documented.
_usual_quote = form(
    '{"stream":"<-name>@bookTicker","data":'
    '{"u":<number>,"s":"<name>","b":"<price>","B":"<amount>","a":"<price>","A":"<amount>"}}'
)
_usual_trade = form(
    '{"stream":"<-name>@aggTrade","data":{"e":"aggTrade","E":<-number>,"s":"<name>","a":<number>,"p":"<amount>",'
    '"q":"<amount>","f":<-number>,"l":<-number>,"T":<number>,"m":<flag>,"M":<-flag>}}'
)


class Binance:
    """The adapter."""

    request_spacing_s: ClassVar[float] = 0.35  # 5 messages a second, our pongs among them
    spacing_per_address: ClassVar[bool] = False
    connect_spacing_s: ClassVar[float] = 1.1  # 300 attempts in 5 minutes, or the address is banned
    keepalive: ClassVar[tuple[float, bytes] | None] = None  # the venue pings
    lifetime_limited: ClassVar[bool] = True

    def __init__(self, options: BinanceOptions) -> None:
        self._url = options.url or URL
        self._history_url = options.history_from(REST_URL)
        self._channels = options.channels
        self._symbols = {symbol.replace("-", ""): f"{options.name}:{symbol}" for symbol in options.symbols}
        self._quoted = self._symbols if "quotes" in options.channels else {}
        self._traded = self._symbols if "trades" in options.channels else {}
        self._kinds = self._by_kind()
        self.instruments = tuple(Instrument(symbol, "crypto", options.channels) for symbol in self._symbols.values())

    def symbol_of(self, venue_symbol: str) -> str | None:
        """Our name for `BTCUSDT`."""
        return self._symbols.get(venue_symbol)

    def links(self) -> tuple[Link, ...]:
        """As few connections as the streams fit on, all streams of a symbol on the same one."""
        streams = [STREAMS[channel] for channel in self._channels]
        shares = divided(tuple(self._symbols), STREAMS_PER_LINK // len(streams))
        return tuple(Link(self._url, subscriptions(streams, share, STREAMS_PER_REQUEST)) for share in shares)

    def request(self, subscription: Subscription, request: int) -> bytes:
        """A SUBSCRIBE. Streams are named in lower case: one in upper case is acknowledged and never served."""
        streams = [f"{venue_symbol.lower()}@{subscription.channel}" for venue_symbol in subscription.venue_symbols]
        return orjson.dumps({"method": "SUBSCRIBE", "params": streams, "id": request})

    def history(self) -> BinanceArchive | None:
        """What the venue's REST has of the time before."""
        return BinanceArchive(self._history_url) if self._history_url else None

    def decode(self, frame: bytes, received: int) -> list[Decoded]:
        """What a raw or combined frame says."""
        if usual := _usual_quote(text := frame.decode("latin-1")):
            update, name, bid, bid_size, ask, ask_size = usual.groups()
            symbol = self._quoted.get(name)
            return [Quote(symbol, received, None, bid, bid_size, ask, ask_size, int(update))] if symbol else []
        if usual := _usual_trade(text):
            name, number, price, size, at, sold = usual.groups()
            if (symbol := self._traded.get(name)) is None:
                return []
            time, taker = _AGG_TRADE.unix_time("T", int(at)), TAKER[sold == "true"]
            return [Trade(symbol, received, time, price, size, taker, number, int(number))]
        if frame.startswith(b"["):
            return self._array(frame, received)
        envelope = _ENVELOPE.read(frame)
        if not envelope.data:
            return self._event(envelope, frame, received)
        if (kind := envelope.stream.partition("@")[2]) in self._kinds:
            return self._known(kind, envelope.data, received)
        if bytes(envelope.data).startswith(b"["):
            return self._array(envelope.data, received)
        return self._event(_ENVELOPE.read(envelope.data), envelope.data, received)

    def _array(self, events: Json, received: int) -> list[Decoded]:
        return [item for event in _ARRAY.read(events) for item in self._event(_ENVELOPE.read(event), event, received)]

    def _event(self, envelope: _Envelope, event: Json, received: int) -> list[Decoded]:
        kind = envelope.kind or ("bookTicker" if envelope.symbol else "")
        if kind in self._kinds:
            return self._known(kind, event, received)
        if kind == "serverShutdown":
            return [GoingAway()]
        if envelope.result or envelope.error or envelope.code:
            return [_answer(event)]
        return [Unknown(kind or "unnamed")]

    def _known(self, kind: str, event: Json, received: int) -> list[Decoded]:
        message, take = self._kinds[kind]
        return take(message, message.read(event), received)

    def _by_kind(self) -> dict[str, tuple[Message[Any], Take]]:
        """How to read an event, by its type and by the kind of stream that brings it; nothing of other channels."""
        ticker, mini_ticker = (_TICKER, self._stats), (_MINI_TICKER, self._stats)
        kinds: dict[Channel, dict[str, tuple[Message[Any], Take]]] = {
            "quotes": {"bookTicker": (_BOOK_TICKER, self._quote)},
            "trades": {"aggTrade": (_AGG_TRADE, self._trade), "trade": (_TRADE, self._trade)},
            "stats": {"24hrTicker": ticker, "ticker": ticker, "24hrMiniTicker": mini_ticker, "miniTicker": mini_ticker},
        }
        return {
            kind: known if channel in self._channels else (Message("event", Any), lambda *_: [])
            for channel, by_kind in kinds.items()
            for kind, known in by_kind.items()
        }

    def _quote(self, message: Message[_BookTicker], tick: _BookTicker, received: int) -> list[Decoded]:
        if (symbol := self._symbols.get(tick.symbol)) is None:
            return []
        sides = message.sides(("b", "B", "a", "A"), tick.bid, tick.bid_size, tick.ask, tick.ask_size)
        return [Quote(symbol, received, None, *sides, tick.update)]

    def _trade(self, message: Message[_AggTrade], tick: _AggTrade, received: int) -> list[Decoded]:
        if (symbol := self._symbols.get(tick.symbol)) is None:
            return []
        time, number, taker = message.unix_time("T", tick.time), tick.number, TAKER[tick.buyer_is_maker]
        price, size = message.decimal("p", tick.price), message.decimal("q", tick.size)
        return [Trade(symbol, received, time, price, size, taker, str(number), number)]

    def _stats(self, message: Message[_MiniTicker], tick: _MiniTicker, received: int) -> list[Decoded]:
        if (symbol := self._symbols.get(tick.symbol)) is None:
            return []
        opened = message.price("o", tick.open)
        change, change_pct = message.figure("p", tick.change), message.figure("P", tick.change_pct)
        stats = Stats(
            symbol,
            received,
            time=message.unix_time("E", tick.time),
            open=opened,
            high=message.price("h", tick.high),
            low=message.price("l", tick.low),
            last=message.price("c", tick.last),
            volume=message.decimal("v", tick.volume),
            change=change if opened else None,  # nothing was traded in these 24 hours: its zeros mean nothing
            change_pct=change_pct if opened else None,
            order=tick.time,
        )
        return [stats]


def _answer(frame: Json) -> Acknowledged | Refused:
    answer = _ANSWER.read(frame)
    request = answer.id if isinstance(answer.id, int) else None
    if answer.error is None and answer.code is None:
        return Acknowledged(request)
    problem = answer.error or answer
    return Refused(f"{problem.msg} (code {problem.code})", request)
