"""How topics reach a client: trades since a time, more of the past than fits in a slice, and new symbols."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog.testing

from feeds.market import Gap, Instrument
from feeds.timestamps import SECOND, rfc3339
from tests.ticker.fakes import START, Message, brief
from tests.ticker.stage import Peer, Stage, quote, trade
from ticker import joining
from ticker.clients import Joining, Options, Step
from ticker.history import Retention
from ticker.requests import Limits

SYMBOLS = ("x:A", "x:B", "y:A")


@pytest.fixture
def stage() -> Stage:
    return Stage(*SYMBOLS)


@pytest.fixture
def peer(stage: Stage) -> Peer:
    return stage.connect()


def trades(stage: Stage, *symbols: str) -> None:
    """A trade of each, a second after the one before; the price is its place."""
    for symbol in symbols:
        stage.clock.advance(1)
        stage.trade(symbol, str(stage.retention.place))


def told(found: list[Message]) -> list[str]:
    """Trades by their price, `s` where they come from what is retained, and gaps."""
    return [
        f"{m['reason']} {m['symbol']}" if m["type"] == "gap" else m["price"] + "s" * m.get("snapshot", False)
        for m in found
        if m["type"] in ("trade", "gap")
    ]


def gaps(found: list[Message]) -> list[tuple[Any, ...]]:
    """What gaps say is missing."""
    fields = ("symbol", "from_seq", "to_seq", "missed", "reason", "received")
    return [tuple(m[field] for field in fields) for m in found if m["type"] == "gap"]


def at(second: int) -> str:
    """So many seconds after the start."""
    return rfc3339(START + second * SECOND)


class TestSince:
    """All trades since a time, and then the live ones."""

    def test_they_are_merged_in_publish_order_and_go_on_live(self, stage: Stage, peer: Peer) -> None:
        trades(stage, "x:A", "x:B", "x:A", "y:A", "x:B")
        found = peer.subscribe("trades", "x:A", "x:B", since=at(2))
        assert brief(found) == ["ack", "status 2s", "status 2s", "trade 1s", "trade 2s", "trade 2s", "synced"]
        assert told(found) == ["1s", "2s", "4s"]
        trades(stage, "x:A", "y:A", "x:B")
        assert told(peer.sink.news()) == ["5", "7"]
        assert stage.hub.counts.resumes == {"complete": 1, "retention": 0, "restart": 0}

    def test_what_came_at_that_very_time_is_repeated(self, stage: Stage, peer: Peer) -> None:
        for price in "123":
            stage.trade("x:A", price)
        assert told(peer.subscribe("trades", "x:A", since=at(0))) == ["1s", "2s", "3s"]

    def test_patterns_are_resumed_too(self, stage: Stage, peer: Peer) -> None:
        trades(stage, "x:A", "y:A", "x:B")
        assert told(peer.subscribe("trades", "x:*", since=at(0))) == ["0s", "2s"]

    def test_gaps_of_the_venues_stand_in_their_place(self, stage: Stage, peer: Peer) -> None:
        trades(stage, "x:A", "x:B")
        stage.pipeline.receive(Gap("x:A", stage.clock(), 3))
        trades(stage, "x:A")
        assert told(peer.subscribe("trades", "*", since=at(0))) == ["0s", "1s", "feed x:A", "3s"]
        assert stage.hub.counts.resumes["complete"] == 1

    def test_who_has_missed_nothing_is_told_nothing(self, stage: Stage, peer: Peer) -> None:
        trades(stage, "x:A")
        stage.clock.advance(5)
        assert told(peer.subscribe("trades", "*", since=at(3))) == []
        trades(stage, "x:A")
        assert told(peer.sink.news()) == ["1"]

    def test_what_was_live_is_told_again_from_there_and_goes_on_behind_it(self, stage: Stage, peer: Peer) -> None:
        peer.subscribe("trades", "*")
        trades(stage, "x:A", "x:B", "x:A")
        assert told(peer.sink.news()) == ["0", "1", "2"]
        assert told(peer.subscribe("trades", "x:A", since=at(2))) == ["2s"]
        trades(stage, "x:A", "x:B")
        assert told(peer.sink.news()) == ["3", "4"]

    @pytest.mark.parametrize("asked", [{"since": at(1)}, {"snapshot": 5}])
    def test_what_was_live_does_not_get_ahead_meanwhile(
        self, stage: Stage, peer: Peer, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(joining, "STEPS", 2)
        peer.subscribe("trades", "x:A")
        trades(stage, *["x:A"] * 5)
        peer.sink.news()
        request = {"op": "subscribe", "channel": "trades", "symbols": ["x:A"], **asked}
        peer.session.receive(json.dumps(request).encode())
        for _ in range(4):
            stage.schedule.turn()
        stage.trade("x:A", "5")
        assert told(peer.sink.news()) == ["0s", "1s", "2s", "3s", "4s", "5s"]
        stage.trade("x:A", "6")
        assert told(peer.sink.news()) == ["6"]

    def test_state_has_a_warning_and_its_current_value(self, stage: Stage, peer: Peer) -> None:
        stage.quote("x:A")
        ack, *rest = peer.subscribe("quotes", "x:A", since=at(0))
        assert ack["warnings"] == ["since does not apply to quotes: its current value comes"]
        assert brief(rest) == ["status 2s", "quote 1s", "synced"]


class TestSnapshots:
    """The newest trades of several symbols, for who has none yet."""

    def test_they_are_merged_in_publish_order(self, stage: Stage, peer: Peer) -> None:
        trades(stage, "x:A", "x:B", "x:A", "y:A", "x:B")
        found = peer.subscribe("trades", "x:B", "x:A", snapshot=2)
        assert brief(found)[:3] == ["ack", "status 2s", "status 2s"]
        assert told(found) == ["0s", "1s", "2s", "4s"]

    @pytest.mark.parametrize("snapshot", [0, 1])
    def test_none_gets_ahead_of_another_meanwhile(
        self, stage: Stage, snapshot: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(joining, "STEPS", 1)
        trades(stage, *SYMBOLS)
        peer = stage.connect()
        request = {"op": "subscribe", "channel": "trades", "symbols": ["*"], "snapshot": snapshot}
        peer.session.receive(json.dumps(request).encode())
        for _ in range(10):
            stage.schedule.turn()
            for symbol in SYMBOLS:
                stage.pipeline.receive(trade(symbol, stage.clock()))
        stage.schedule.settle()
        trades(stage, *SYMBOLS)
        told = [(m["seq"], SYMBOLS.index(m["symbol"])) for m in peer.sink.messages if m["type"] == "trade"]
        assert told == sorted(told)
        assert len(told) % len(SYMBOLS) == 0


class TestGaps:
    """What is not retained any more is told first."""

    def test_from_the_first_on_it_is_known_exactly(self) -> None:
        stage = Stage(*SYMBOLS, retention=Retention(START, trades_kept=2))
        trades(stage, *["x:A"] * 5)
        found = stage.connect().subscribe("trades", "x:A", since=at(1))
        assert gaps(found) == [("x:A", 1, 3, 3, "retention", at(3))]
        assert told(found) == ["retention x:A", "3s", "4s"]
        assert stage.hub.counts.resumes["retention"] == 1
        assert stage.fanout.counts.gaps["retention"] == 1
        assert stage.fanout.counts.lost["retention"] == 3

    def test_between_it_is_known_to_where(self) -> None:
        stage = Stage(*SYMBOLS, retention=Retention(START, trades_kept=2))
        trades(stage, *["x:A"] * 5)
        assert gaps(stage.connect().subscribe("trades", "x:A", since=at(2))) == [
            ("x:A", None, 3, None, "retention", at(3))
        ]

    def test_there_is_none_where_nothing_went_since(self) -> None:
        stage = Stage(*SYMBOLS, retention=Retention(START, trades_kept=2))
        trades(stage, *["x:A"] * 5)
        found = stage.connect().subscribe("trades", "*", since=at(4))
        assert told(found) == ["3s", "4s"]
        assert stage.hub.counts.resumes["complete"] == 1

    def test_gaps_of_the_venues_that_went_make_the_number_unknown(self) -> None:
        stage = Stage(*SYMBOLS, retention=Retention(START, trades_kept=1))
        trades(stage, "x:A")
        stage.pipeline.receive(Gap("x:A", stage.clock(), 7))
        trades(stage, "x:A", "x:A")
        assert gaps(stage.connect().subscribe("trades", "x:A", since=at(1))) == [
            ("x:A", 1, 2, None, "retention", at(2))
        ]

    def test_where_only_a_gap_of_the_venues_went_nothing_of_ours_is_named(self) -> None:
        stage = Stage(*SYMBOLS, retention=Retention(START, trades_kept=1))
        trades(stage, "x:A")
        stage.clock.advance(1)
        stage.pipeline.receive(Gap("x:A", stage.clock(), 7))
        trades(stage, "x:A")
        assert gaps(stage.connect().subscribe("trades", "x:A", since=at(2))) == [
            ("x:A", None, None, None, "retention", at(2))
        ]

    def test_the_gap_stands_where_its_newest_trade_was(self) -> None:
        stage = Stage(*SYMBOLS, retention=Retention(START, trades_kept=1))
        trades(stage, "x:A", "x:B", "x:A", "x:A", "y:A")
        found = stage.connect().subscribe("trades", "*", since=at(1))
        assert told(found) == ["1s", "retention x:A", "3s", "4s"]

    @pytest.mark.parametrize("since", [at(-1), "1970-01-01T00:00:00Z", at(10), "2999-12-31T23:59:59Z"])
    def test_another_run_has_one_for_each_symbol_and_then_all_that_is_retained(self, stage: Stage, since: str) -> None:
        trades(stage, "x:A", "x:B")
        found = stage.connect().subscribe("trades", "*", since=since)
        assert gaps(found) == [(symbol, None, None, None, "restart", rfc3339(START - 1)) for symbol in SYMBOLS]
        assert told(found)[3:] == ["0s", "1s"]
        assert stage.hub.counts.resumes["restart"] == 1
        assert stage.fanout.counts.gaps["restart"] == 3

    def test_who_is_cut_between_the_gaps_is_told_of_all_of_them(self, stage: Stage) -> None:
        """Of another run; the last one that it saw says where it goes on."""
        trades(stage, "x:A", "x:B")
        first = gaps(stage.connect().subscribe("trades", "*", since=at(-1)))[0]
        again = stage.connect().subscribe("trades", "*", since=first[-1])
        assert [symbol for symbol, *_ in gaps(again)] == list(SYMBOLS)

    def test_another_run_and_what_went_are_one_gap(self) -> None:
        stage = Stage(*SYMBOLS, retention=Retention(START, trades_kept=1))
        trades(stage, "x:A", "x:A", "x:A")
        found = stage.connect().subscribe("trades", "x:A", since=at(-1))
        assert gaps(found) == [("x:A", None, 2, None, "restart", at(2))]
        assert told(found)[1:] == ["2s"]

    def test_before_anything_was_traded_another_run_is_told_too(self, stage: Stage, peer: Peer) -> None:
        assert told(peer.subscribe("trades", "x:A", since=at(-1))) == ["restart x:A"]

    def test_a_client_that_takes_long_is_told_what_went_meanwhile(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(joining, "STEPS", 2)
        stage = Stage(*SYMBOLS, retention=Retention(START, trades_kept=5))
        trades(stage, *["x:A"] * 5)
        peer = stage.connect(high=500)
        peer.sink.stalled = True
        assert told(peer.subscribe("trades", "x:A", since=at(1))) == ["0s"]
        trades(stage, *["x:A"] * 4)
        peer.sink.drain()
        stage.schedule.run_for(1)
        found = peer.sink.news()
        assert gaps(found) == [("x:A", 2, 4, 3, "retention", at(4))]
        assert told(found) == ["retention x:A", "4s", "5s", "6s", "7s", "8s"]


class TestSlices:
    """However much it is, it goes as the client takes it."""

    @pytest.mark.parametrize("asked", [{"since": at(0)}, {"snapshot": 10_000}])
    def test_the_history_is_what_waits_for_a_slow_client(self, stage: Stage, asked: dict[str, Any]) -> None:
        for number in range(3_000):
            stage.pipeline.receive(trade(SYMBOLS[number % 2], stage.clock(), str(number)))
        peer = stage.connect(high=8_000)
        peer.sink.stalled = True
        peer.subscribe("trades", "x:A", "x:B", **asked)
        first = len(peer.sink.messages)
        assert first < 600
        assert peer.client.behind
        for number in range(3_000, 3_100):
            stage.pipeline.receive(trade(SYMBOLS[number % 2], stage.clock(), str(number)))
        assert (peer.client.pending, stage.fanout.slow.queued) == ([], 0)
        peer.sink.drain()
        stage.schedule.run_for(1)
        prices = [int(m["price"]) for m in peer.sink.messages if m["type"] == "trade"]
        assert (prices if "since" in asked else sorted(prices)) == list(range(3_100))
        assert brief(peer.sink.messages)[-1] == "synced"

    def test_what_was_chosen_is_all_that_comes(self, stage: Stage, peer: Peer) -> None:
        trades(stage, "x:A")
        [_, _, trade, _] = peer.subscribe("trades", "x:A", since=at(0), fields=["price"])
        assert set(trade) == {"type", "symbol", "seq", "time", "received", "epoch", "snapshot", "price"}

    def test_who_gives_up_meanwhile_is_told_to_the_end_and_then_nothing(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(joining, "STEPS", 2)
        trades(stage, "x:A", "x:A")
        peer = stage.connect()
        request = {"op": "subscribe", "channel": "trades", "symbols": ["x:A"], "since": at(0)}
        peer.session.receive(json.dumps(request).encode())
        stage.schedule.turn()
        found = peer.unsubscribe("trades")
        assert brief(found) == ["ack", "status 2s", "trade 1s", "trade 2s", "synced", "ack"]
        stage.trade("x:A")
        assert brief(peer.sink.news()) == []


class TestNewSymbols:
    """Patterns take in what comes later."""

    def appear(self, stage: Stage, *symbols: str) -> None:
        """Symbols that a changed configuration brings, each with a quote and a trade already."""
        instruments = [Instrument(symbol) for symbol in symbols]
        stage.pipeline.add_feed("more", instruments, [symbols], stage.clock())
        stage.hub.appeared([stage.directory[symbol] for symbol in symbols])
        for symbol in symbols:
            stage.pipeline.receive(quote(symbol, stage.clock()))
            stage.pipeline.receive(trade(symbol, stage.clock()))
        stage.schedule.settle()

    def test_they_come_from_their_first_trade_on_and_go_on_live(self, stage: Stage, peer: Peer) -> None:
        peer.subscribe("quotes", "x:*", "x:A")
        peer.subscribe("trades", "*", snapshot=False)
        self.appear(stage, "x:C", "z:A")
        found = peer.sink.news()
        assert [f"{word} {m['symbol']}" for word, m in zip(brief(found), found, strict=True)] == [
            *("status 2s x:C", "quote 1s x:C", "trade 1s x:C", "status 2s z:A", "trade 1s z:A"),
        ]
        for symbol in ("x:C", "z:A"):
            stage.quote(symbol)
            stage.trade(symbol)
        assert brief(peer.sink.news()) == ["quote 2", "trade 2", "trade 2"]

    def test_who_has_no_pattern_for_them_gets_none(self, stage: Stage, peer: Peer) -> None:
        other = stage.connect()
        peer.subscribe("quotes", "x:A")
        other.subscribe("quotes", "y:*")
        self.appear(stage, "x:C")
        assert (peer.sink.news(), other.sink.news()) == ([], [])

    def test_who_has_gone_is_not_told(self, stage: Stage, peer: Peer) -> None:
        peer.subscribe("quotes", "*")
        peer.leave()
        self.appear(stage, "x:C")
        assert not peer.client.behind
        assert stage.hub.followers == {}

    def test_beyond_the_clients_limit_they_are_left_out_and_the_log_says_so_once(self) -> None:
        stage = Stage(*SYMBOLS, limits=Limits(symbols_per_client=4))
        peer = stage.connect()
        peer.subscribe("quotes", "*", max_rate=4, fields=["bid"])
        with structlog.testing.capture_logs() as logged:
            for symbols in (("x:C", "x:D", "x:E"), ("x:F",)):
                self.appear(stage, *symbols)
        assert [(entry["session"], entry["limit"]) for entry in logged] == [(peer.client.name, 4)]
        assert {topic.symbol for topic in peer.client.topics} == {*SYMBOLS, "x:C"}
        options = {topic.symbol: options for topic, options in peer.client.topics.items() if topic.channel == "quotes"}
        assert options["x:C"] == Options(4, frozenset({"bid"}))


def test_a_bug_costs_the_one_client(stage: Stage) -> None:
    def broken() -> Iterator[Step]:
        yield b""
        raise KeyError("a bug")

    peers = [stage.connect() for _ in range(2)]
    stage.fanout.join(peers[0].client, broken())
    stage.fanout.join(peers[1].client, [Joining(stage.directory["x:A"].status, Options(), True)])
    with structlog.testing.capture_logs() as logged:
        stage.schedule.settle()
    assert [entry["session"] for entry in logged] == [peers[0].client.name]
    assert (peers[0].sink.evicted, peers[0].client.behind) == (True, False)
    assert brief(peers[1].sink.news()) == ["status 1s"]
