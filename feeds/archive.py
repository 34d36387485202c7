"""What a venue's REST must say of the past: which addresses to ask, and how to read the answers. No I/O."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Protocol

from msgspec import Struct

from feeds.market import INTERVALS, Bar, Interval, Trade
from feeds.timestamps import SECOND

TRADES_MOST = 1_000
LEAST: Mapping[Interval, int] = {"1m": 65, "1h": 25}  # what the open hour and day are put together of


class Wanted(Struct, frozen=True):
    """How many closed bars of each interval the service would like to have, and how many trades, of each symbol."""

    bars: Mapping[Interval, int]
    trades: int


NOTHING = Wanted({}, 0)


class Archive(Protocol):
    """One venue's. An answer may have more than was asked for; bars in which nothing was traded are left out of it."""

    spacing_s: ClassVar[float]  # at least this between two requests from our address
    intervals: ClassVar[Mapping[Interval, int]]  # those that the venue has, with the most bars of one answer

    def bars_url(self, venue_symbol: str, interval: Interval, first: int, end: int) -> str:
        """Where to ask for the bars that begin from `first` to before `end`, in nanoseconds since 1970."""
        ...

    def trades_url(self, venue_symbol: str, most: int) -> str:
        """Where to ask for the newest trades."""
        ...

    def read_bars(self, answer: bytes, symbol: str, interval: Interval, received: int) -> Iterable[Bar]:
        """The bars of an answer, in any order, as closed. Raises DecodeError."""
        ...

    def read_trades(self, answer: bytes, symbol: str, received: int) -> Iterable[Trade]:
        """The trades of an answer, in any order. Raises DecodeError."""
        ...


def planned(wanted: Wanted, offered: Mapping[Interval, int]) -> Mapping[Interval, int]:
    """How many bars of which interval to have, of so many on offer: with those that open bars are put together of."""
    if not wanted.bars:
        return {}
    most = {interval: max(wanted.bars.get(interval, 0), LEAST.get(interval, 0)) for interval in offered}
    return {interval: min(number, offered[interval]) for interval, number in most.items() if number}


def span(interval: Interval, number: int, until: int) -> tuple[int, int]:
    """From when to when so many bars of an interval reach that ended by a time, in nanoseconds since 1970."""
    length = INTERVALS[interval]
    end = until - until % length
    return end - number * length, end


def seconds(at: int) -> int:
    """A time in nanoseconds since 1970 in whole seconds."""
    return at // SECOND
