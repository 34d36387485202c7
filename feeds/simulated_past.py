"""What a simulated instrument was like before it started: bars, walked back in time from its first live price.

Minutes first, then longer and longer bars: those of five minutes are made of the minutes as far as these reach, and so
on, so that all intervals tell the same story.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from random import Random

from msgspec import Struct

from feeds.archive import span
from feeds.market import INTERVALS, Bar, Interval, Past
from feeds.profiles import Profile
from feeds.random_walk import decimal

OFFERED: Mapping[Interval, int] = {"1m": 1_000, "5m": 1_000, "1h": 1_000, "1d": 1_000}
MINUTE = INTERVALS["1m"]
MOVES = 5  # how many times the most that one quote moves a minute does
TRADES = 40  # the most in a minute


class _Candle(Struct, gc=False):
    """Prices and volume in the profile's units."""

    start: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int


def past_of(
    symbol: str, profile: Profile, price: int, random: Random, *, plan: Mapping[Interval, int], received: int
) -> Past:
    """So many bars of each interval as planned or a few more, the newest of which closed at `price` in units."""
    until = received - received % MINUTE
    intervals = sorted(plan, key=INTERVALS.__getitem__)
    known: dict[Interval, tuple[int, int]] = {}
    bars: list[Bar] = []
    candles: list[_Candle] = []  # oldest first, of the interval before
    for interval, longer in zip(intervals, [*intervals[1:], intervals[-1]], strict=True):
        first, end = span(interval, plan[interval], until)
        first -= first % INTERVALS[longer]  # so that the longer ones begin where these do
        candles = _gathered(candles, INTERVALS[interval], end)
        oldest = candles[0] if candles else _Candle(end, price, 0, 0, 0, 0, 0)
        older = [*_walked_back(oldest, first, INTERVALS[interval], profile, random)]
        candles = older[::-1] + candles
        known[interval] = candles[0].start, end
        bars += [_bar(candle, symbol, interval, profile, received) for candle in candles]
    return Past(symbol, received, until, known, tuple(bars))


def _walked_back(newer: _Candle, first: int, length: int, profile: Profile, random: Random) -> Iterator[_Candle]:
    """Candles from the one before `newer` back to the one that begins at `first`, each closed where the next opened."""
    uniform, minutes = random.random, length // MINUTE
    reach = max(1, int(profile.volatility * MOVES * sqrt(minutes)))
    close, start = newer.open, newer.start - length
    while start >= first:
        opened = close + int((2 * uniform() - 1) * reach)
        if not profile.start < 2 * opened < 4 * profile.start:  # as the walk itself
            opened = close
        high = max(opened, close) + int(uniform() * reach / 2)
        low = max(1, min(opened, close) - int(uniform() * reach / 2))
        trades = minutes + int(uniform() * TRADES * minutes)
        yield _Candle(start, opened, high, low, close, 1 + int(uniform() * trades * profile.size / 4), trades)
        close, start = opened, start - length


def _gathered(candles: Sequence[_Candle], length: int, end: int) -> list[_Candle]:
    """Candles of a longer interval, of those that begin with one and lie before `end`."""
    found: list[_Candle] = []
    for candle in candles:
        if candle.start >= end:
            break
        if candle.start % length == 0:
            found.append(_Candle(candle.start, candle.open, candle.high, candle.low, candle.close, 0, 0))
        whole = found[-1]
        whole.high, whole.low = max(whole.high, candle.high), min(whole.low, candle.low)
        whole.close = candle.close
        whole.volume += candle.volume
        whole.trades += candle.trades
    return found


def _bar(candle: _Candle, symbol: str, interval: Interval, profile: Profile, received: int) -> Bar:
    opened, high = decimal(candle.open, profile.decimals), decimal(candle.high, profile.decimals)
    low, close = decimal(candle.low, profile.decimals), decimal(candle.close, profile.decimals)
    volume = decimal(candle.volume, profile.size_decimals)
    return Bar(
        symbol, received, None, interval, candle.start, opened, high, low, close, volume, candle.trades, closed=True
    )
