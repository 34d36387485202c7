"""What is retained of trades, and what goes."""

from collections import deque
from sys import getsizeof

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.market import Gap, Trade
from feeds.timestamps import SECOND
from tests.ticker.fakes import START
from tests.ticker.stage import trade
from ticker.history import ENTRY_BYTES, History, Retention


def kept(history: History) -> list[int]:
    """The seqs of what is retained."""
    return [seq for seq, *_ in history.entries]


def test_of_each_topic_so_many_are_kept() -> None:
    retention, history, other = Retention(START, trades_kept=3), History(), History()
    for seq in range(1, 6):
        retention.keep(history, seq, trade("x:A"))
    retention.keep(other, 1, trade("x:B"))
    assert (kept(history), kept(other)) == ([3, 4, 5], [1])
    assert (history.dropped, history.last_dropped) == (2, (2, trade("x:A"), 1))
    assert (other.dropped, other.last_dropped) == (0, None)


def test_for_so_long_they_are_kept() -> None:
    retention, history = Retention(START, trades_kept_s=60), History()
    for seq, second in enumerate((0, 30, 60, 91)):
        retention.keep(history, seq, trade("x:A", START + second * SECOND))
    assert kept(history) == [2, 3]
    assert history.began == START


def test_what_is_too_old_goes_also_where_nothing_new_comes() -> None:
    retention, quiet, busy = Retention(START, trades_kept_s=60), History(), History()
    retention.keep(quiet, 1, trade("x:A", START))
    retention.keep(busy, 1, trade("x:B", START + 30 * SECOND))
    left = []
    for second in (60, 61, 3600):
        retention.prune(START + second * SECOND)
        left.append((len(quiet), len(busy)))
    assert left == [(1, 1), (0, 1), (0, 0)]
    retention.keep(quiet, 2, trade("x:A", START + 3601 * SECOND))
    retention.prune(START + 3700 * SECOND)
    assert len(quiet) == 0


def test_in_all_so_many_bytes_are_kept_and_the_oldest_of_any_topic_goes() -> None:
    retention, quiet, busy = Retention(START, bytes_kept=4 * ENTRY_BYTES + 1), History(), History()
    for seq in (1, 2):
        retention.keep(quiet, seq, trade("x:A"))
    sizes = []
    for seq in range(1, 5):
        retention.keep(busy, seq, trade("x:B"))
        sizes.append(retention.size // ENTRY_BYTES)
    assert (kept(quiet), kept(busy), sizes) == ([], [1, 2, 3, 4], [3, 4, 4, 4])


def test_nothing_may_be_kept() -> None:
    retention, history = Retention(START, bytes_kept=0), History()
    retention.keep(history, 1, trade("x:A"))
    assert (len(history), retention.size, history.dropped) == (0, 0, 1)


@pytest.mark.parametrize(
    "texts",
    [
        {"time": None, "price": "1", "size": "1", "trade_id": "1"},
        {"time": "2026-08-09T21:05:47.123456Z", "price": "64250.01", "size": "0.01500000", "trade_id": "70123456"},
        {"time": "2026-08-09T21:05:47.123456Z", "price": "64250.01", "size": "0.01500000", "trade_id": "x" * 36},
    ],
)
def test_the_estimate_of_what_one_takes_is_a_fair_one(texts: dict[str, str | None]) -> None:
    one = Trade(symbol="x:A", received=START, side="buy", number=70_123_456, **texts)  # type: ignore[arg-type]
    entry, parts = (10**6, one, 10**7), (one.time, one.price, one.size, one.trade_id)
    garbage_collector, place_in_deque = 16, 8
    size = sum(map(getsizeof, (entry, one, one.received, one.number, *entry[::2], *filter(None, parts))))
    assert 400 < size + garbage_collector + place_in_deque < 700
    assert 400 < ENTRY_BYTES < 700


class Model:
    """Retention, the slow and obvious way: one list of everything that was ever kept."""

    def __init__(self, each: int, age: int, all_most: int) -> None:
        self.each, self.age, self.all_most = each, age, all_most
        self.entries: list[tuple[int, int, Trade | Gap]] = []  # topic, seq

    def keep(self, topic: int, seq: int, item: Trade | Gap) -> None:
        self.entries.append((topic, seq, item))
        mine = [entry for entry in self.entries if entry[0] == topic]
        gone = [e for i, e in enumerate(mine) if len(mine) - i > self.each or e[2].received < item.received - self.age]
        self.entries = [entry for entry in self.entries if not any(entry is one for one in gone)]
        self.entries = self.entries[-self.all_most :]

    def prune(self, now: int) -> None:
        self.entries = [entry for entry in self.entries if entry[2].received >= now - self.age]

    def of(self, topic: int) -> list[int]:
        return [seq for index, seq, _ in self.entries if index == topic]


steps = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.sampled_from(("trade", "trade", "trade", "gap", "prune")))
)


@given(steps, st.integers(1, 4), st.integers(0, 5), st.integers(1, 6))
def test_it_keeps_what_a_simple_model_keeps(
    asked: list[tuple[int, int, str]], each: int, age_s: int, all_most: int
) -> None:
    retention = Retention(START, trades_kept=each, trades_kept_s=age_s, bytes_kept=all_most * ENTRY_BYTES)
    model = Model(each, age_s * SECOND, all_most)
    histories = [History() for _ in range(3)]
    ever: list[deque[int]] = [deque() for _ in range(3)]
    now = START
    for topic, wait, what in asked:
        now += wait * SECOND
        if what == "prune":
            retention.prune(now)
            model.prune(now)
        else:
            item = trade("x:A", now) if what == "trade" else Gap("x:A", now, None)
            ever[topic].append(len(ever[topic]))
            retention.keep(histories[topic], ever[topic][-1], item)
            model.keep(topic, ever[topic][-1], item)
        for index, history in enumerate(histories):
            assert kept(history) == model.of(index)
            assert history.dropped + len(history) == len(ever[index])
            assert (None if history.last_dropped is None else history.last_dropped[0]) == (
                history.dropped - 1 if history.dropped else None
            )
        assert retention.size == sum(map(len, histories)) * ENTRY_BYTES
