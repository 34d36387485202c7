"""Whether a service has come through a soak: decided from what was sampled, counted and logged."""

import json
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from msgspec import Struct

GROWTH_MOST = 0.05  # of the resident memory, from the second minute to the last
FILES_MORE = 4  # open afterwards than before: connections that HTTP clients keep alive
MEBIBYTE = 1_048_576

# What the churn provokes, and nothing else may be said above `info`: level and event.
EXPECTED: frozenset[tuple[str, str]] = frozenset()
FINE = ("debug", "info")

# Gauges that have to be 0 when everybody has left.
NOTHING_LEFT = (
    "ticker_clients",
    "ticker_slow_clients",
    "ticker_subscriptions",
    "ticker_topics",
    "ticker_queued_events",
)


class Sample(Struct, frozen=True):
    """The service's process at a moment, in seconds since the churn began."""

    at_s: float
    resident: int
    files: int


class Found(Struct, frozen=True):
    """What a soak has found. `minute_s` is as long as a minute, except in tests of the soak itself."""

    samples: Sequence[Sample]
    minute_s: float
    files_before: int
    files_after: int
    left: Mapping[str, float]  # NOTHING_LEFT, afterwards
    evicted: float
    failures: int  # clients that could not do what they wanted
    log: str
    exit_code: int


class Check(Struct, frozen=True):
    """One thing that had to hold."""

    name: str
    found: str
    allowed: str
    holds: bool


def judge(found: Found) -> list[Check]:
    """Everything that had to hold, and whether it does."""
    complaints = list(unexpected(found.log))
    left = {name: value for name, value in found.left.items() if value}
    more = found.files_after - found.files_before
    return [
        _memory(found),
        Check("open files afterwards", f"{more:+d}", f"at most +{FILES_MORE}", more <= FILES_MORE),
        Check(
            "left when all are gone", ", ".join(f"{n} {v:g}" for n, v in left.items()) or "nothing", "nothing", not left
        ),
        Check("slow clients evicted", f"{found.evicted:g}", "some: else they were not slow", found.evicted > 0),
        Check("clients that failed", str(found.failures), "none", not found.failures),
        Check("complaints in the log", str(len(complaints)), "none", not complaints),
        Check("exit code", str(found.exit_code), "0", found.exit_code == 0),
    ]


def per_minute(samples: Sequence[Sample], minute_s: float) -> list[list[Sample]]:
    """The samples of each whole minute; what is left at the end belongs to none."""
    minutes: list[list[Sample]] = []
    for sample in samples:
        index = int(sample.at_s // minute_s)
        while len(minutes) <= index:
            minutes.append([])
        minutes[index].append(sample)
    whole = int((samples[-1].at_s + minute_s / 60) // minute_s)
    return minutes[:whole]


def unexpected(log: str) -> Iterator[str]:
    """The lines of a JSON log that should not be there; the lines of a traceback are no JSON."""
    for line in log.splitlines():
        try:
            entry = json.loads(line)
            level, event = entry["level"], entry["event"]
        except (ValueError, KeyError, TypeError):
            yield line
            continue
        if (level not in FINE or "exception" in entry) and (level, event) not in EXPECTED:
            yield line


def _memory(found: Found) -> Check:
    """The median of a minute's samples: the maximum would be one big snapshot's."""
    minutes = per_minute(found.samples, found.minute_s)
    early, late = (median(sample.resident for sample in minutes[index]) for index in (1, -1))
    growth = late / early - 1
    return Check(
        "resident memory, last minute",
        f"{growth:+.1%}: {late / MEBIBYTE:.1f} MiB",
        f"at most {GROWTH_MOST:+.0%} of the second minute's {early / MEBIBYTE:.1f} MiB (medians)",
        growth <= GROWTH_MOST,
    )
