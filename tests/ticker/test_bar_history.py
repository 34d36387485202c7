"""The closed bars that are kept: the newest, by start, each as it was told last."""

from hypothesis import given
from hypothesis import strategies as st

from feeds.market import Bar
from feeds.timestamps import SECOND
from tests.ticker.fakes import START
from ticker.bar_history import BarHistory
from ticker.room import Room


def bar(minute: int, close: str = "1.15", volume: str | None = "0.30") -> Bar:
    trades = None if volume is None else 3
    start = START + minute * 60 * SECOND
    return Bar("x:A", START + 9, None, "1m", start, "1.10", "1.20", "1.0", close, volume, trades, closed=True)


def test_what_is_kept_comes_back_as_it_was() -> None:
    history = BarHistory("x:A", "1m", Room(3))
    assert history.newest(5) == []
    for seq in range(1, 6):
        history.keep(seq, bar(seq, volume=None if seq == 4 else "0.30"))
    assert history.newest(5) == [(3, bar(3)), (4, bar(4, volume=None)), (5, bar(5))]
    assert history.newest(2) == [(4, bar(4, volume=None)), (5, bar(5))]
    assert list(history.newest(0)) == []


def test_a_corrected_bar_takes_its_own_place_and_a_late_one_its_place_by_start() -> None:
    history = BarHistory("x:A", "1m", Room(3))
    for seq, minute in enumerate((2, 4, 2, 3), start=1):
        history.keep(seq, bar(minute, close=str(seq)))
    assert history.newest(9) == [(3, bar(2, "3")), (4, bar(3, "4")), (2, bar(4, "2"))]
    history.keep(5, bar(1))
    assert [kept.start for _, kept in history.newest(9)] == [bar(minute).start for minute in (2, 3, 4)]


@given(st.lists(st.integers(0, 6)), st.integers(1, 4))
def test_it_keeps_the_newest_of_each_start(minutes: list[int], most: int) -> None:
    history, told = BarHistory("x:A", "1m", Room(most)), dict[int, int]()
    for seq, minute in enumerate(minutes):
        history.keep(seq, bar(minute))
        told[minute] = seq
        told = dict(sorted(told.items())[-most:])
    assert [(seq, kept.start) for seq, kept in history.newest(9)] == [(seq, bar(m).start) for m, seq in told.items()]
    assert len(history) == len(told)
