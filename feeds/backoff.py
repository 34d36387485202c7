"""When to try again."""

import random
from collections.abc import Callable


class Backoff:
    """Exponential backoff with full jitter and a ceiling, for ever.

    The n-th wait is uniform between 0 and min(maximum, minimum * 2^n) seconds: many clients of one venue that went
    away together do not come back together.
    """

    def __init__(self, minimum_s: float, maximum_s: float, uniform: Callable[[], float] = random.random) -> None:
        self._minimum = minimum_s
        self._maximum = maximum_s
        self._uniform = uniform
        self._ceiling = minimum_s

    def next(self) -> float:
        """Seconds to wait before the next try."""
        wait = self._uniform() * min(self._ceiling, self._maximum)
        self._ceiling = min(self._ceiling * 2, self._maximum)
        return wait

    def reset(self) -> None:
        """What we waited for has come: the next wait is a short one again."""
        self._ceiling = self._minimum
