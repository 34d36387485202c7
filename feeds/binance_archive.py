"""Binance spot: what its REST says of the past.

Format and limits: binance-spot-api-docs, rest-api.md (2026-07). A kline is an array whose prices and volumes are
strings; one in which nothing was traded has the last price and 0 trades. Trades are those of the stream, aggregated.
A request for klines weighs 2, one for trades 4; an address may spend 6,000 in a minute.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from msgspec import Struct, field

from feeds.market import INTERVALS, Bar, Interval, Side, Trade
from feeds.messages import Message

REST_URL = "https://api.binance.com"
MILLISECOND = 1_000_000  # nanoseconds
TAKER: dict[bool, Side] = {True: "sell", False: "buy"}  # by whether the buyer was the maker


class _Kline(Struct, array_like=True, gc=False):
    """What comes behind these is not needed."""

    start: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    end: int
    quote_volume: str
    trades: int


class AggTrade(Struct, gc=False):
    """A trade as the stream has it, too."""

    number: int = field(name="a")
    price: str = field(name="p")
    size: str = field(name="q")
    time: int = field(name="T")
    buyer_is_maker: bool = field(name="m")


_KLINES = Message("klines", list[_Kline])
_TRADES = Message("aggTrades", list[AggTrade])


class BinanceArchive:
    """The archive."""

    spacing_s: ClassVar[float] = 0.1  # 10 a second: 2,400 of the weight at most, since others may ask from here
    intervals: ClassVar[Mapping[Interval, int]] = dict.fromkeys(INTERVALS, 1_000)

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def bars_url(self, venue_symbol: str, interval: Interval, first: int, end: int) -> str:
        """Klines are asked for in milliseconds, the last one included."""
        return (
            f"{self._url}/api/v3/klines?symbol={venue_symbol}&interval={interval}"
            f"&startTime={first // MILLISECOND}&endTime={end // MILLISECOND - 1}&limit=1000"
        )

    def trades_url(self, venue_symbol: str, most: int) -> str:
        """Without a time these are the newest."""
        return f"{self._url}/api/v3/aggTrades?symbol={venue_symbol}&limit={most}"

    def read_bars(self, answer: bytes, symbol: str, interval: Interval, received: int) -> Iterator[Bar]:
        """Klines, oldest first."""
        for kline in _KLINES.read(answer):
            if not kline.trades:
                continue
            start = kline.start * (MILLISECOND if kline.start < 10**14 else 1_000)
            opened, high = _KLINES.decimal("o", kline.open), _KLINES.decimal("h", kline.high)
            low, close = _KLINES.decimal("l", kline.low), _KLINES.decimal("c", kline.close)
            volume = _KLINES.decimal("v", kline.volume)
            yield Bar(
                symbol, received, None, interval, start, opened, high, low, close, volume, kline.trades, closed=True
            )

    def read_trades(self, answer: bytes, symbol: str, received: int) -> Iterator[Trade]:
        """Aggregated trades, oldest first."""
        for tick in _TRADES.read(answer):
            price, size = _TRADES.decimal("p", tick.price), _TRADES.decimal("q", tick.size)
            time, taker = _TRADES.unix_time("T", tick.time), TAKER[tick.buyer_is_maker]
            yield Trade(symbol, received, time, price, size, taker, str(tick.number), tick.number)
