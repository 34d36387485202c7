"""A symbol's bars as they are made: what is open, what closes when, and what a late trade still changes."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.market import INTERVALS, Bar, Interval
from feeds.timestamps import SECOND, nanoseconds, rfc3339
from ticker.closings import Closings
from ticker.series import SymbolBars

MIDNIGHT = nanoseconds("2026-08-09T00:00:00Z")
GRACE_S = 5


class Maker:
    """One symbol's bars, times in seconds since midnight."""

    def __init__(self, *intervals: Interval) -> None:
        self.closings = Closings(GRACE_S)
        self.bars = SymbolBars("x:A", intervals or ("1m", "5m", "1h", "1d"), self.closings)

    def trade(
        self, at: float | None, price: str, received: float | None = None, size: str = "1"
    ) -> Sequence[Bar] | None:
        time = None if at is None else rfc3339(MIDNIGHT + round(at * SECOND))
        now = at if received is None else received
        assert now is not None
        return self.bars.take(price, size, time, MIDNIGHT + round(now * SECOND))

    def tick(self, now: float) -> list[Bar]:
        at = MIDNIGHT + round(now * SECOND)
        return [bar for series in self.closings.due(at, 1_000) for bar in self.bars.close(series, at)]

    def open(self, interval: Interval) -> Bar | None:
        [series] = [series for series in self.bars.series if series.interval == interval]
        return None if series.start is None else series.bar


def brief(bar: Bar | None) -> str | None:
    """`1m 120 o=1 h=3 l=1 c=2 v=4 n=3`, with the start in seconds since midnight."""
    if bar is None:
        return None
    start = (bar.start - MIDNIGHT) // SECOND
    figures = f"o={bar.open} h={bar.high} l={bar.low} c={bar.close} v={bar.volume} n={bar.trades}"
    return f"{bar.interval} {start} {figures}{' closed' if bar.closed else ''}"


def briefs(bars: Sequence[Bar] | None) -> list[str | None]:
    assert bars is not None
    return sorted((brief(bar) for bar in bars), key=str)


def test_the_open_bars_change_with_each_trade() -> None:
    maker = Maker()
    assert maker.open("1m") is None
    assert [maker.trade(at, price) for at, price in ((61, "2"), (62, "3"), (63, "1"), (64, "2"))] == [[], (), (), ()]
    assert brief(maker.open("1m")) == "1m 60 o=2 h=3 l=1 c=2 v=4 n=4"
    assert brief(maker.open("5m")) == "5m 0 o=2 h=3 l=1 c=2 v=4 n=4"
    assert brief(maker.open("1d")) == "1d 0 o=2 h=3 l=1 c=2 v=4 n=4"


def test_a_trade_of_the_next_minute_closes_the_one_before() -> None:
    maker = Maker("1m", "5m")
    maker.trade(61, "2")
    assert briefs(maker.trade(120, "3")) == ["1m 60 o=2 h=2 l=2 c=2 v=1 n=1 closed"]
    assert brief(maker.open("1m")) == "1m 120 o=3 h=3 l=3 c=3 v=1 n=1"
    assert brief(maker.open("5m")) == "5m 0 o=2 h=3 l=2 c=3 v=2 n=2"
    assert briefs(maker.trade(300, "1")) == [
        "1m 120 o=3 h=3 l=3 c=3 v=1 n=1 closed",
        "5m 0 o=2 h=3 l=2 c=3 v=2 n=2 closed",
    ]


def test_the_clock_closes_a_bar_once_when_no_trade_follows() -> None:
    maker = Maker("1m", "5m")
    maker.trade(61, "2")
    assert maker.tick(119.9) == []
    assert briefs(maker.tick(120)) == ["1m 60 o=2 h=2 l=2 c=2 v=1 n=1 closed"]
    assert maker.tick(299) == []
    [closed] = maker.tick(301)
    assert brief(closed) == "5m 0 o=2 h=2 l=2 c=2 v=1 n=1 closed"
    assert (closed.received, closed.time) == (MIDNIGHT + 301 * SECOND, rfc3339(MIDNIGHT + 61 * SECOND))
    assert maker.tick(10_000) == []
    assert maker.open("5m") is None


def test_an_interval_without_trades_has_no_bar() -> None:
    maker = Maker("1m")
    maker.trade(61, "2")
    maker.tick(120)
    assert maker.trade(310, "3") == []
    assert brief(maker.open("1m")) == "1m 300 o=3 h=3 l=3 c=3 v=1 n=1"


def test_a_late_trade_corrects_what_is_closed_and_counts_in_what_is_open() -> None:
    maker = Maker("1m", "5m")
    maker.trade(61, "2")
    maker.tick(120)
    assert briefs(maker.trade(119.9, "3", received=121)) == ["1m 60 o=2 h=3 l=2 c=3 v=2 n=2 closed"]
    assert brief(maker.open("5m")) == "5m 0 o=2 h=3 l=2 c=3 v=2 n=2"
    maker.trade(122, "9")
    assert briefs(maker.trade(60.5, "1", received=124.9)) == ["1m 60 o=1 h=3 l=1 c=3 v=3 n=3 closed"]
    assert brief(maker.open("1m")) == "1m 120 o=9 h=9 l=9 c=9 v=1 n=1"
    assert brief(maker.open("5m")) == "5m 0 o=1 h=9 l=1 c=9 v=4 n=4"
    assert maker.closings.late == {"corrected": 2, "dropped": 0}


def test_a_trade_too_late_for_its_minute_still_counts_in_what_is_not_over() -> None:
    maker = Maker("1m", "5m")
    maker.trade(61, "2")
    maker.tick(120)
    assert maker.trade(119.9, "3", received=125) == []
    assert brief(maker.open("5m")) == "5m 0 o=2 h=3 l=2 c=3 v=2 n=2"
    assert maker.closings.late == {"corrected": 0, "dropped": 1}
    maker.tick(300)
    assert maker.trade(119.9, "3", received=306) is None
    assert maker.closings.late == {"corrected": 0, "dropped": 2}


def test_a_late_trade_makes_the_bar_that_was_missing() -> None:
    maker = Maker("1m", "5m")
    assert briefs(maker.trade(119, "3", received=121)) == ["1m 60 o=3 h=3 l=3 c=3 v=1 n=1 closed"]
    assert brief(maker.open("5m")) == "5m 0 o=3 h=3 l=3 c=3 v=1 n=1"
    assert briefs(maker.trade(118, "2", received=122)) == ["1m 60 o=2 h=3 l=2 c=3 v=2 n=2 closed"]


def test_a_late_trade_corrects_every_bar_that_its_minute_ended() -> None:
    maker = Maker()
    maker.trade(3_599, "2")
    assert [bar.interval for bar in maker.tick(3_600)] in ([*"153"], ["1m", "5m", "1h"], ["1m", "1h", "5m"])
    assert briefs(maker.trade(3_599.5, "1", received=3_601)) == [
        "1h 0 o=2 h=2 l=1 c=1 v=2 n=2 closed",
        "1m 3540 o=2 h=2 l=1 c=1 v=2 n=2 closed",
        "5m 3300 o=2 h=2 l=1 c=1 v=2 n=2 closed",
    ]
    assert brief(maker.open("1d")) == "1d 0 o=2 h=2 l=1 c=1 v=2 n=2"


def test_a_venues_clock_that_is_a_little_ahead_is_believed() -> None:
    maker = Maker("1m")
    maker.trade(118, "2")
    assert briefs(maker.trade(120.5, "3", received=119)) == ["1m 60 o=2 h=2 l=2 c=2 v=1 n=1 closed"]
    assert maker.tick(120) == []
    assert briefs(maker.trade(119.5, "4", received=119.6)) == ["1m 60 o=2 h=4 l=2 c=4 v=2 n=2 closed"]


def test_times_far_away_make_no_bars() -> None:
    maker = Maker("1m")
    assert maker.trade(90_000, "2", received=61) == []
    assert brief(maker.open("1m")) == "1m 60 o=2 h=2 l=2 c=2 v=1 n=1"
    assert maker.trade(-90_000, "3", received=62) is None
    assert brief(maker.open("1m")) == "1m 60 o=2 h=2 l=2 c=2 v=1 n=1"
    assert maker.closings.late["dropped"] == 1


def test_without_a_venues_time_the_receipt_counts() -> None:
    maker = Maker("1m")
    maker.trade(None, "2", received=61)
    found = maker.open("1m")
    assert brief(found) == "1m 60 o=2 h=2 l=2 c=2 v=1 n=1"
    assert found is not None
    assert found.time is None


@pytest.mark.parametrize("most", [1, 2, 3])
def test_bars_are_closed_in_portions_and_a_trade_between_them_is_not_lost(most: int) -> None:
    maker = Maker("1m", "5m", "1h")
    maker.trade(3_590, "2")
    at = MIDNIGHT + 3_600 * SECOND
    first = [bar for series in maker.closings.due(at, most) for bar in maker.bars.close(series, at)]
    late = maker.trade(3_599, "3", received=3_600) or ()
    rest = [bar for series in maker.closings.due(at, 9) for bar in maker.bars.close(series, at)]
    told = {bar.interval: brief(bar) for bar in (*first, *late, *rest)}
    assert {str(bar).split(" ", 2)[2] for bar in told.values()} == {"o=2 h=3 l=2 c=3 v=2 n=2 closed"}
    assert len(told) == 3


class Print(NamedTuple):
    """A trade: how many milliseconds after the one before it came, and how old it was then."""

    after: int
    age: int
    price: int


pauses = st.sampled_from((0, 1, 400, 2_000, 61_000))
ages = st.sampled_from((-3_000, 0, 0, 1, 700, 4_000, 9_000, 70_000))
prints = st.builds(Print, pauses, ages, st.integers(1, 9))


@given(
    st.lists(prints, max_size=25),
    st.sampled_from((("1m", "5m", "1h"), ("1s", "1m"), ("1m",), ("1s", "5m", "1d"))),
    st.sampled_from((0, 1_000)),
)
def test_what_is_told_in_the_end_are_the_trades_of_each_interval(
    trades: list[Print], intervals: tuple[Interval, ...], ticks: int
) -> None:
    """The last word on each bar has all trades of its interval that were not too late for it, and it is said once."""
    maker, now, ticked = Maker(*intervals), 100_000, 0  # milliseconds
    told: dict[tuple[Interval, int], Bar] = {}
    wanted: dict[tuple[Interval, int], list[tuple[int, int]]] = {}
    for number, trade in enumerate(trades):
        now += trade.after
        if now - ticked >= ticks:
            ticked = now
            for bar in maker.tick(now / 1_000):
                assert (bar.interval, bar.start) not in told or told[bar.interval, bar.start].trades != bar.trades
                told[bar.interval, bar.start] = bar
        at = now - trade.age
        for interval in intervals:
            length = INTERVALS[interval] // 1_000_000
            start = at - at % length
            if now < start + length + GRACE_S * 1_000:
                wanted.setdefault((interval, MIDNIGHT + start * 1_000_000), []).append((at, number))
        for bar in maker.trade(at / 1_000, str(trade.price), received=now / 1_000) or ():
            assert bar.closed
            told[bar.interval, bar.start] = bar
    for bar in maker.tick(10**9):
        told[bar.interval, bar.start] = bar
    prices = [Decimal(trade.price) for trade in trades]
    assert told.keys() == wanted.keys()
    for key, mine in wanted.items():
        bar, ordered = told[key], [prices[number] for _, number in sorted(mine)]
        found = [Decimal(price) for price in (bar.open, bar.high, bar.low, bar.close)]
        assert found == [ordered[0], max(ordered), min(ordered), ordered[-1]]
        assert (bar.trades, bar.volume) == (len(mine), str(len(mine)))
    assert maker.tick(10**9 + 1) == []
