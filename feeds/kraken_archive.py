"""Kraken spot: what its REST says of the past.

Format and limits: docs.kraken.com, Spot REST, OHLC and Trades (2026). Both are arrays, below the venue's own name for
the pair, which is not always the one that was asked for; an error comes with status 200. OHLC has the newest 720 of an
interval, also those in which nothing was traded. A trade's time is a JSON number of seconds. The REST knows Bitcoin as
XBT and Dogecoin as XDG. An address may ask about once a second.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Generic, Literal, TypeVar

from msgspec import Struct

from feeds.archive import seconds
from feeds.market import INTERVALS, Bar, Interval, Side, Trade
from feeds.messages import Message
from feeds.timestamps import SECOND, to_the_second

REST_URL = "https://api.kraken.com"
ASSETS = {"BTC": "XBT", "DOGE": "XDG"}
TAKER: dict[str, Side] = {"b": "buy", "s": "sell"}
MINUTE = INTERVALS["1m"]
SECONDS_DIGITS = 10  # until 2286
DIGITS = 9  # of a second's fraction

Row = TypeVar("Row")


class _Bar(Struct, array_like=True, gc=False):
    start: int
    open: str
    high: str
    low: str
    close: str
    average: str
    volume: str
    trades: int


class _Trade(Struct, array_like=True, gc=False):
    price: str
    size: str
    time: Any
    side: Literal["b", "s"]
    order: str
    notes: str
    number: int


class _Answer(Struct, Generic[Row], gc=False):
    """`last`, where to go on, stands beside the rows."""

    error: list[str]
    result: dict[str, list[Row] | int | str] = {}


_BARS = Message("OHLC", _Answer[_Bar])
_TRADES = Message("Trades", _Answer[_Trade])


class KrakenArchive:
    """The archive."""

    spacing_s: ClassVar[float] = 1.1
    intervals: ClassVar[Mapping[Interval, int]] = {"1m": 720, "5m": 720, "1h": 720, "1d": 720}

    def __init__(self, url: str) -> None:
        self._url = f"{url.rstrip('/')}/0/public"

    def bars_url(self, venue_symbol: str, interval: Interval, first: int, end: int) -> str:  # noqa: ARG002 - no end
        """OHLC behind a time in seconds."""
        minutes = INTERVALS[interval] // MINUTE
        return f"{self._url}/OHLC?pair={_pair(venue_symbol)}&interval={minutes}&since={seconds(first) - 1}"

    def trades_url(self, venue_symbol: str, most: int) -> str:
        """The newest ones."""
        return f"{self._url}/Trades?pair={_pair(venue_symbol)}&count={most}"

    def read_bars(self, answer: bytes, symbol: str, interval: Interval, received: int) -> Iterator[Bar]:
        """OHLC, oldest first; the last one is not closed, which its time tells."""
        for row in _rows(_BARS, answer):
            if row.trades:
                opened, high = _BARS.decimal("open", row.open), _BARS.decimal("high", row.high)
                low, close = _BARS.decimal("low", row.low), _BARS.decimal("close", row.close)
                volume, at = _BARS.decimal("volume", row.volume), row.start * SECOND
                yield Bar(
                    symbol, received, None, interval, at, opened, high, low, close, volume, row.trades, closed=True
                )

    def read_trades(self, answer: bytes, symbol: str, received: int) -> Iterator[Trade]:
        """Trades, oldest first."""
        for row in _rows(_TRADES, answer):
            price, size = _TRADES.decimal("price", row.price), _TRADES.decimal("volume", row.size)
            time = _time(_TRADES.decimal("time", _TRADES.number("time", row.time)))
            yield Trade(symbol, received, time, price, size, TAKER[row.side], str(row.number), row.number)


def _pair(venue_symbol: str) -> str:
    """`XBTUSD` for `BTC/USD`."""
    return "".join(ASSETS.get(asset, asset) for asset in venue_symbol.split("/"))


def _rows(message: Message[_Answer[Row]], answer: bytes) -> list[Row]:
    """The one pair's. Raises DecodeError for an error of the venue's, too."""
    found = message.read(answer)
    if found.error:
        raise message.wrong("error", ", ".join(found.error)[:200])
    return next((rows for rows in found.result.values() if isinstance(rows, list)), [])


def _time(text: str) -> str:
    """RFC 3339 of a decimal number of seconds since 1970, with as many digits of its fraction as we take.

    Raises DecodeError.
    """
    whole, _, fraction = text.partition(".")
    if len(whole) > SECONDS_DIGITS:
        raise _TRADES.wrong("time", f"{text[:40]!r} is not a number of seconds since 1970")
    second = to_the_second(int(whole) * SECOND)
    return f"{second[:-1]}.{fraction[:DIGITS]}Z" if fraction else second
