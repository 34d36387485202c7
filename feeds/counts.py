"""What a feed counts: plain integers that the metrics collector reads when it is scraped."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from feeds.timestamps import SECOND, nanoseconds

DELAY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Histogram:
    """Observations counted by upper bound, in the shape that Prometheus reads. Bounds and values in seconds."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


@dataclass(slots=True)
class FeedCounts:
    """One feed's counters; see docs/metrics.md for what each becomes."""

    updates: Counter[str] = field(default_factory=Counter)  # by channel
    reconnects: Counter[str] = field(default_factory=Counter)  # by reason
    decode_errors: Counter[str] = field(default_factory=Counter)  # by kind
    unknown_messages: int = 0
    histories: Counter[str] = field(
        default_factory=lambda: Counter(complete=0, failed=0)
    )  # symbols by what became of filling in their past
    sequence_gaps: int = 0
    rejected_symbols: int = 0
    received_bytes: int = 0
    connections: int = 0  # now open
    last_data: int = 0  # nanoseconds since 1970; 0: none yet
    clock_ahead: int = 0  # updates whose venue time lies after our receipt
    delay: Histogram = field(default_factory=lambda: Histogram(DELAY_BUCKETS))

    def note_delay(self, received: int, time: str) -> None:
        """An update with a venue time was received, in nanoseconds since 1970; a venue's clock may be ahead of ours."""
        delay = (received - nanoseconds(time)) / SECOND
        if delay < 0:
            self.clock_ahead += 1
        else:
            self.delay.observe(delay)
