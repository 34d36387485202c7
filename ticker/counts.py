"""What the service counts: plain numbers that the metrics collector reads when it is scraped."""

from collections import Counter
from dataclasses import dataclass, field

from feeds.counts import Histogram
from ticker.encodings import Framing

SHORT_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
GAP_REASONS = (
    "feed",
    "slow_consumer",
    "retention",
    "restart",
)  # there from the start, so that a rate sees the first one
RESUMES = ("complete", "retention", "restart")
TRANSPORTS = ("websocket", "sse")
SESSION_BUCKETS = (1.0, 10.0, 60.0, 300.0, 1_800.0, 3_600.0, 14_400.0, 86_400.0)


@dataclass(slots=True)
class FanoutCounts:
    """The fan-out's; see docs/metrics.md for what each becomes."""

    sent: Counter[tuple[str, Framing]] = field(default_factory=Counter)  # by channel and framing
    sent_bytes: int = 0  # over all transports
    streamed_bytes: int = 0  # of these, in streams of events
    conflated: Counter[tuple[str, str]] = field(default_factory=Counter)  # by channel and cause
    gaps: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(GAP_REASONS, 0)))  # by reason
    lost: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(GAP_REASONS, 0)))  # by reason
    flush: Histogram = field(default_factory=lambda: Histogram(SHORT_BUCKETS))
    receipt: dict[str, Histogram] = field(default_factory=dict)  # by channel


@dataclass(slots=True)
class ClientCounts:
    """The conversations'."""

    connections: Counter[str] = field(default_factory=Counter)  # by transport
    closes: Counter[tuple[str, str]] = field(default_factory=Counter)  # by transport and code
    rejections: Counter[str] = field(default_factory=Counter)  # by reason
    requests: Counter[tuple[str, int]] = field(default_factory=Counter)  # by op and code
    subscriptions: Counter[tuple[str, str]] = field(default_factory=Counter)  # by channel and kind; now held
    resumes: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(RESUMES, 0)))  # by result
    sessions: dict[str, Histogram] = field(
        default_factory=lambda: {transport: Histogram(SESSION_BUCKETS) for transport in TRANSPORTS}
    )
