"""One passes at a time, and no more than so many in the long run."""

from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.gate import Gate
from feeds.timestamps import SECOND

START = 1_790_000_000 * SECOND


def test_lets_one_through_each_period() -> None:
    gate = Gate(0.5)

    assert gate.passes(START)
    assert not gate.passes(START + SECOND // 2 - 1)
    assert gate.opens_at == START + SECOND // 2
    assert gate.passes(START + SECOND // 2)


def test_lets_a_burst_through_after_a_quiet_time_and_then_goes_on_evenly() -> None:
    gate = Gate(1, burst=3)

    assert [gate.reserve(START) - START for _ in range(5)] == [0, 0, 0, SECOND, 2 * SECOND]
    assert gate.reserve(START + 60 * SECOND) == START + 60 * SECOND


def test_stays_closed_until_it_is_told_to_open() -> None:
    gate = Gate(1, burst=3)
    gate.close_until(START + 5 * SECOND)

    assert not gate.passes(START + 5 * SECOND - 1)
    assert gate.passes(START + 5 * SECOND)


def test_being_told_to_stay_closed_does_not_open_it_sooner() -> None:
    gate = Gate(60)
    gate.passes(START)
    gate.close_until(START + SECOND)

    assert gate.opens_at == START + 60 * SECOND


@settings(deadline=None)
@given(st.lists(st.integers(0, 3 * SECOND), max_size=50), st.integers(1, 5))
def test_in_no_span_of_time_more_pass_than_a_burst_and_one_each_period(pauses: list[int], burst: int) -> None:
    gate = Gate(1, burst)
    now, passed = START, list[int]()
    for pause in pauses:
        now += pause
        if gate.passes(now):
            passed.append(now)

    for number, start in enumerate(passed):
        for more, end in enumerate(passed[number:]):
            assert more + 1 <= burst + (end - start) // SECOND
