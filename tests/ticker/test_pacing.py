"""When things may go out: the flush, and the cadences."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.timestamps import SECOND
from tests.ticker.fakes import START
from tests.ticker.stage import EPOCH
from ticker.bus import Topic
from ticker.pacing import MILLISECOND, Cadence, FlushPace


def topic(symbol: str = "x:A") -> Topic:
    return Topic("ticker", symbol, EPOCH, 1)


class TestFlushPace:
    """How soon a flush may follow another."""

    def test_the_first_may_come_at_once(self) -> None:
        assert FlushPace(20, 250).not_before <= START

    @pytest.mark.parametrize(
        ("interval_ms", "took_ms", "next_ms"),
        [
            (0, 0, 0),  # light load: the next update leaves at once
            (0, 4, 8),  # as long as the last one took
            (0, 250, 500),
            (0, 900, 1_150),  # but no longer than the longest wait
            (20, 4, 20),  # the interval counts from start to start
            (20, 15, 30),
            (20, 30, 60),
        ],
    )
    def test_the_next_comes_after_the_interval_and_after_as_long_as_the_last_took(
        self, interval_ms: int, took_ms: int, next_ms: int
    ) -> None:
        pace = FlushPace(interval_ms, 250)
        pace.flushed(START, START + took_ms * MILLISECOND)
        assert pace.not_before == START + next_ms * MILLISECOND
        assert pace.wait == next_ms * MILLISECOND

    @given(st.integers(0, 250 * MILLISECOND))
    def test_flushing_takes_half_the_time_at_most(self, took: int) -> None:
        pace = FlushPace(0, 250)
        pace.flushed(START, START + took)
        assert took <= (pace.not_before - START) / 2


class TestCadence:
    """Ten times a second, so that the cadence's times are the tenths of a second."""

    def test_the_first_after_quiet_goes_at_once(self) -> None:
        cadence, a, b = Cadence(10), topic("x:A"), topic("x:B")
        assert cadence.offer(a, START)
        assert cadence.offer(b, START)
        assert not cadence
        assert cadence.offer(a, START + SECOND // 10)

    def test_what_comes_sooner_waits_for_the_cadences_time(self) -> None:
        cadence, a = Cadence(10), topic()
        cadence.offer(a, START)
        assert not cadence.offer(a, START + 1)
        assert not cadence.offer(a, START + 2)
        assert cadence.waits(a)
        assert cadence
        assert cadence.due(START + SECOND // 20) == []
        assert cadence.due(START + SECOND // 10) == [a]

    def test_what_waits_goes_at_the_cadences_time_also_if_that_is_late(self) -> None:
        cadence, a = Cadence(10), topic()
        assert [cadence.offer(a, START + tenths * SECOND // 10) for tenths in (0, 0, 3, 4)] == [
            True,
            False,
            False,
            False,
        ]
        assert cadence.due(START + SECOND // 2) == [a]

    def test_what_went_less_than_a_period_ago_waits_for_the_time_after(self) -> None:
        cadence, a, b = Cadence(10), topic("x:A"), topic("x:B")
        for moment in (START + 90 * MILLISECOND, START + 95 * MILLISECOND):
            cadence.offer(a, moment)
        assert cadence.due(START + 100 * MILLISECOND) == []
        cadence.offer(b, START + 100 * MILLISECOND)
        cadence.offer(b, START + 150 * MILLISECOND)
        assert cadence.due(START + 200 * MILLISECOND) == [a, b]

    def test_what_is_taken_does_not_wait_any_more(self) -> None:
        cadence, a = Cadence(10), topic()
        cadence.offer(a, START)
        cadence.offer(a, START + 1)
        assert cadence.take(a, START + SECOND // 10)
        assert not cadence.waits(a)
        assert not cadence.take(a, START + SECOND // 10)
        assert not cadence.offer(a, START + SECOND // 10 + 1)

    def test_what_nobody_gets_any_more_is_forgotten(self) -> None:
        cadence, a = Cadence(10), topic()
        cadence.offer(a, START)
        cadence.offer(a, START + 1)
        cadence.forget(a)
        assert not cadence
        assert cadence.due(START + SECOND) == []
        assert cadence.offer(a, START + 2)

    def test_its_times_have_its_period_and_phase(self) -> None:
        cadence = Cadence(10, phase=30 * MILLISECOND)
        at = cadence.next_at(START)
        assert (at, cadence.next_at(at), cadence.next_at(at + 1)) == (
            START + 30 * MILLISECOND,
            START + 130 * MILLISECOND,
            START + 130 * MILLISECOND,
        )

    @given(late=st.lists(st.integers(0, 9 * MILLISECOND), min_size=10, max_size=10), rate=st.sampled_from([50, 10, 1]))
    def test_a_topic_that_changes_all_the_time_goes_at_each_time_however_late_the_timer_is(
        self, late: list[int], rate: int
    ) -> None:
        cadence, a = Cadence(rate, phase=12_345), topic()
        cadence.offer(a, START)
        cadence.offer(a, START + 1)
        now = START + cadence.period
        for delay in late:
            now = cadence.next_at(now) + delay
            assert cadence.due(now) == [a]
            assert cadence.take(a, now)
            assert not cadence.offer(a, now + 1)

    @given(st.lists(st.tuples(st.booleans(), st.integers(1, 80 * MILLISECOND)), max_size=60))
    def test_a_topic_goes_no_more_often_than_the_rate(self, moments: list[tuple[bool, int]]) -> None:
        cadence, a, now, sent = Cadence(10), topic(), START, []
        for changes, wait in moments:
            following, now = cadence.next_at(now), now + wait
            while following <= now:  # timers that are on time
                sent += [following for due in cadence.due(following) if cadence.take(due, following)]
                following = cadence.next_at(following)
            if changes and cadence.offer(a, now):
                sent.append(now)
        assert all(later - earlier >= cadence.period for earlier, later in pairwise(sent))
