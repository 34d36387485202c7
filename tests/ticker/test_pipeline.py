"""What follows from a feed's event: the status first, the update, the ticker row."""

from typing import Any

import pytest
from msgspec.structs import replace

from feeds.market import Confirmed, Event, Gap, LinkState, Removed
from feeds.timestamps import SECOND
from tests.ticker.fakes import HeardBus
from tests.ticker.stage import EPOCH, Stage, quote, stats, trade
from ticker.bars import Bars
from ticker.bus import Status, Topic
from ticker.directory import Directory
from ticker.freshness import Watch
from ticker.history import Retention
from ticker.pipeline import Pipeline
from ticker.rows import Row


class Ear:
    """A listener that notes what it hears in words, and the ticker row as it is at that moment."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.rows: list[dict[str, Any]] = []

    def published(self, topic: Topic) -> None:
        value = topic.value
        self.heard.append(f"{topic} {value.state if type(value) is Status else ''}".strip())
        if type(value) is Row:
            self.rows.append(value.figures())

    def lost(self, topic: Topic, gap: Gap) -> None:
        self.heard.append(f"lost {topic} {gap.missed}")

    def news(self) -> list[str]:
        """What was heard since this was last asked for."""
        heard, self.heard = self.heard, []
        return heard


class Line:
    """A pipeline with an ear at its end."""

    def __init__(self) -> None:
        stage = Stage("x:A", "x:B")
        self.ear = Ear()
        self.now = stage.clock()
        self.directory, self.watch = Directory(), Watch(disconnected_s=1.5, quiet_s=lambda _: 60)
        bus = HeardBus(EPOCH, self.ear, Retention(self.now))
        self.pipeline = Pipeline(bus, self.directory, self.watch, Bars(bus, intervals=()))
        instruments = [market.instrument for market in stage.directory.all()]
        self.pipeline.add_feed("x", instruments, [("x:A", "x:B")], self.now)

    def receive(self, *events: Event) -> list[str]:
        for event in events:
            self.pipeline.receive(event)
        return self.ear.news()


@pytest.fixture
def line() -> Line:
    line = Line()
    line.pipeline.receive(LinkState("x", 0, "connected", line.now, ("x:A", "x:B")))
    line.ear.news()
    return line


def test_symbols_exist_as_unknown_from_the_start() -> None:
    line = Line()
    assert line.ear.news() == ["<status x:A #1> unknown", "<status x:B #1> unknown"]
    assert [market.feed for market in line.directory.all()] == ["x", "x"]


def test_the_status_comes_first_then_the_update_then_the_row(line: Line) -> None:
    assert line.receive(quote("x:A", line.now)) == ["<status x:A #3> live", "<quotes x:A #1>", "<ticker x:A #1>"]
    assert line.receive(trade("x:A", line.now)) == ["<trades x:A #1>", "<ticker x:A #2>"]
    assert line.receive(stats("x:A", line.now)) == ["<stats x:A #1>", "<ticker x:A #3>"]


def test_the_row_has_each_update_when_it_is_told(line: Line) -> None:
    line.receive(quote("x:A", line.now, "1.11"), trade("x:A", line.now, "1.13"), stats("x:A", line.now))
    assert [(row["bid"], row["last"], row["open_24h"]) for row in line.ear.rows] == [
        ("1.11", None, None),
        ("1.11", "1.13", None),
        ("1.11", "1.13", "1.00"),
    ]


def test_figures_that_did_not_change_are_not_published_again(line: Line) -> None:
    line.receive(stats("x:A", line.now))
    assert line.receive(replace(stats("x:A", line.now + 5), time="2026-08-09T21:05:49Z")) == []
    assert line.watch.symbols["x:A"].last == line.now + 5
    assert line.receive(stats("x:A", line.now, last="9")) == ["<stats x:A #2>", "<ticker x:A #2>"]
    assert line.receive(stats("x:B", line.now, last="9"))[1:] == ["<stats x:B #1>", "<ticker x:B #1>"]


def test_quotes_are_published_also_without_a_change(line: Line) -> None:
    line.receive(quote("x:A", line.now))
    assert line.receive(quote("x:A", line.now)) == ["<quotes x:A #2>", "<ticker x:A #2>"]


def test_lost_trades_are_told_and_the_row_does_not_show_an_old_price_as_the_last(line: Line) -> None:
    line.receive(trade("x:A", line.now), stats("x:A", line.now))
    assert line.receive(Gap("x:A", line.now + 1, 3)) == ["lost <trades x:A #1> 3", "<ticker x:A #3>"]
    assert (line.ear.rows[-1]["last"], line.ear.rows[-1]["last_time"]) == ("1.14", None)
    assert line.receive(Gap("x:A", line.now + 2, None)) == ["lost <trades x:A #1> None"]


def test_a_new_connection_may_have_missed_trades(line: Line) -> None:
    line.receive(trade("x:A", line.now))
    connected = LinkState("x", 0, "connected", line.now + 1, ("x:A", "x:B"))
    assert line.receive(connected) == ["<ticker x:A #2>"]
    assert line.ear.rows[-1]["last"] is None
    line.receive(trade("x:A", line.now))
    line.receive(LinkState("x", 0, "disconnected", line.now + 2, ("x:A", "x:B")))
    assert line.ear.rows[-1]["last"] == "1.15"


def test_links_and_time_change_states(line: Line) -> None:
    line.receive(quote("x:A", line.now))
    assert line.receive(LinkState("x", 0, "silent", line.now, ())) == [
        "<status x:A #4> stale",
        "<status x:B #3> unknown",
    ]
    line.receive(LinkState("x", 0, "connected", line.now, ()), quote("x:A", line.now), quote("x:B", line.now))
    line.receive(LinkState("x", 0, "disconnected", line.now, ()))
    line.pipeline.tick(line.now + SECOND)
    assert line.ear.news() == []
    line.pipeline.tick(line.now + 2 * SECOND)
    assert line.ear.news() == ["<status x:A #6> stale", "<status x:B #6> stale"]


def test_what_the_venue_repeats_is_not_published_but_noted(line: Line) -> None:
    line.receive(quote("x:A", line.now), quote("x:B", line.now), LinkState("x", 0, "silent", line.now, ()))
    line.receive(LinkState("x", 0, "connected", line.now + 1, ()))
    assert line.receive(Confirmed("x:A", line.now + 2, "quotes")) == []
    line.receive(quote("x:B", line.now + 3))
    line.pipeline.tick(line.now + 4)
    assert line.ear.news() == ["<status x:A #5> quiet"]


def test_a_removed_symbol_is_closed_and_told_so_once(line: Line) -> None:
    assert line.receive(Removed("x:A", line.now)) == ["<status x:A #3> closed"]
    assert line.receive(Removed("x:A", line.now)) == []
    value = line.directory["x:A"].status.value
    assert isinstance(value, Status)
    assert (value.reason, value.since, value.last_received) == ("removed", line.now, None)
