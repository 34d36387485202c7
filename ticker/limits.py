"""Bounded rates."""

from feeds.timestamps import SECOND


class TokenBucket:
    """At most `rate` a second in the long run, and `burst` at once. Times in nanoseconds."""

    __slots__ = ("_burst", "_rate", "_tokens", "_updated")

    def __init__(self, rate: float, burst: int, now: int) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._updated = now

    def take(self, now: int) -> float:
        """Take one; 0 if there was one, else the seconds until there will be."""
        self._tokens = min(self._burst, self._tokens + (now - self._updated) / SECOND * self._rate)
        self._updated = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._rate


class Slots:
    """Times to come back at, `rate` a second, one after the other for those who were turned away. In nanoseconds."""

    __slots__ = ("_next", "_step")

    def __init__(self, rate: float) -> None:
        self._step = round(SECOND / rate)
        self._next = 0

    def reserve(self, now: int, most_s: float) -> float:
        """The seconds until the next that is free, or `most_s` where that is sooner: then none is reserved."""
        at = max(self._next, now) + self._step
        if at - now >= most_s * SECOND:
            return most_s
        self._next = at
        return (at - now) / SECOND
