"""How the feeds are."""

import pytest

from feeds.timestamps import SECOND, rfc3339
from tests.ticker.fakes import START
from tests.ticker.stage import FakeFeed, Stage
from ticker.bus import State
from ticker.status import feed_age_s, feed_report, feed_state, symbol_states


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ({}, "unknown"),
        ({"unknown": 3}, "unknown"),
        ({"unknown": 3, "live": 1}, "live"),
        ({"quiet": 3, "unknown": 1}, "quiet"),
        ({"quiet": 3, "live": 1, "stale": 1}, "live"),
        ({"stale": 1, "unknown": 1}, "stale"),
        ({"closed": 1, "unknown": 1}, "unknown"),
        ({"closed": 1}, "closed"),
        ({"live": 0, "quiet": 1}, "quiet"),
    ],
)
def test_a_feed_is_as_well_as_its_best_symbol(states: dict[State, int], state: State) -> None:
    assert feed_state(states, stale=False) == state


def test_a_feed_of_which_a_link_is_down_is_stale_however_its_symbols_are() -> None:
    assert feed_state({"live": 9}, stale=True) == "stale"


def test_symbols_by_state() -> None:
    stage, feed = Stage("sim:A", "sim:B", "sim:C"), FakeFeed("sim", "sim:A", "sim:B")
    stage.link("connected")
    stage.quote("sim:A")
    stage.quote("sim:C")
    assert symbol_states(feed, stage.watch) == {"live": 1, "unknown": 1}


def test_the_age_is_that_of_the_last_market_data() -> None:
    feed = FakeFeed("sim")
    assert feed_age_s(feed, START) is None
    feed.counts.last_data = START - SECOND // 2
    assert feed_age_s(feed, START) == 0.5


def test_a_feed_that_has_brought_nothing() -> None:
    stage, feed = Stage("sim:A"), FakeFeed("sim", "sim:A", links=2)
    assert feed_report(feed, stage.watch, START) == {
        "feed": "sim",
        "state": "unknown",
        "reason": "starting",
        "since": rfc3339(START),
        "connections": 0,
        "links": 2,
        "last_received": None,
        "age_s": None,
        "symbols": {"unknown": 1},
        "updates": {},
        "reconnects": {},
        "decode_errors": {},
        "unknown_messages": 0,
        "sequence_gaps": 0,
        "rejected_symbols": 0,
        "received_bytes": 0,
    }


def test_a_feed_that_works() -> None:
    stage, feed = Stage("sim:A"), FakeFeed("sim", "sim:A")
    stage.link("connected")
    stage.quote("sim:A")
    feed.counts.connections = 1
    feed.counts.updates["quotes"] = 7
    feed.counts.reconnects["dropped"] = 2
    feed.counts.decode_errors["json"] = 3
    feed.counts.last_data = START
    report = feed_report(feed, stage.watch, START + SECOND // 3)
    assert (report["state"], report["connections"], report["age_s"]) == ("live", 1, 0.333)
    assert report["last_received"] == "2026-08-09T21:05:48.000000000Z"
    assert (report["updates"], report["reconnects"], report["decode_errors"]) == (
        {"quotes": 7},
        {"dropped": 2},
        {"json": 3},
    )


def test_a_feed_that_went_says_since_when_and_why() -> None:
    stage, feed = Stage("sim:A"), FakeFeed("sim", "sim:A")
    stage.link("connected")
    stage.quote("sim:A")
    stage.link("silent")
    report = feed_report(feed, stage.watch, START)
    assert (report["state"], report["reason"], report["since"]) == ("stale", "feed_silent", rfc3339(stage.clock()))
