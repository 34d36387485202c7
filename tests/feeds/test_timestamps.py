"""RFC 3339 times, to and from nanoseconds."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.timestamps import SECOND, clock, from_microseconds, from_milliseconds, nanoseconds, rfc3339

MOMENT = 1_786_309_548_026_294_000
YEAR_2200 = 7_258_118_400


def test_nine_fraction_digits_always() -> None:
    assert rfc3339(MOMENT) == "2026-08-09T21:05:48.026294000Z"
    assert rfc3339(0) == "1970-01-01T00:00:00.000000000Z"


def test_as_many_digits_as_the_venue_gave() -> None:
    assert from_milliseconds(MOMENT // 10**6) == "2026-08-09T21:05:48.026Z"
    assert from_microseconds(MOMENT // 10**3) == "2026-08-09T21:05:48.026294Z"


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("2026-08-09T21:05:48Z", 0),
        ("2026-08-09T21:05:48.0Z", 0),
        ("2026-08-09T21:05:48.5Z", 500_000_000),
        ("2026-08-09T21:05:48.0262Z", 26_200_000),
        ("2026-08-09T21:05:48.026294Z", 26_294_000),
        ("2026-08-09T21:05:48.000000001Z", 1),
    ],
)
def test_trimmed_fractions_are_read(text: str, fraction: int) -> None:
    assert nanoseconds(text) == MOMENT // SECOND * SECOND + fraction


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-08-09",
        "2026-08-09 21:05:48Z",
        "2026-08-09T21:05:48",
        "2026-08-09T21:05:48+00:00",
        "2026-08-09T21:05:48.Z",
        "2026-08-09T21:05:48.5",
        "2026-08-09T21:05:48Z5Z",
        "2026-08-09T21:05:48Z5",
        "2026-08-09T21:05:48.1234567890Z",
        "2026-08-09T21:05:48.12a4Z",
        "2026-08-09T21:05:48.٣Z",
        "2026-08-09T21+01:00.5Z",
        "2026-08-09T21:05+01.5Z",
        "2026-W32-7T21:05:48Z",
        "2026-08-09T21:05,48.1Z",
        "2026-08-09T25:05:48Z",
        "2026-02-30T21:05:48Z",
    ],
)
@pytest.mark.parametrize("before", ["2026-08-09T21:05:48.5Z", "2026-08-09T21:05:48Z", "2026-08-09T21:05:47Z"])
def test_what_is_no_time_is_refused(before: str, text: str) -> None:
    nanoseconds(before)  # a time of the same second must not make it pass
    with pytest.raises(ValueError, match=r".+"):
        nanoseconds(text)


@given(st.integers(0, YEAR_2200 * SECOND))
def test_there_and_back(moment: int) -> None:
    assert nanoseconds(rfc3339(moment)) == moment
    assert nanoseconds(from_microseconds(moment // 10**3)) == moment // 10**3 * 10**3
    assert nanoseconds(from_milliseconds(moment // 10**6)) == moment // 10**6 * 10**6


@given(st.integers(0, YEAR_2200))
def test_the_calendar_is_the_standard_librarys(seconds: int) -> None:
    assert rfc3339(seconds * SECOND)[:19] == datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


def test_the_clock_starts_at_wall_time_and_never_goes_back() -> None:
    before = datetime.now(UTC).timestamp()
    now = clock()
    times = [now() for _ in range(100)]
    after = datetime.now(UTC).timestamp()
    assert times == sorted(times)
    assert before - 1 < times[0] / SECOND < after + 1
