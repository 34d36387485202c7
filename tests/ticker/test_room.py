"""The memory that bars take is bounded, and what they do not need is the trades'."""

import tracemalloc

import pytest

from feeds.market import Bar
from feeds.timestamps import SECOND
from tests.ticker.fakes import START
from tests.ticker.stage import Stage, trade
from ticker.bar_history import BarHistory
from ticker.history import ENTRY_BYTES, Retention
from ticker.room import BAR_BYTES, Room


def bar(minute: int, price: str = "68244.44", time: str | None = "2026-08-09T21:05:47.998123Z") -> Bar:
    start = START + minute * 60 * SECOND
    return Bar("x:A", START, time, "1m", start, price, price, price, price, "9.6483412345", 1_900, closed=True)


def test_each_topic_has_an_even_share_and_no_more_than_is_wanted() -> None:
    room = Room(each_most=300, bytes_most=40 * BAR_BYTES)
    histories = [BarHistory("x:A", "1m", room) for _ in range(4)]
    for history in histories:
        for minute in range(20):
            history.keep(1, bar(minute))
    assert [len(history) for history in histories] == [10] * 4
    assert (room.most, room.kept, room.size) == (10, 40, 40 * BAR_BYTES)
    assert [b.start for b in histories[0]] == [bar(minute).start for minute in range(10, 20)]
    assert Room(each_most=3, bytes_most=40 * BAR_BYTES).most == 3
    assert Room(each_most=3).most == 3


def test_what_is_filled_in_or_dropped_is_counted_too() -> None:
    room = Room(each_most=5)
    history = BarHistory("x:A", "1m", room)
    history.fill(0, [bar(minute) for minute in range(8)])
    history.fill(0, [bar(minute) for minute in range(4, 9)])
    assert (len(history), room.kept) == (5, 5)
    history.drop_oldest()
    assert (len(history), room.kept) == (4, 4)


def test_no_room_keeps_nothing() -> None:
    history = BarHistory("x:A", "1m", Room(each_most=5, bytes_most=0))
    history.keep(1, bar(1))
    history.fill(1, [bar(2)])
    assert (len(history), list(history.newest(3))) == (0, [])


@pytest.mark.parametrize(("price", "time"), [("1.5", None), ("68244.44123456", "2026-08-09T21:05:47.998123Z")])
def test_the_estimate_of_what_one_takes_is_a_fair_one(price: str, time: str | None) -> None:
    history = BarHistory("x:A", "1m", Room(each_most=2_000))
    bars = [bar(minute, price, time) for minute in range(2_000)]
    tracemalloc.start()
    try:
        for one in bars:
            history.keep(100_000, one)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 100 < taken / 2_000 <= BAR_BYTES


def test_the_trades_have_what_the_bars_do_not_need() -> None:
    # Of 99 symbols there is room for 6 bars of each interval.
    for symbols, trades in ((0, 1_000), (1, 1_000 - 2 * 100 * BAR_BYTES // ENTRY_BYTES), (99, 554)):
        retention = Retention(START, bytes_kept=1_000 * ENTRY_BYTES, bars_kept=100, trades_kept=10_000)
        stage = Stage(*(f"x:{n}" for n in range(symbols)), retention=retention, intervals=("1m", "1h"))
        topic = stage.bus.topic("trades", "x:Z")
        for _ in range(1_200):
            stage.bus.publish(topic, trade("x:Z"))
        assert topic.history is not None
        assert abs(len(topic.history) - trades) <= 1
        assert retention.size <= 1_000 * ENTRY_BYTES
