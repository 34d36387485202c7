"""24-hour figures for symbols whose venue sends none: from their own bars of a minute, the last 1,440 of them.

Exact: prices are the venue's strings, the volume is the sum of the minutes', and of `change_pct` two decimals are kept,
rounded half away from zero. A window that is younger than a day has what was traded since it began.
"""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from operator import ge, le

from feeds.market import INTERVALS, Bar, Stats
from ticker.bar_history import BarHistory
from ticker.candle import exact
from ticker.peaks import Peaks
from ticker.room import Room
from ticker.series import Series

MINUTE, DAY = INTERVALS["1m"], INTERVALS["1d"]
ZERO = Decimal(0)


class Window:
    """One symbol's last 24 hours: the closed minutes of them, and its series of minutes with the open one."""

    __slots__ = ("_closed", "_highs", "_lows", "_minutes", "_volume")

    def __init__(self, minutes: Series, room: Room) -> None:
        self._minutes = minutes
        self._closed = BarHistory(minutes.symbol, "1m", room)
        self._highs, self._lows = Peaks(ge), Peaks(le)
        self._volume = ZERO

    @property
    def empty(self) -> bool:
        """Whether nothing was traded lately."""
        return not len(self._closed) and self._minutes.start is None

    def forget(self) -> None:
        """The symbol is no more."""
        self._closed.forget()

    def keep(self, bar: Bar) -> None:
        """A minute that was closed, or corrected."""
        latest = self._closed.latest
        self._closed.keep(0, bar)
        if latest is not None and bar.start <= latest.start:
            self._look_again()
        else:
            self._volume = exact.add(self._volume, _volume(bar))
            self._highs.add(bar.start, bar.high)
            self._lows.add(bar.start, bar.low)

    def fill(self, bars: Iterable[Bar]) -> None:
        """Minutes from before. In place of one that is there comes the one that has all trades."""
        for bar in self._closed.fill(0, bars):
            self._closed.keep(0, bar)
        self._look_again()

    def _look_again(self) -> None:
        """A minute came late or changed: that is rare."""
        self._highs, self._lows, self._volume = Peaks(ge), Peaks(le), ZERO
        for bar in self._closed:
            self._volume = exact.add(self._volume, _volume(bar))
            self._highs.add(bar.start, bar.high)
            self._lows.add(bar.start, bar.low)

    def stats(self, now: int) -> Stats:
        """The figures of the 1,440 minutes up to now; None each where nothing was traded in them."""
        self._forget(now - now % MINUTE + MINUTE - DAY)
        symbol, newest = self._minutes.symbol, self._newest()
        if newest is None:
            return Stats(symbol, now, None, source="ticker")
        first, last = (self._closed.oldest or newest).open, newest.close
        change = exact.subtract(Decimal(last), Decimal(first))
        volume = self._volume if self._minutes.start is None else exact.add(self._volume, _volume(newest))
        return Stats(
            symbol,
            now,
            None,
            open=first,
            high=max(filter(None, (self._highs.best, newest.high)), key=Decimal),
            low=min(filter(None, (self._lows.best, newest.low)), key=Decimal),
            last=last,
            volume=format(volume, "f"),
            change=format(change, "f"),
            change_pct=per_cent(change, Decimal(first)),
            source="ticker",
        )

    def _newest(self) -> Bar | None:
        return self._closed.latest if self._minutes.start is None else self._minutes.bar

    def _forget(self, before: int) -> None:
        """Minutes that began before that are no longer in the window."""
        while (oldest := self._closed.oldest) is not None and oldest.start < before:
            self._closed.drop_oldest()
            self._volume = exact.subtract(self._volume, _volume(oldest))
        self._highs.forget(before)
        self._lows.forget(before)


class Rolling:
    """All windows, and which of them have news. Figures are told at most once for each look."""

    def __init__(self) -> None:
        self._windows: dict[str, Window] = {}
        self._changed: dict[str, None] = {}
        self._minute = 0

    def add(self, symbol: str, window: Window) -> None:
        """A symbol whose venue sends no such figures."""
        self._windows[symbol] = window

    def remove(self, symbol: str) -> None:
        """A symbol that is no more."""
        if (window := self._windows.pop(symbol, None)) is not None:
            window.forget()
        self._changed.pop(symbol, None)

    def changed(self, symbol: str) -> None:
        """It was traded."""
        self._changed[symbol] = None

    def due(self, now: int, most: int) -> list[Stats]:
        """The figures of at most so many symbols that were traded, or whose oldest minute is over."""
        if now // MINUTE != self._minute:
            self._minute = now // MINUTE
            self._changed.update((symbol, None) for symbol, window in self._windows.items() if not window.empty)
        some = [symbol for symbol, _ in zip(self._changed, range(most), strict=False)]
        for symbol in some:
            del self._changed[symbol]
        return [self._windows[symbol].stats(now) for symbol in some]


def per_cent(change: Decimal, of: Decimal) -> str | None:
    """How much of a positive amount a change is, with two decimals, rounded half away from zero; None of nothing."""
    if not of:
        return None
    hundredths = (20_000 * abs(Fraction(change)) + Fraction(of)) // (2 * Fraction(of))
    sign = "-" if change < 0 and hundredths else ""
    return f"{sign}{hundredths // 100}.{hundredths % 100:02}"


def _volume(bar: Bar) -> Decimal:
    return ZERO if bar.volume is None else Decimal(bar.volume)
