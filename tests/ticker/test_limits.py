"""Bounded rates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.timestamps import SECOND
from tests.ticker.fakes import START
from ticker.limits import TokenBucket


def test_a_burst_passes_at_once_and_then_the_rate_decides() -> None:
    bucket = TokenBucket(rate=20, burst=3, now=START)
    assert [bucket.take(START) for _ in range(4)] == [0, 0, 0, pytest.approx(0.05)]
    assert bucket.take(START + SECOND // 40) == pytest.approx(0.025)
    assert bucket.take(START + SECOND // 20) == 0


def test_quiet_time_saves_no_more_than_a_burst() -> None:
    bucket = TokenBucket(rate=20, burst=3, now=START)
    later = START + 3600 * SECOND
    assert [bucket.take(later) == 0 for _ in range(4)] == [True, True, True, False]


@given(st.lists(st.integers(0, SECOND), max_size=60))
def test_no_more_pass_than_the_burst_and_the_rate_allow(waits: list[int]) -> None:
    bucket, now, passed = TokenBucket(rate=7, burst=5, now=START), START, 0
    for wait in waits:
        now += wait
        passed += bucket.take(now) == 0
    assert passed <= 5 + (now - START) / SECOND * 7 + 1e-6


@given(st.integers(1, 1_000))
def test_who_waits_as_long_as_told_passes(rate: int) -> None:
    bucket = TokenBucket(rate, burst=1, now=START)
    assert bucket.take(START) == 0
    wait = bucket.take(START)
    assert bucket.take(START + int(wait * SECOND) + 1_000) == 0
