"""What a soak passes, and what it does not."""

import json
from typing import Any

import msgspec
import pytest

from tests.bench.verdict import NOTHING_LEFT, Found, Sample, judge, per_minute, unexpected

MIB = 1_048_576


def samples(*minutes: int) -> list[Sample]:
    """A sample each second, with so many MiB in each minute."""
    return [
        Sample(60.0 * index + second, mebibytes * MIB, 20)
        for index, mebibytes in enumerate(minutes)
        for second in range(60)
    ]


def line(level: str, event: str = "something", **fields: object) -> str:
    """A line of the service's log."""
    return json.dumps({"timestamp": "2026-08-09T21:05:48Z", "level": level, "event": event, **fields})


GOOD = Found(
    samples=samples(60, 100, 90, 104),
    minute_s=60,
    files_before=12,
    files_after=16,
    left=dict.fromkeys(NOTHING_LEFT, 0.0),
    evicted=3,
    failures=0,
    log="\n".join([line("info", "serving"), line("debug")]),
    exit_code=0,
)


def failing(**changes: Any) -> list[str]:
    """The names of what does not hold."""
    return [check.name for check in judge(msgspec.structs.replace(GOOD, **changes)) if not check.holds]


def test_what_is_in_order_passes() -> None:
    assert failing() == []


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("resident memory, last minute", {"samples": samples(60, 100, 90, 106)}),
        ("open files afterwards", {"files_after": 17}),
        ("left when all are gone", {"left": {**GOOD.left, "ticker_clients": 1.0}}),
        ("slow clients evicted", {"evicted": 0.0}),
        ("clients that failed", {"failures": 1}),
        ("complaints in the log", {"log": line("warning")}),
        ("exit code", {"exit_code": -9}),
    ],
)
def test_what_is_not_fails(name: str, changes: dict[str, Any]) -> None:
    assert failing(**changes) == [name]


def test_a_short_peak_is_no_growth() -> None:
    peak = [sample if sample.at_s != 200 else Sample(200, 500 * MIB, 900) for sample in GOOD.samples]
    assert failing(samples=peak) == []


def test_samples_of_a_minute_that_is_not_over_belong_to_none() -> None:
    assert [len(minute) for minute in per_minute(samples(1, 2), 60)] == [60, 60]
    assert [len(minute) for minute in per_minute(samples(1, 2)[:-1], 60)] == [60]


def test_a_log_may_say_what_is_expected_and_nothing_else() -> None:
    bad = [
        line("warning"),
        line("error"),
        line("info", exception="Traceback …"),
        "Traceback (most recent call last):",
        "5",
    ]
    assert list(unexpected("\n".join([line("info"), *bad, line("debug")]))) == bad
