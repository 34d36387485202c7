"""The histogram of delays: where a delay is counted, and what its percentiles say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker.bench.delays import Delays, bucket, highest

microseconds = st.integers(0, 10**13)


def counted(*delays_us: int) -> Delays:
    delays = Delays()
    for us in delays_us:
        delays.add(us, 1)
    return delays


@given(us=microseconds)
def test_a_bucket_takes_what_is_counted_in_it_to_within_three_per_cent(us: int) -> None:
    assert us <= highest(bucket(us)) <= us * (1 + 1 / 32)


@given(us=microseconds)
def test_the_next_bucket_begins_where_one_ends(us: int) -> None:
    assert bucket(highest(bucket(us)) + 1) == bucket(us) + 1


def test_there_are_few_buckets() -> None:
    assert bucket(60_000_000) < 800  # a minute


def test_percentiles_are_in_milliseconds() -> None:
    delays = counted(*range(1, 61))
    assert [delays.percentile(percent) for percent in (1, 50, 90, 100)] == [0.001, 0.03, 0.054, 0.06]


@given(delays_us=st.lists(microseconds, min_size=1, max_size=200), percent=st.sampled_from([50, 90, 99, 99.9, 100]))
def test_a_percentile_is_that_of_the_delays_themselves(delays_us: list[int], percent: float) -> None:
    exact = next(us for place, us in enumerate(sorted(delays_us), 1) if place >= len(delays_us) * percent / 100)
    found = counted(*delays_us).percentile(percent)
    assert found is not None
    assert exact / 1000 <= found <= exact / 1000 * (1 + 1 / 32)


def test_the_longest_is_exact() -> None:
    assert counted(5, 123_456_789).percentile(100) == 123_456.789


def test_one_delay_can_stand_for_many() -> None:
    delays = counted(1)
    delays.add(9, 99)
    assert (delays.percentile(1), delays.percentile(2)) == (0.001, 0.009)


def test_without_updates_there_are_no_percentiles() -> None:
    assert Delays().percentile(50) is None


def test_what_others_counted_is_added() -> None:
    mine, other = counted(1, 2), counted(2, 70)
    mine.merge(Delays(other.counts, other.longest_us))
    assert mine.counts == counted(1, 2, 2, 70).counts
    assert mine.longest_us == 70


@pytest.mark.parametrize("us", [0, 63, 64, 127, 128])
def test_merging_with_nothing_changes_nothing(us: int) -> None:
    mine = counted(us)
    mine.merge(Delays())
    assert (mine.counts, mine.longest_us) == (counted(us).counts, us)
