"""Coinbase Advanced Trade: what its public REST says of the past.

Format and limits: docs.cdp.coinbase.com, Advanced Trade REST, public products (2026). Candles and trades come newest
first. A candle has no number of trades, and there is none where nothing was traded. Trades carry the maker's side, as
those of the WebSocket do. An address may ask 10 times a second.
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from msgspec import Struct

from feeds.archive import seconds
from feeds.market import Bar, Interval, Side, Trade
from feeds.messages import Message
from feeds.timestamps import SECOND

REST_URL = "https://api.coinbase.com"
GRANULARITY: Mapping[Interval, str] = {"1m": "ONE_MINUTE", "5m": "FIVE_MINUTE", "1h": "ONE_HOUR", "1d": "ONE_DAY"}
TAKER: dict[str, Side] = {"BUY": "sell", "SELL": "buy"}
NUMBER_MOST = 10**18


class _Candle(Struct, gc=False):
    start: str
    open: str
    high: str
    low: str
    close: str
    volume: str


class _Candles(Struct, gc=False):
    candles: list[_Candle]


class _Trade(Struct, gc=False):
    trade_id: str
    price: str
    size: str
    time: str
    side: Literal["BUY", "SELL", "UNKNOWN_ORDER_SIDE"]


class _Trades(Struct, gc=False):
    trades: list[_Trade]


_CANDLES = Message("candles", _Candles)
_TRADES = Message("trades", _Trades)


class CoinbaseArchive:
    """The archive."""

    spacing_s: ClassVar[float] = 0.15
    intervals: ClassVar[Mapping[Interval, int]] = dict.fromkeys(GRANULARITY, 350)

    def __init__(self, url: str) -> None:
        self._url = f"{url.rstrip('/')}/api/v3/brokerage/market/products"

    def bars_url(self, venue_symbol: str, interval: Interval, first: int, end: int) -> str:
        """Candles are asked for in seconds, the last one included."""
        return (
            f"{self._url}/{venue_symbol}/candles?start={seconds(first)}&end={seconds(end) - 1}"
            f"&granularity={GRANULARITY[interval]}&limit=350"
        )

    def trades_url(self, venue_symbol: str, most: int) -> str:
        """The newest ones."""
        return f"{self._url}/{venue_symbol}/ticker?limit={most}"

    def read_bars(self, answer: bytes, symbol: str, interval: Interval, received: int) -> Iterator[Bar]:
        """Candles, newest first."""
        for candle in _CANDLES.read(answer).candles:
            start = _integer(_CANDLES, "start", candle.start) * SECOND
            opened, high = _CANDLES.decimal("open", candle.open), _CANDLES.decimal("high", candle.high)
            low, close = _CANDLES.decimal("low", candle.low), _CANDLES.decimal("close", candle.close)
            volume = _CANDLES.decimal("volume", candle.volume)
            yield Bar(symbol, received, None, interval, start, opened, high, low, close, volume, None, closed=True)

    def read_trades(self, answer: bytes, symbol: str, received: int) -> Iterator[Trade]:
        """Trades, newest first."""
        for trade in _TRADES.read(answer).trades:
            time, _ = _TRADES.instant("time", trade.time)
            price, size = _TRADES.decimal("price", trade.price), _TRADES.decimal("size", trade.size)
            number = _integer(_TRADES, "trade_id", trade.trade_id)
            yield Trade(symbol, received, time, price, size, TAKER.get(trade.side), trade.trade_id, number)


def _integer(message: Message[_Candles] | Message[_Trades], field: str, text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 18:
        return int(text)
    raise message.wrong(field, f"{text[:40]!r} is not a number of at most 18 digits")
