"""Bars from the feed's updates to the clients: what is told, when, and to whom."""

from typing import Any

import pytest

from tests.ticker.fakes import Message, brief
from tests.ticker.stage import Peer, Stage, quote
from ticker import frames
from ticker.bars import AT_ONCE


@pytest.fixture
def stage() -> Stage:
    """At 21:05:48 UTC."""
    stage = Stage("x:A", "x:B")
    stage.link("connected")
    return stage


@pytest.fixture
def peer(stage: Stage) -> Peer:
    return stage.connect()


def bars(found: list[Message]) -> list[tuple[Any, ...]]:
    """Of each bar: seq, minutes and seconds of its start, its prices, volume and number of trades, and its marks."""
    return [
        (
            m["seq"],
            m["start"][14:19],
            "{open} {high} {low} {close}".format(**m),
            m["volume"],
            m["trades"],
            *(mark for mark in ("closed", "snapshot") if m.get(mark)),
        )
        for m in found
        if m["type"] == "bar"
    ]


def test_a_bar_is_told_with_each_trade_and_closed_by_the_clock(stage: Stage, peer: Peer) -> None:
    peer.subscribe("bars", "x:A", interval="1m")
    for price in ("3", "5", "4"):
        stage.trade("x:A", price)
    assert bars(peer.sink.news()) == [
        (1, "05:00", "3 3 3 3", "0.30", 1),
        (2, "05:00", "3 5 3 5", "0.60", 2),
        (3, "05:00", "3 5 3 4", "0.90", 3),
    ]
    stage.clock.advance(12)
    stage.close_bars()
    [closed] = peer.sink.news()
    assert closed == {
        "type": "bar",
        "symbol": "x:A",
        "seq": 4,
        "time": "2026-08-09T21:05:47.95Z",
        "received": "2026-08-09T21:06:00.000000000Z",
        "interval": "1m",
        "start": "2026-08-09T21:05:00Z",
        "open": "3",
        "high": "5",
        "low": "3",
        "close": "4",
        "volume": "0.90",
        "trades": 3,
        "closed": True,
    }
    stage.clock.advance(600)
    stage.close_bars()
    assert bars(peer.sink.news()) == []


def test_the_closed_bar_is_told_before_the_first_of_the_next(stage: Stage, peer: Peer) -> None:
    peer.subscribe("bars", "x:A", interval="1m")
    stage.trade("x:A", "3")
    stage.clock.advance(12)
    stage.trade("x:A", "4", age_s=0)
    assert bars(peer.sink.news())[1:] == [
        (2, "05:00", "3 3 3 3", "0.30", 1, "closed"),
        (3, "06:00", "4 4 4 4", "0.30", 1),
    ]


def test_a_corrected_bar_is_told_again_and_the_open_one_stays_the_newest(stage: Stage, peer: Peer) -> None:
    peer.subscribe("bars", "x:A", interval="1m")
    stage.trade("x:A", "3")
    stage.clock.advance(12)
    stage.trade("x:A", "4", age_s=0)
    stage.clock.advance(2)
    stage.trade("x:A", "9", age_s=5)
    assert bars(peer.sink.news())[3:] == [
        (4, "05:00", "3 9 3 9", "0.60", 2, "closed"),
        (5, "06:00", "4 4 4 4", "0.30", 1),
    ]
    assert bars(peer.subscribe("bars", "x:A", interval="1m", snapshot=True)) == [
        (5, "06:00", "4 4 4 4", "0.30", 1, "snapshot")
    ]


def test_a_trade_that_is_too_late_for_every_bar_is_told_as_a_trade_alone(stage: Stage, peer: Peer) -> None:
    peer.subscribe("bars", "*", interval="1m")
    peer.subscribe("trades", "*")
    stage.trade("x:A", age_s=2 * 86_400)
    assert brief(peer.sink.news())[-1:] == ["trade 1"]
    assert stage.bars.late == {"corrected": 0, "dropped": 1}


class TestSnapshots:
    """What comes at first: the open bar, or as many as are asked for."""

    @pytest.fixture
    def stage(self, stage: Stage) -> Stage:
        for price in ("1", "2", "3", "4"):
            stage.trade("x:A", price, age_s=0)
            stage.clock.advance(60)
        return stage

    def test_the_open_one(self, stage: Stage, peer: Peer) -> None:
        assert bars(peer.subscribe("bars", "*", interval="1m")) == [(7, "08:00", "4 4 4 4", "0.30", 1, "snapshot")]

    def test_the_newest_ones_oldest_first_and_the_open_one_last(self, stage: Stage, peer: Peer) -> None:
        found = peer.subscribe("bars", "x:A", interval="1m", snapshot=3)
        assert bars(found) == [
            (4, "06:00", "2 2 2 2", "0.30", 1, "closed", "snapshot"),
            (6, "07:00", "3 3 3 3", "0.30", 1, "closed", "snapshot"),
            (7, "08:00", "4 4 4 4", "0.30", 1, "snapshot"),
        ]
        assert {m["epoch"] for m in found if m["type"] == "bar"} == {"m2x8"}
        assert len(bars(peer.subscribe("bars", "x:A", interval="1m", snapshot=1_000))) == 4

    def test_the_last_closed_one_where_none_is_open(self, stage: Stage, peer: Peer) -> None:
        stage.close_bars()
        assert bars(peer.subscribe("bars", "x:A", interval="1m")) == [
            (8, "08:00", "4 4 4 4", "0.30", 1, "closed", "snapshot")
        ]
        assert len(bars(peer.subscribe("bars", "x:A", interval="1m", snapshot=2))) == 2
        assert bars(peer.subscribe("bars", "x:A", interval="1m", snapshot=False)) == []

    def test_each_interval_has_its_own(self, stage: Stage, peer: Peer) -> None:
        found = bars(peer.subscribe("bars", "x:A", interval="5m"))
        assert found == [(4, "05:00", "1 4 1 4", "1.20", 4, "snapshot")]


class TestSubscriptions:
    """A subscription to bars is one to an interval."""

    def test_the_reply_names_it(self, stage: Stage, peer: Peer) -> None:
        ack = peer.subscribe("bars", "x:A", "x:NOPE", interval="5m", max_rate=4)[0]
        assert (ack["channel"], ack["interval"], ack["symbols"], ack["max_rate"]) == ("bars", "5m", ["x:A"], 4)
        assert [rejected["symbol"] for rejected in ack["rejected"]] == ["x:NOPE"]
        peer.subscribe("bars", "x:*", interval="1m")
        [listed] = peer.say({"op": "list"})
        assert [(s["interval"], s["symbols"], s["max_rate"]) for s in listed["subscriptions"]] == [
            ("5m", ["x:A"], 4),
            ("1m", ["x:*"], None),
        ]

    def test_one_interval_ends_without_the_other(self, stage: Stage, peer: Peer) -> None:
        for interval in ("1m", "5m"):
            peer.subscribe("bars", "x:A", interval=interval)
        ack = peer.say({"op": "unsubscribe", "channel": "bars", "symbols": ["x:A"], "interval": "1m"})[0]
        assert (ack["interval"], ack["symbols"]) == ("1m", ["x:A"])
        stage.trade("x:A")
        assert [m["interval"] for m in peer.sink.news() if m["type"] == "bar"] == ["5m"]

    def test_without_an_interval_all_end(self, stage: Stage, peer: Peer) -> None:
        for interval in ("1m", "5m"):
            peer.subscribe("bars", "x:*", interval=interval)
        peer.subscribe("bars", "x:A", interval="1h")
        assert peer.unsubscribe("bars", "x:*")[0]["symbols"] == ["x:*"]
        stage.trade("x:A")
        assert [m["interval"] for m in peer.sink.news() if m["type"] == "bar"] == ["1h"]
        assert peer.unsubscribe("bars")[0]["symbols"] == ["x:A"]
        assert peer.client.topics == {}
        assert stage.hub.counts.subscriptions == {("bars", "exact"): 0, ("bars", "pattern"): 0}

    def test_a_symbol_without_trades_has_none(self) -> None:
        stage = Stage("x:A", channels=("quotes", "stats"))
        [rejected] = stage.connect().subscribe("bars", "x:A", interval="1m")[0]["rejected"]
        assert rejected["reason"] == "x:A has no bars; it has ticker, quotes, stats, status"

    def test_bars_that_are_switched_off_cost_nothing(self) -> None:
        stage = Stage("x:A", intervals=())
        stage.trade("x:A")
        assert stage.directory["x:A"].channels == ["ticker", "quotes", "trades", "stats", "status"]
        assert stage.directory["x:A"].made is None


class TestFromQuotes:
    """Where the venue sends no trades."""

    @pytest.fixture
    def stage(self) -> Stage:
        return Stage("fx:A", "x:B", bars={"from_quotes": ["fx:*"]})

    def test_they_are_of_the_middle_with_one_digit_more_and_no_volume(self, stage: Stage, peer: Peer) -> None:
        peer.subscribe("bars", "*", interval="1m")
        for bid in ("1.10", "1.1345", "1.1"):  # the ask is 1.20
            stage.quote("fx:A", bid)
        stage.quote("x:B")
        stage.trade("fx:A", "9")
        assert bars(peer.sink.news()) == [
            (1, "05:00", "1.150 1.150 1.150 1.150", None, None),
            (2, "05:00", "1.150 1.16725 1.150 1.16725", None, None),
            (3, "05:00", "1.150 1.16725 1.150 1.150", None, None),
        ]

    def test_a_quote_of_one_side_has_no_middle(self, stage: Stage, peer: Peer) -> None:
        peer.subscribe("bars", "fx:A", interval="1m")
        whole = quote("fx:A", stage.clock())
        stage.pipeline.receive(type(whole)("fx:A", whole.received, None, None, None, "1.20", "7"))
        assert bars(peer.sink.news()) == []


class TestThinned:
    """At a rate, the open bar comes less often. The closed one comes at once, and is never replaced."""

    def test_the_end_goes_at_once_in_place_of_what_waits(self, stage: Stage, peer: Peer) -> None:
        peer.subscribe("bars", "x:A", interval="1m", max_rate=0.2)
        for price in ("3", "4", "5"):
            stage.trade("x:A", price)
        assert [seq for seq, *_ in bars(peer.sink.news())] == [1]
        stage.clock.advance(12)
        stage.trade("x:A", "6", age_s=0)
        assert bars(peer.sink.news()) == [
            (4, "05:00", "3 5 3 5", "0.90", 3, "closed"),
            (5, "06:00", "6 6 6 6", "0.30", 1),
        ]
        assert stage.fanout.counts.conflated == {("bars", "rate"): 2}
        stage.schedule.run_for(10)
        assert bars(peer.sink.news()) == []

    def test_the_next_one_keeps_to_the_rate(self, stage: Stage, peer: Peer) -> None:
        peer.subscribe("bars", "x:A", interval="1m", max_rate=0.2)
        stage.clock.advance(11)
        stage.trade("x:A", "3", age_s=0)
        stage.clock.advance(1)
        stage.trade("x:A", "4", age_s=0)
        assert [seq for seq, *_ in bars(peer.sink.news())] == [1, 2]
        stage.schedule.run_for(6.25)
        assert bars(peer.sink.news()) == [(3, "06:00", "4 4 4 4", "0.30", 1)]


class TestSlow:
    """A client that does not read finds each closed bar when it does, up to a bound."""

    def test_closed_bars_are_told_before_the_open_one(self) -> None:
        stage = Stage("x:A", intervals=("1s",))
        peer = stage.connect()
        peer.subscribe("bars", "x:A", interval="1s")
        peer.sink.stalled, peer.sink.high = True, 0
        stage.trade("x:A", "1", age_s=0)
        peer.sink.news()
        for price in ("2", "3", "4"):
            stage.clock.advance(1)
            stage.trade("x:A", price, age_s=0)
            stage.trade("x:A", price, age_s=0)
        peer.sink.drain()
        stage.schedule.run_for(0.02)
        assert bars(peer.sink.news()) == [
            (2, "05:48", "1 1 1 1", "0.30", 1, "closed"),
            (5, "05:49", "2 2 2 2", "0.60", 2, "closed"),
            (8, "05:50", "3 3 3 3", "0.60", 2, "closed"),
            (10, "05:51", "4 4 4 4", "0.60", 2),
        ]

    @pytest.mark.parametrize("symbols", [1, 3])
    def test_beyond_the_bound_the_oldest_go_but_never_the_newest_value(self, symbols: int) -> None:
        names = tuple(f"x:{number}" for number in range(symbols))
        stage = Stage(*names, slow_queue_messages=2, intervals=("1s",))
        stage.link("connected")
        peer = stage.connect()
        peer.subscribe("bars", "*", interval="1s")
        peer.sink.stalled, peer.sink.high = True, 0
        for name in names:
            stage.trade(name, "1", age_s=0)
        peer.sink.news()
        for _ in range(4 - symbols):
            stage.clock.advance(1)
            stage.close_bars()
            for name in names:
                stage.trade(name, "2", age_s=0)
        stage.clock.advance(1)
        stage.close_bars()
        peer.sink.drain()
        stage.schedule.run_for(0.02)
        found = [m for m in peer.sink.news() if m["type"] == "bar"]
        newest = {name: stage.directory[name].bars["1s"].seq for name in names}
        assert {m["symbol"]: m["seq"] for m in found} == newest
        assert len(found) == max(2, symbols)
        assert all(m["closed"] for m in found)


def test_many_bars_are_closed_in_portions(stage: Stage) -> None:
    stage = Stage(*(f"x:{number}" for number in range(AT_ONCE)))
    for name in stage.symbols:
        stage.trade(name)
    now = stage.clock.advance(86_400)
    assert [stage.bars.tick(now) for _ in range(5)] == [True, True, True, True, False]
    topics = [topic for market in stage.directory.all() for topic in market.bars.values()]
    assert all(frames.update(topic).endswith(b'"closed":true}') for topic in topics)


def test_open_bars_that_nobody_gets_are_published_by_the_timer_alone() -> None:
    stage = Stage("x:A")
    topic = stage.directory["x:A"].bars["1m"]
    for _ in range(5):
        stage.trade("x:A")
    assert topic.seq == 1
    stage.close_bars()
    stage.close_bars()
    assert topic.seq == 2
    peer = stage.connect()
    assert bars(peer.subscribe("bars", "x:A", interval="1m")) == [
        (2, "05:00", "1.15 1.15 1.15 1.15", "1.50", 5, "snapshot")
    ]
    stage.trade("x:A")
    assert [seq for seq, *_ in bars(peer.sink.news())] == [3]


def test_what_is_told_later_was_never_received_earlier(stage: Stage, peer: Peer) -> None:
    for interval in ("1m", "5m"):
        peer.subscribe("bars", "x:A", interval=interval)
    peer.subscribe("trades", "*")
    stage.trade("x:A", age_s=0)
    stage.clock.advance(12)
    stage.close_bars()
    stage.trade("x:A", age_s=0)
    stage.trade("x:B", age_s=0)
    stage.clock.advance(1)
    stage.trade("x:A", age_s=2)
    received = [m["received"] for m in peer.sink.news() if m["type"] in ("bar", "trade")]
    assert len(received) == 3 + 1 + 3 + 1 + 4
    assert received == sorted(received)
