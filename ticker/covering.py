"""What closed bars say of a time that is not over: of an hour its minutes, of a day its hours and minutes."""

from collections.abc import Iterator

from feeds.market import INTERVALS, Bar, Interval, Past
from ticker.candle import Candle


def covering(past: Past, start: int) -> Candle | None:
    """All that was traded from `start` to `past.until`; None where nothing was, or where the bars do not tell all."""
    bars = {(bar.interval, bar.start): bar for bar in past.bars}
    candle: Candle | None = None
    for key in _parts(past, start):
        if key is None:
            return None
        if (bar := bars.get(key)) is not None:
            candle = _with(candle, bar)
    return candle


def _parts(past: Past, at: int) -> Iterator[tuple[Interval, int] | None]:
    """The longest bars known that fill the time without a hole; None where there is one."""
    longest_first = sorted(past.known, key=INTERVALS.__getitem__, reverse=True)
    while at < past.until:
        interval = next((interval for interval in longest_first if _fits(past, interval, at)), None)
        if interval is None:
            yield None
            return
        yield interval, at
        at += INTERVALS[interval]


def _fits(past: Past, interval: Interval, at: int) -> bool:
    first, end = past.known[interval]
    length = INTERVALS[interval]
    return at % length == 0 and first <= at and at + length <= min(end, past.until)


def _with(candle: Candle | None, bar: Bar) -> Candle:
    if candle is None:
        return Candle.of(bar)
    candle.absorb(Candle.of(bar))
    return candle
