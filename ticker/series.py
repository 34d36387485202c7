"""Bars: the trades of each interval as open, high, low, close and volume.

A trade counts where its venue's time says, or its receipt where the venue gives none or one too far ahead. The open bar
changes with each trade. It is closed when the clock says so, or by a trade of a later one. A trade that comes after
that corrects its bar for a while (the grace), and is dropped and counted afterwards: by each interval for itself.

Of a symbol's intervals only the shortest takes in each trade. The longer ones add to what they had before it when
somebody looks.
"""

from collections.abc import Collection, Iterator, Sequence

from feeds.market import INTERVALS, Bar, Interval, Past
from feeds.timestamps import SECOND, nanoseconds
from ticker.candle import Candle
from ticker.closings import Closings
from ticker.covering import covering

USUAL: Sequence[Bar] = ()
JOINED_WITHIN = 300 * SECOND  # what the venue tells of the past has to come so soon after the time until which it tells


class Series:
    """One interval of one symbol's bars: the open one, and those just closed. Times in nanoseconds since 1970.

    `start` is the open bar's, None where there is none: nothing was traded yet. `shortest` is the series that takes in
    each trade; None: this is the one. `received` is when the open bar was told, or what made that necessary received.
    """

    __slots__ = (
        "_closings", "_had", "_just_closed", "_length", "interval", "kept_for", "received", "shortest", "start",
        "symbol",
    )  # fmt: skip

    def __init__(self, symbol: str, interval: Interval, shortest: "Series | None", closings: Closings) -> None:
        self.symbol = symbol
        self.interval: Interval = interval
        self.shortest = shortest
        self.start: int | None = None
        self.received = 0
        self._length = INTERVALS[interval]
        self._closings = closings
        self._had: Candle | None = None  # the open bar without what the shortest series' open one will add
        self._just_closed: list[tuple[int, Candle]] = []  # with their starts, while they can be corrected or are kept
        self.kept_for = closings.grace  # how long: what the venue knows of the past may take the place of older ones

    @property
    def end(self) -> int | None:
        """When the open bar is to be closed."""
        return None if self.start is None else self.start + self._length

    @property
    def bar(self) -> Bar:
        """The open bar as it is now."""
        assert self.start is not None
        return self._candle().bar(self.symbol, self.interval, self.start, self.received, closed=False)

    def open_at(self, at: int) -> Candle | None:
        """The candle of the open bar, where a trade of that time belongs to it. Asked of the shortest series alone."""
        return self._had if self.start is not None and 0 <= at - self.start < self._length else None

    def comes_late(self, at: int, now: int) -> bool:
        """Whether the bar of that time is over."""
        start = at - at % self._length
        return start + self._length <= now if self.start is None else start < self.start

    def close(self, now: int) -> Iterator[Bar]:
        """The open bar is over; nothing where there is none."""
        if self.start is not None:
            start, candle = self.start, self._candle()
            self.start = self._had = None
            still = [(at, old) for at, old in self._just_closed if now < at + self._length + self.kept_for]
            self._just_closed = [*still, (start, candle)]
            yield candle.bar(self.symbol, self.interval, start, now, closed=True)

    def begin(self, at: int, now: int, had: Candle | None = None) -> Iterator[Bar]:
        """A trade of that time has come, not late: its bar is the open one. What was before is closed."""
        start = at - at % self._length
        if start != self.start:
            yield from self.close(now)
            self.start, self._had = start, had
            self._closings.add(start + self._length, self)
        elif had is not None:
            self.add(at, had)

    def add(self, at: int, candle: Candle) -> None:
        """Trades from about `at`, if they belong to the open bar."""
        if at - at % self._length == self.start:
            if self._had is None:
                self._had = candle.copy()
            else:
                self._had.absorb(candle)

    def correct(self, at: int, late: Candle, now: int) -> Bar | None:
        """The closed bar of a late trade, with it; None where it is too late for that."""
        start = at - at % self._length
        if not self._correctable(start, now):
            return None
        candle = next((candle for old, candle in self._just_closed if old == start), None)
        if candle is None:
            candle = late.copy()
            self._just_closed.append((start, candle))
        else:
            candle.absorb(late)
        return candle.bar(self.symbol, self.interval, start, now, closed=True)

    def replace(self, start: int, candle: Candle, now: int) -> Iterator[Bar]:
        """All but the shortest series' open part of the bar that begins then: what is told of it, if it is closed."""
        if self.start is not None and self.start < start:
            yield from self.close(now)
        if self.start == start:
            self._had = candle
        elif start + self._length > now:
            self.start, self._had = start, candle
            self._closings.add(start + self._length, self)
        else:
            self._just_closed = [*((at, old) for at, old in self._just_closed if at != start), (start, candle)]
            yield candle.bar(self.symbol, self.interval, start, now, closed=True)

    def closed_between(self, first: int, end: int) -> Iterator[Candle]:
        """Of the bars that were closed a short time ago, those that begin in that time."""
        return (candle for start, candle in self._just_closed if first <= start < end)

    def _correctable(self, start: int, now: int) -> bool:
        return now < start + self._length + self._closings.grace

    def _candle(self) -> Candle:
        """All of the open bar."""
        adds = self._adds()
        if self._had is None:
            assert adds is not None
            return adds.copy()
        if self.shortest is None:
            return self._had
        candle = self._had.copy()
        if adds is not None:
            candle.absorb(adds)
        return candle

    def _adds(self) -> Candle | None:
        """What the shortest series' open bar adds to a longer one's."""
        return None if self.shortest is None or self.start is None else self.shortest.part_of(self.start, self._length)

    def part_of(self, start: int, length: int) -> Candle | None:
        """The open bar's candle, where it lies within those times."""
        return self._had if self.start is not None and 0 <= self.start - start < length else None


class SymbolBars:
    """One symbol's bars, of all intervals."""

    __slots__ = ("_closings", "_joined", "_longer", "_shortest", "series")

    def __init__(self, symbol: str, intervals: Collection[Interval], closings: Closings) -> None:
        shortest, *longer = sorted(intervals, key=INTERVALS.__getitem__)
        self._shortest = Series(symbol, shortest, None, closings)
        self._longer = [Series(symbol, interval, self._shortest, closings) for interval in longer]
        self.series: Sequence[Series] = (self._shortest, *self._longer)
        self._closings = closings
        self._joined = 0  # what was traded before that, the venue's own bars have

    def expect_past(self) -> None:
        """What the venue knows of the past will come: what is needed to join it is kept until then."""
        self._shortest.kept_for = max(JOINED_WITHIN, self._closings.grace)

    def join(self, past: Past, now: int) -> Iterator[Bar]:
        """Let the venue's bars stand for what was traded before `past.until`: the closed bars that changes.

        An open bar is then made of the venue's up to that time, and of the trades since. One of which the venue's bars
        do not tell all that was before stays as it is.
        """
        shortest = self._shortest
        if shortest.end is not None and shortest.end <= now:
            yield from self._close_shortest(now)
        self._joined = max(self._joined, past.until)
        for series in self._longer:
            length = INTERVALS[series.interval]
            start = past.until - past.until % length
            candle = covering(past, start) if start < past.until else None
            if candle is not None:
                for later in shortest.closed_between(past.until, start + length):
                    candle.absorb(later)
                yield from series.replace(start, candle, now)
        if past.final:
            shortest.kept_for = self._closings.grace

    def take(self, price: str, size: str | None, time: str | None, received: int) -> Sequence[Bar] | None:
        """A trade, or a price without a size.

        The bars that it closes or corrects, in the order to tell them, before the open ones; USUAL where it just
        changes the open ones, None where it is too late for any bar.
        """
        at = received if time is None else nanoseconds(time)
        if at > received + self._closings.grace:
            at, time = received, None
        candle = self._shortest.open_at(at)
        if candle is not None:
            candle.take(at, price, size, time)
            return USUAL
        late = self._shortest.comes_late(at, received)
        new = Candle(at, price, size, time)
        return self._late(at, new, received) if late else list(self._begin(at, new, received))

    def close(self, series: Series, now: int) -> Iterator[Bar]:
        """The open bar of one of the series is over; with it the shortest's, if its time has come, too."""
        shortest = self._shortest
        if series is shortest or (shortest.end is not None and shortest.end <= now):
            yield from self._close_shortest(now)
        if series is not shortest:
            yield from series.close(now)

    def _close_shortest(self, now: int) -> Iterator[Bar]:
        """What the longer ones have so far counts its trades from now on."""
        shortest = self._shortest
        if shortest.start is not None:
            candle = shortest.part_of(shortest.start, 1)
            assert candle is not None
            for longer in self._longer:
                longer.add(shortest.start, candle)
            yield from shortest.close(now)

    def _begin(self, at: int, new: Candle, now: int) -> Iterator[Bar]:
        yield from self._close_shortest(now)
        for longer in self._longer:
            yield from longer.begin(at, now)
        yield from self._shortest.begin(at, now, new)

    def _late(self, at: int, late: Candle, now: int) -> Sequence[Bar] | None:
        """What a trade corrects that is too late for the shortest series' open bar."""
        if at < self._joined:
            return None
        bars: list[Bar] = []
        dropped = kept = False
        for series in self.series:
            if not series.comes_late(at, now):
                bars += series.begin(at, now, late.copy())
                kept = True
            elif corrected := series.correct(at, late, now):
                bars.append(corrected)
            else:
                dropped = True
        self._closings.late["dropped" if dropped else "corrected"] += 1
        return bars if kept or bars else None
