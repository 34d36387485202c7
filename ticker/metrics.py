"""What Prometheus sees. Everything is counted as plain integers elsewhere and read here when it is scraped."""

import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from feeds.counts import Histogram
from feeds.feed import Clock, Feed
from feeds.timestamps import SECOND
from ticker import __version__
from ticker.admission import Admission
from ticker.certificates import Certificate
from ticker.counts import ClientCounts
from ticker.encodings import transport
from ticker.fanout import Fanout
from ticker.freshness import Watch
from ticker.history import Retention
from ticker.readiness import Readiness
from ticker.reloads import Reloads
from ticker.status import feed_age_s, feed_state, symbol_states

STATES = ("live", "quiet", "stale", "halted", "closed", "unknown")

Labelled = Mapping[Any, float]  # a label's value, or a tuple of them in the labels' order
Families = Iterator[Metric]


class Sources(Struct):
    """Where the figures are read from."""

    clock: Clock
    started: int
    feeds: Sequence[Feed]
    watch: Watch
    fanout: Fanout
    retention: Retention
    clients: ClientCounts
    admission: Admission
    certificate: Certificate | None
    reloads: Reloads
    readiness: Readiness
    loop_lag: Histogram
    late_trades: Mapping[str, int]  # by what became of them


class Exposition:
    """GET /metrics: one registry for this service."""

    def __init__(self, sources: Sources) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._registry.register(TickerCollector(sources))

    def expose(self, accept: str) -> tuple[bytes, str]:
        """The metrics in the format that an Accept header asks for, and the format's content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class TickerCollector(Collector):
    """Reads the service's counts."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        """All families, in the order of docs/metrics.md."""
        yield from self._service()
        yield from self._client_families()
        yield from self._fanout_families()
        yield from self._feed_gauges()
        yield from self._feed_counters()

    def _service(self) -> Families:
        sources = self._sources
        build = {(__version__, platform.python_version()): 1}
        yield _gauge("build_info", "The version that runs.", ("version", "python"), build)
        yield _gauge("start_time_seconds", "When the service started.", (), {(): sources.started / SECOND})
        yield _gauge("draining", "1 while clients are sent away.", (), {(): int(sources.readiness.state == "draining")})
        yield _gauge(
            "config_last_reload_successful",
            "1 unless changed settings could not be used.",
            (),
            {(): int(sources.reloads.successful)},
        )
        taken_at = {(): sources.reloads.taken_at / SECOND}
        yield _gauge("config_last_reload_timestamp_seconds", "When the settings in use were read.", (), taken_at)
        expiry = {(): sources.certificate.expires.timestamp()} if sources.certificate else {}
        yield _gauge("tls_certificate_expiry_timestamp_seconds", "When the certificate expires.", (), expiry)
        yield _histogram("event_loop_lag_seconds", "How late the event loop's timer comes.", (), {(): sources.loop_lag})

    def _client_families(self) -> Families:
        sources, counts = self._sources, self._sources.clients
        yield _gauge("clients", "Clients connected.", ("transport",), sources.admission.connected)
        yield _gauge("clients_limit", "Clients that may be connected.", (), {(): sources.admission.clients_most})
        yield _gauge(
            "slow_clients", "Clients that do not take what they are sent.", (), {(): len(sources.fanout.slow.clients)}
        )
        yield _counter("client_connections", "Clients that came.", ("transport",), counts.connections)
        yield _counter("client_closes", "Clients that went, by close code.", ("transport", "code"), counts.closes)
        yield _counter("client_rejections", "Clients that were turned away.", ("reason",), counts.rejections)
        yield _histogram("client_session_seconds", "How long clients stayed.", ("transport",), counts.sessions)
        yield _counter("requests", "Requests answered, by code; 200 is good.", ("op", "code"), counts.requests)
        yield _counter("resumes", "Subscriptions that took up their trades again.", ("result",), counts.resumes)
        yield _gauge("subscriptions", "Subscriptions held.", ("channel", "kind"), counts.subscriptions)

    def _fanout_families(self) -> Families:
        fanout = self._sources.fanout
        counts = fanout.counts
        sent: Counter[tuple[str, str]] = Counter()
        for (channel, framing), number in counts.sent.items():
            sent[channel, transport(framing)] += number
        topics: dict[str, int] = {}
        for topic in fanout.topics:
            topics[topic.channel] = topics.get(topic.channel, 0) + 1
        yield _gauge("topics", "Topics that somebody gets.", ("channel",), topics)
        yield _counter("updates_sent", "Updates put on clients' write lists.", ("channel", "transport"), sent)
        sent_bytes = {"websocket": counts.sent_bytes - counts.streamed_bytes, "sse": counts.streamed_bytes}
        yield _counter("sent_bytes", "Bytes written to clients.", ("transport",), sent_bytes)
        yield _counter(
            "updates_conflated",
            "Updates replaced by a newer one before they went.",
            ("channel", "cause"),
            counts.conflated,
        )
        yield _counter("gaps", "Gaps in trades announced.", ("reason",), counts.gaps)
        yield _counter("events_lost", "Trades lost, as far as their number is known.", ("reason",), counts.lost)
        yield _counter(
            "late_trades", "Trades that came after their bar was closed.", ("result",), self._sources.late_trades
        )
        yield _histogram(
            "receipt_to_write_seconds", "From a venue's message to the write.", ("channel",), counts.receipt
        )
        yield _histogram("flush_duration_seconds", "How long flushes took.", (), {(): counts.flush})
        yield _gauge(
            "flush_interval_seconds",
            "How long the last flush keeps the next waiting.",
            (),
            {(): fanout.pace.wait / SECOND},
        )
        yield _gauge("queued_events", "Trades that wait for slow clients.", (), {(): fanout.slow.queued})
        yield _gauge("history_bytes", "Memory of what is retained, estimated.", (), {(): self._sources.retention.size})

    def _feed_gauges(self) -> Families:
        sources, feeds = self._sources, self._sources.feeds
        now = sources.clock()
        states = {feed.name: symbol_states(feed, sources.watch) for feed in feeds}
        stale = sources.watch.stale_feeds()
        overall = {name: feed_state(mine, stale=name in stale) for name, mine in states.items()}
        ages = {feed.name: feed_age_s(feed, now) for feed in feeds}
        one_hot = {(name, state): int(state == mine) for name, mine in overall.items() for state in STATES}
        symbols = {(name, state): states[name].get(state, 0) for name in states for state in STATES}  # type: ignore[call-overload]
        last = {feed.name: feed.counts.last_data / SECOND for feed in feeds if feed.counts.last_data}
        yield _gauge("feed_state", "1 for the state that the feed is in.", ("feed", "state"), one_hot)
        yield _gauge("feed_connections", "Connections open.", ("feed",), {f.name: f.counts.connections for f in feeds})
        yield _gauge("feed_symbols", "Symbols in each state.", ("feed", "state"), symbols)
        yield _gauge("feed_last_data_timestamp_seconds", "When market data last came.", ("feed",), last)
        yield _gauge(
            "feed_age_seconds",
            "How long ago market data last came.",
            ("feed",),
            {name: age for name, age in ages.items() if age is not None},
        )
        yield _histogram(
            "feed_delay_seconds",
            "From the venue's time to our receipt.",
            ("feed",),
            {feed.name: feed.counts.delay for feed in feeds},
        )

    def _feed_counters(self) -> Families:
        feeds = self._sources.feeds
        simple = (
            ("feed_clock_ahead", "Messages whose venue time lay after our receipt.", "clock_ahead"),
            ("feed_unknown_messages", "Messages of an unknown type, ignored.", "unknown_messages"),
            ("feed_sequence_gaps", "Holes in the venue's numbering of its messages.", "sequence_gaps"),
            ("feed_rejected_symbols", "Symbols that the venue refused.", "rejected_symbols"),
            ("feed_received_bytes", "Bytes of messages received.", "received_bytes"),
        )
        labelled = (
            ("updates_received", "Updates decoded.", "channel", "updates"),
            ("feed_reconnects", "Connections lost or not made.", "reason", "reconnects"),
            ("feed_histories", "Symbols by what became of filling in their past.", "result", "histories"),
            ("feed_decode_errors", "Messages that could not be decoded.", "kind", "decode_errors"),
        )
        for name, text, field in simple:
            yield _counter(name, text, ("feed",), {feed.name: getattr(feed.counts, field) for feed in feeds})
        for name, text, label, field in labelled:
            values = {(f.name, key): n for f in feeds for key, n in getattr(f.counts, field).items()}
            yield _counter(name, text, ("feed", label), values)


def _labels(key: Any) -> list[str]:
    return [str(part) for part in (key if isinstance(key, tuple) else (key,))]


def _gauge(name: str, text: str, labels: Sequence[str], values: Labelled) -> Metric:
    family = GaugeMetricFamily(f"ticker_{name}", text, labels=labels)
    for key, value in values.items():
        family.add_metric(_labels(key), value)
    return family


def _counter(name: str, text: str, labels: Sequence[str], values: Labelled) -> Metric:
    family = CounterMetricFamily(f"ticker_{name}", text, labels=labels)
    for key, value in values.items():
        family.add_metric(_labels(key), value)
    return family


def _histogram(name: str, text: str, labels: Sequence[str], values: Mapping[Any, Histogram]) -> Metric:
    family = HistogramMetricFamily(f"ticker_{name}", text, labels=labels)
    for key, histogram in values.items():
        total, buckets = 0, []
        for bound, count in zip((*map(str, histogram.bounds), "+Inf"), histogram.counts, strict=True):
            total += count
            buckets.append((bound, float(total)))
        family.add_metric(_labels(key), buckets, histogram.total)
    return family
