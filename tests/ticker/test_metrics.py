"""What Prometheus reads: the counts of all parts at the moment of the scrape."""

import platform
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

from feeds.counts import Histogram
from feeds.timestamps import SECOND
from tests.requires import program
from tests.ticker.fakes import START
from tests.ticker.stage import FakeFeed, Stage
from ticker import __version__
from ticker.admission import Admission
from ticker.counts import SHORT_BUCKETS
from ticker.history import ENTRY_BYTES
from ticker.metrics import Exposition, Sources
from ticker.readiness import Readiness
from ticker.reloads import Reloads


class Scrape:
    """A service with a feed, as Prometheus sees it."""

    def __init__(self) -> None:
        self.stage = Stage("sim:A", "sim:B", slow_queue_messages=1)
        self.feed = FakeFeed("sim", "sim:A", "sim:B")
        self.readiness = Readiness()
        self.loop_lag = Histogram(SHORT_BUCKETS)
        self.admission = Admission(self.stage.hub.counts, self.stage.clock, clients=10_000)
        self._exposition = Exposition(
            Sources(
                clock=self.stage.clock,
                started=START,
                feeds=[self.feed],
                watch=self.stage.watch,
                fanout=self.stage.fanout,
                retention=self.stage.retention,
                clients=self.stage.hub.counts,
                admission=self.admission,
                certificate=None,
                reloads=Reloads(START),
                readiness=self.readiness,
                loop_lag=self.loop_lag,
                late_trades=self.stage.bars.late,
            )
        )

    def text(self, accept: str = "") -> str:
        return self._exposition.expose(accept)[0].decode()

    def samples(self, name: str) -> dict[str, float]:
        """The samples of a metric by their labels' values, in the order of the labels' names."""
        return {
            ",".join(value for _, value in sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(self.text())
            for sample in family.samples
            if sample.name == f"ticker_{name}"
        }


@pytest.fixture
def scrape() -> Scrape:
    return Scrape()


def test_the_service(scrape: Scrape) -> None:
    assert list(scrape.samples("build_info")) == [f"{platform.python_version()},{__version__}"]
    assert scrape.samples("start_time_seconds") == {"": START / SECOND}
    assert scrape.samples("draining") == {"": 0}
    scrape.readiness.state = "draining"
    assert scrape.samples("draining") == {"": 1}


def test_histograms_are_cumulative(scrape: Scrape) -> None:
    for seconds in (0.0001, 0.0005, 0.3, 99.0):
        scrape.loop_lag.observe(seconds)
    buckets = scrape.samples("event_loop_lag_seconds_bucket")
    assert (buckets["0.0005"], buckets["0.25"], buckets["0.5"], buckets["2.5"], buckets["+Inf"]) == (2, 2, 3, 3, 4)
    assert scrape.samples("event_loop_lag_seconds_count") == {"": 4}
    assert scrape.samples("event_loop_lag_seconds_sum")[""] == pytest.approx(99.3006)


def test_clients(scrape: Scrape) -> None:
    counts = scrape.stage.hub.counts
    peer = scrape.stage.connect()
    counts.connections["websocket"] += 3
    counts.sessions["sse"].observe(5)
    scrape.admission.connected.update(websocket=1, sse=2)
    counts.closes["websocket", "1006"] += 2
    counts.rejections["clients"] += 1
    peer.subscribe("quotes", "sim:A", "*")
    peer.say({"op": "nonsense"})
    assert scrape.samples("clients") == {"websocket": 1, "sse": 2}
    assert scrape.samples("clients_limit") == {"": 10_000}
    assert scrape.samples("client_connections_total") == {"websocket": 3}
    assert scrape.samples("client_closes_total") == {"1006,websocket": 2}
    assert scrape.samples("client_rejections_total") == {"clients": 1}
    assert scrape.samples("client_session_seconds_count") == {"websocket": 0, "sse": 1}
    assert scrape.samples("requests_total") == {"200,subscribe": 1, "405,invalid": 1}
    assert scrape.samples("subscriptions") == {"quotes,exact": 1, "quotes,pattern": 1}


def test_delivery(scrape: Scrape) -> None:
    stage = scrape.stage
    slow, quick = stage.connect(high=0), stage.connect()
    for peer in (slow, quick):
        peer.join(stage.directory["sim:A"].trades, stage.directory["sim:A"].quotes)
    slow.sink.stalled = True
    for _ in range(4):
        stage.trade("sim:A")
        stage.quote("sim:A")
    assert scrape.samples("topics") == {"trades": 1, "quotes": 1}
    assert scrape.samples("updates_sent_total") == {"trades,websocket": 5, "quotes,websocket": 4}
    assert scrape.samples("sent_bytes_total") == {
        "websocket": sum(len(data) for peer in (slow, quick) for data in peer.sink.writes),
        "sse": 0,
    }
    assert scrape.samples("updates_conflated_total") == {"slow,quotes": 3}
    assert scrape.samples("slow_clients") == {"": 1}
    assert scrape.samples("queued_events") == {"": 1}
    assert scrape.samples("history_bytes") == {"": 4 * ENTRY_BYTES}
    never = {"retention": 0, "restart": 0}
    assert scrape.samples("gaps_total") == {"feed": 0, "slow_consumer": 1, **never}
    assert scrape.samples("events_lost_total") == {"feed": 0, "slow_consumer": 2, **never}
    assert scrape.samples("receipt_to_write_seconds_count") == {"trades": 4, "quotes": 4}
    assert scrape.samples("flush_duration_seconds_count") == {"": 8}
    assert scrape.samples("flush_interval_seconds") == {"": 0}


def test_feeds(scrape: Scrape) -> None:
    counts = scrape.feed.counts
    assert scrape.samples("feed_age_seconds") == {}
    assert scrape.samples("feed_last_data_timestamp_seconds") == {}
    scrape.stage.link("connected")
    scrape.stage.quote("sim:A")
    counts.last_data = START - 2 * SECOND
    counts.connections = 1
    counts.updates["quotes"] = 7
    counts.reconnects["silent"] = 1
    counts.decode_errors["json"] = 4
    counts.clock_ahead = 5
    counts.received_bytes = 600
    states = scrape.samples("feed_state")
    assert [name for name, value in states.items() if value] == ["sim,live"]
    assert len(states) == 6
    assert {name: value for name, value in scrape.samples("feed_symbols").items() if value} == {
        "sim,live": 1,
        "sim,unknown": 1,
    }
    assert scrape.samples("feed_age_seconds") == {"sim": 2}
    assert scrape.samples("feed_connections") == {"sim": 1}
    assert scrape.samples("updates_received_total") == {"quotes,sim": 7}
    assert scrape.samples("feed_reconnects_total") == {"sim,silent": 1}
    assert scrape.samples("feed_decode_errors_total") == {"sim,json": 4}
    assert scrape.samples("feed_clock_ahead_total") == {"sim": 5}
    assert scrape.samples("feed_received_bytes_total") == {"sim": 600}


def test_process_and_garbage_collection_are_there_too(scrape: Scrape) -> None:
    names = {family.name for family in text_string_to_metric_families(scrape.text())}
    assert {"process_resident_memory_bytes", "python_gc_collections", "python_info"} <= names


def test_the_format_is_the_one_that_is_asked_for(scrape: Scrape) -> None:
    assert not scrape.text().endswith("# EOF\n")
    assert scrape.text("application/openmetrics-text; version=1.0.0").endswith("# EOF\n")


def test_a_second_service_in_the_process_has_its_own(scrape: Scrape) -> None:
    scrape.stage.hub.counts.connections["websocket"] += 1
    assert Scrape().samples("client_connections_total") == {}


def test_no_label_names_a_symbol_or_a_client(scrape: Scrape) -> None:
    peer = scrape.stage.connect()
    peer.subscribe("quotes", "*")
    scrape.stage.quote("sim:A")
    assert "sim:A" not in scrape.text()
    assert peer.client.name not in scrape.text()


def test_promtool_is_content(scrape: Scrape) -> None:
    promtool = program("promtool", "prometheus")
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=scrape.text(), capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
