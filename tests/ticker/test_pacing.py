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
    return Topic("ticker", symbol, EPOCH)


class TestFlushPace:
    """How soon a flush may follow another."""

    def test_the_first_may_come_at_once(self) -> None:
        assert FlushPace(20, 250).not_before <= START

    @pytest.mark.parametrize(
        ("interval_ms", "took_ms", "next_ms"),
        [
            (0, 0, 0),  # light load: the next update leaves at once
            (0, 4, 6),  # half as long after the last as that took
            (0, 500, 750),
            (0, 900, 1_150),  # but no longer than the longest wait
            (20, 4, 20),  # the interval counts from start to start
            (20, 16, 24),
            (20, 30, 45),
        ],
    )
    def test_the_next_comes_after_the_interval_and_after_half_as_long_as_the_last_took(
        self, interval_ms: int, took_ms: int, next_ms: int
    ) -> None:
        pace = FlushPace(interval_ms, 250)
        pace.flushed(START, START + took_ms * MILLISECOND)
        assert pace.not_before == START + next_ms * MILLISECOND
        assert pace.wait == next_ms * MILLISECOND

    @given(st.integers(0, 500 * MILLISECOND))
    def test_flushing_takes_two_thirds_of_the_time_at_most(self, took: int) -> None:
        pace = FlushPace(0, 250)
        pace.flushed(START, START + took)
        assert took <= (pace.not_before - START + 1) * 2 / 3


RATES = st.sampled_from((50, 20, 10, 4, 2, 1, 0.5, 0.2, 3, 1000))


def play(cadence: Cadence, changes: list[int]) -> list[int]:
    """When a topic goes that changes at these times, with timers that are on time."""
    a, now, sent = topic(), START, []
    for moment in (*changes, None):
        while cadence and (moment is None or cadence.next_at(now) <= moment):
            now = cadence.next_at(now)
            sent += [now for due in cadence.due(now) if cadence.take(due, now)]
        if moment is not None and cadence.offer(a, now := moment):
            sent.append(moment)
    return sent


class TestCadence:
    """Ten times a second, so that the cadence's times are the fortieths of a second."""

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
        assert cadence.due(START + SECOND // 10 - 1) == []
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

    def test_a_topic_out_of_step_comes_a_quarter_later_each_time_until_it_is_in_step(self) -> None:
        cadence = Cadence(10)
        sent = play(cadence, [START + ms * MILLISECOND for ms in range(30, 800, 10)])
        assert [(at - START) // MILLISECOND for at in sent] == [30, 150, 275, 400, 500, 600, 700, 800]

    def test_topics_in_step_go_together(self) -> None:
        cadence, a, b = Cadence(10), topic("x:A"), topic("x:B")
        for one in (a, a, b, b):
            cadence.offer(one, START)
        assert cadence.due(START + SECOND // 10) == [a, b]

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

    def test_what_is_forgotten_and_comes_again_while_its_turn_is_taken_has_lost_it(self) -> None:
        cadence, a = Cadence(10), topic()
        cadence.offer(a, START)
        cadence.offer(a, START + 1)
        now = START + SECOND // 10
        assert cadence.due(now) == [a]
        cadence.forget(a)
        assert [cadence.offer(a, now), cadence.offer(a, now), cadence.take(a, now)] == [True, False, False]
        assert cadence.due(now + SECOND // 10) == [a]

    def test_its_times_have_its_phase(self) -> None:
        cadence = Cadence(10, phase=30 * MILLISECOND)
        at = cadence.next_at(START)
        assert (at, cadence.next_at(at), cadence.next_at(at + 1)) == (
            START + 5 * MILLISECOND,
            START + 30 * MILLISECOND,
            START + 30 * MILLISECOND,
        )

    @given(late=st.lists(st.integers(0, 19 * MILLISECOND), min_size=10, max_size=10), rate=st.sampled_from([50, 10, 1]))
    def test_a_topic_in_step_goes_each_period_however_late_the_timer_is(self, late: list[int], rate: int) -> None:
        cadence, a = Cadence(rate), topic()
        cadence.offer(a, START)
        cadence.offer(a, START + 1)
        for number, delay in enumerate(late, start=1):
            turn = START + number * cadence.period
            assert cadence.due(turn - 1) == []
            assert cadence.due(turn + delay) == [a]
            assert cadence.take(a, turn + delay)
            assert not cadence.offer(a, turn + delay)

    def test_after_a_stall_of_more_than_a_period_it_counts_from_then(self) -> None:
        cadence, a = Cadence(10), topic()
        cadence.offer(a, START)
        cadence.offer(a, START + 1)
        late = START + 1_030 * MILLISECOND
        assert cadence.due(late) == [a]
        assert cadence.take(a, late)
        assert not cadence.offer(a, late + 1)
        assert cadence.due(START + 1_149 * MILLISECOND) == []
        assert cadence.due(START + 1_150 * MILLISECOND) == [a]

    @given(st.lists(st.floats(0.001, 2), max_size=60), RATES, st.integers(0, SECOND))
    def test_a_topic_goes_at_most_once_a_period_and_at_least_once_in_one_and_a_quarter(
        self, waits: list[float], rate: float, phase: int
    ) -> None:
        cadence, now, changes = Cadence(rate, phase), START, []
        assert SECOND <= cadence.period * rate < SECOND + 5 * rate
        for wait in waits:  # in periods
            now += int(wait * cadence.period)
            changes.append(now)
        sent = play(cadence, changes)
        assert all(later - earlier >= cadence.period for earlier, later in pairwise(sent))
        for change in changes:  # it, or one after it, has gone in time
            before = max((at for at in sent if at < change), default=0)
            after = min(at for at in sent if at >= change)
            assert after == change or after - before <= cadence.period * 5 // 4
        assert not cadence

    @given(RATES, st.integers(0, SECOND), st.integers(0, 5 * SECOND))
    def test_a_topic_that_changes_all_the_time_falls_into_step(self, rate: float, phase: int, start: int) -> None:
        cadence, start = Cadence(rate, phase), START + start
        sent = play(cadence, [start + number * cadence.period // 10 for number in range(80)])
        assert {(at - phase) % cadence.period for at in sent[4:]} == {0}
        assert len(sent) >= 7
