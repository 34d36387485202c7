"""RFC 3339 times, to and from nanoseconds since 1970, fast enough for every update."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache, partial

SECOND = 1_000_000_000

_to_the_second = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}").fullmatch


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class _Second:
    """The second of the time before, of which most times are: keeping its text at hand halves the cost of the next."""

    __slots__ = ("_begins", "_text")

    def __init__(self) -> None:
        self._begins, self._text = 0, "1970-01-01T00:00:00."

    def rfc3339(self, nanoseconds: int) -> str:
        """`2026-08-09T21:05:48.026294000Z`: nine fraction digits always."""
        fraction = nanoseconds - self._begins
        if not 0 <= fraction < SECOND:
            seconds, fraction = divmod(nanoseconds, SECOND)
            self._begins, self._text = seconds * SECOND, f"{_second(seconds)}."
        return f"{self._text}{str(SECOND + fraction)[1:]}Z"  # with the leading zeros, faster than a format with :09d

    def nanoseconds(self, text: str) -> int:
        """Nanoseconds since 1970 of an RFC 3339 UTC time with any number of fraction digits up to nine.

        Raises ValueError for anything else.
        """
        if text[:20] != self._text:
            if text[19:] == "Z":
                return _beginning(text[:19] + ".")
            self._begins, self._text = _beginning(text[:20]), text[:20]
        fraction = text[20:-1]
        if text[-1] != "Z" or len(fraction) > 9 or not fraction.isdecimal() or not fraction.isascii():
            raise ValueError(f"{text!r} is not an RFC 3339 UTC time with at most nine fraction digits")
        return self._begins + int(fraction) * _FRACTIONS[len(fraction)]


_FRACTIONS: tuple[int, ...] = tuple(10 ** (9 - digits) for digits in range(10))

rfc3339 = _Second().rfc3339
_venues_rfc3339 = _Second().rfc3339
nanoseconds = _Second().nanoseconds


@lru_cache(maxsize=64)
def _beginning(text: str) -> int:
    """When the second of `2026-08-09T21:05:48.` begins."""
    if text[-1:] != "." or not _to_the_second(text[:-1]):  # fromisoformat takes more than RFC 3339 does
        raise ValueError(f"{text!r} does not begin an RFC 3339 UTC time")
    return int(datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC).timestamp()) * SECOND


def to_the_second(nanoseconds: int) -> str:
    """`2026-08-09T21:05:48Z`: without what is less than a second."""
    return f"{_second(nanoseconds // SECOND)}Z"


def from_milliseconds(milliseconds: int) -> str:
    """A time that a venue gives in milliseconds: three fraction digits."""
    return f"{_venues_rfc3339(milliseconds * 1_000_000)[:23]}Z"


def from_microseconds(microseconds: int) -> str:
    """A time that a venue gives in microseconds: six fraction digits."""
    return f"{_venues_rfc3339(microseconds * 1_000)[:26]}Z"


def clock() -> Callable[[], int]:
    """A clock in nanoseconds since 1970 that never goes back: wall time now, the monotonic clock from here on.

    On Linux that is the one which also counts while the machine sleeps: what was live before is old afterwards.
    """
    elapsed_ns = (
        partial(time.clock_gettime_ns, time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic_ns
    )
    offset = time.time_ns() - elapsed_ns()
    return lambda: elapsed_ns() + offset
