"""A histogram of delays: percentiles to within 3 %, in a few hundred counts, however many updates there are."""

from collections import Counter
from collections.abc import Mapping

EXACT = 64  # microseconds below this have a bucket each; above, each doubling is cut in 32


def bucket(us: int) -> int:
    """The bucket of a delay in microseconds."""
    if us < EXACT:
        return us
    shift = us.bit_length() - 6
    return (shift << 5) + (us >> shift)


def highest(bucket: int) -> int:
    """The longest delay that a bucket takes, in microseconds."""
    if bucket < EXACT:
        return bucket
    shift = (bucket >> 5) - 1
    return ((bucket - (shift << 5) + 1) << shift) - 1


class Delays:
    """Updates counted by their delay in microseconds."""

    __slots__ = ("counts", "longest_us")

    def __init__(self, counts: Mapping[int, int] | None = None, longest_us: int = 0) -> None:
        self.counts = Counter(counts)
        self.longest_us = longest_us

    def add(self, us: int, updates: int) -> None:
        """So many updates took so long."""
        self.counts[bucket(us)] += updates
        self.longest_us = max(self.longest_us, us)

    def merge(self, other: "Delays") -> None:
        """Add what another has counted."""
        self.counts.update(other.counts)
        self.longest_us = max(self.longest_us, other.longest_us)

    def percentile(self, percent: float) -> float | None:
        """The delay in milliseconds that so many per cent of the updates did not exceed; None without updates."""
        wanted = self.counts.total() * percent / 100
        passed = 0
        for place in sorted(self.counts):
            passed += self.counts[place]
            if passed >= wanted:
                return min(highest(place), self.longest_us) / 1000
        return None
