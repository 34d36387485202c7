import pytest

from feeds.counts import DELAY_BUCKETS, FeedCounts, Histogram
from feeds.timestamps import SECOND, nanoseconds

MADE = "2026-08-09T21:05:48.500Z"


@pytest.mark.parametrize(
    ("value", "counts"),
    [
        (0.0, [1, 0, 0]),
        (0.9, [1, 0, 0]),
        (1.0, [1, 0, 0]),  # a bound belongs to its own bucket: Prometheus reads it as "less or equal"
        (1.1, [0, 1, 0]),
        (2.5, [0, 1, 0]),
        (2.6, [0, 0, 1]),
    ],
)
def test_a_value_is_counted_in_the_first_bucket_that_holds_it(value: float, counts: list[int]) -> None:
    histogram = Histogram((1, 2.5))

    histogram.observe(value)

    assert histogram.counts == counts


def test_the_total_is_the_sum_of_all_values() -> None:
    histogram = Histogram((1,))

    for value in (0.5, 0.25, 7):
        histogram.observe(value)

    assert histogram.total == 7.75
    assert sum(histogram.counts) == 3


def test_the_delay_of_an_update_is_from_the_venue_s_time_to_our_receipt() -> None:
    counts = FeedCounts()

    counts.note_delay(nanoseconds(MADE) + SECOND // 5, MADE)

    assert counts.delay.total == pytest.approx(0.2)
    assert counts.delay.counts[DELAY_BUCKETS.index(0.25)] == 1
    assert counts.clock_ahead == 0


def test_no_delay_at_all_is_a_delay() -> None:
    counts = FeedCounts()

    counts.note_delay(nanoseconds(MADE), MADE)

    assert counts.delay.counts[0] == 1
    assert counts.clock_ahead == 0


def test_a_venue_time_after_our_receipt_is_a_clock_ahead_and_no_delay() -> None:
    counts = FeedCounts()

    counts.note_delay(nanoseconds(MADE) - 1, MADE)

    assert counts.clock_ahead == 1
    assert sum(counts.delay.counts) == 0
    assert counts.delay.total == 0


def test_two_feeds_share_no_counter() -> None:
    one, other = FeedCounts(), FeedCounts()

    one.updates["quotes"] += 1
    one.note_delay(nanoseconds(MADE), MADE)

    assert not other.updates
    assert sum(other.delay.counts) == 0
