"""What one client holds: subscriptions, the topics they cover, and the status that comes along."""

from typing import Any

import pytest

from feeds.market import Gap
from tests.ticker.fakes import Message, brief
from tests.ticker.stage import Peer, Stage
from ticker.requests import PATTERNS_MOST, Limits

SYMBOLS = ("x:A", "x:B", "y:A")


@pytest.fixture
def stage() -> Stage:
    stage = Stage(*SYMBOLS)
    stage.link("connected")
    for symbol in SYMBOLS:
        stage.quote(symbol)
        stage.trade(symbol)
    return stage


@pytest.fixture
def peer(stage: Stage) -> Peer:
    return stage.connect()


def data(found: list[Message]) -> list[str]:
    """The messages between ack and synced."""
    return [f"{word} {m['symbol']}" for m, word in zip(found, brief(found), strict=True) if "symbol" in m]


def topics(peer: Peer) -> dict[str, float | None]:
    """What the client gets, and at which rate."""
    return {f"{topic.channel} {topic.symbol}": options.rate for topic, options in peer.client.topics.items()}


class TestStatus:
    """Each symbol's status comes along with any subscription."""

    def test_it_comes_before_the_data_and_once(self, peer: Peer) -> None:
        assert data(peer.subscribe("quotes", "x:A", "x:B")) == [
            *("status 3s x:A", "quote 1s x:A"),
            *("status 3s x:B", "quote 1s x:B"),
        ]
        assert data(peer.subscribe("ticker", "x:A")) == ["ticker 2s x:A"]

    def test_it_comes_however_little_is_wanted(self, peer: Peer) -> None:
        assert data(peer.subscribe("quotes", "x:A", snapshot=False)) == ["status 3s x:A"]
        assert data(peer.subscribe("stats", "y:A")) == ["status 3s y:A"]
        assert data(peer.subscribe("status", "x:B", snapshot=False)) == ["status 3s x:B"]
        assert data(peer.subscribe("status", "x:B", snapshot=False)) == []

    def test_it_changes_come_once_whatever_is_subscribed(self, stage: Stage, peer: Peer) -> None:
        peer.subscribe("quotes", "*")
        peer.subscribe("status", "*", "x:A")
        stage.link("silent")
        assert data(peer.sink.news()) == ["status 4 x:A", "status 4 x:B", "status 4 y:A"]

    def test_it_can_be_subscribed_to_alone(self, stage: Stage, peer: Peer) -> None:
        assert data(peer.subscribe("status", "x:*")) == ["status 3s x:A", "status 3s x:B"]
        stage.quote("x:A")
        assert data(peer.sink.news()) == []

    def test_it_goes_with_the_last_subscription_to_the_symbol(self, stage: Stage, peer: Peer) -> None:
        peer.subscribe("quotes", "x:A")
        peer.subscribe("trades", "x:A")
        peer.unsubscribe("quotes")
        assert topics(peer) == {"trades x:A": None, "status x:A": None}
        peer.unsubscribe("trades", "x:A")
        assert topics(peer) == {}

    def test_it_stays_if_it_is_subscribed_to_itself(self, peer: Peer) -> None:
        peer.subscribe("quotes", "x:A")
        peer.subscribe("status", "x:A")
        peer.unsubscribe("quotes")
        assert topics(peer) == {"status x:A": None}
        peer.subscribe("quotes", "x:A")
        peer.unsubscribe("status")
        assert topics(peer) == {"status x:A": None, "quotes x:A": None}


class TestSnapshots:
    """Which subscription starts with one."""

    def test_the_same_again_has_none_unless_it_asks(self, peer: Peer) -> None:
        peer.subscribe("quotes", "x:A")
        assert data(peer.subscribe("quotes", "x:A")) == []
        assert data(peer.subscribe("quotes", "x:A", snapshot=False)) == []
        assert data(peer.subscribe("quotes", "x:A", snapshot=True)) == ["quote 1s x:A"]

    def test_a_new_name_has_one_though_the_topic_is_live(self, peer: Peer) -> None:
        peer.subscribe("quotes", "*")
        assert data(peer.subscribe("quotes", "x:A")) == ["quote 1s x:A"]

    def test_of_trades_a_pattern_has_none_unless_it_asks(self, peer: Peer) -> None:
        assert data(peer.subscribe("trades", "x:*")) == ["status 3s x:A", "status 3s x:B"]
        assert data(peer.subscribe("trades", "x:*", snapshot=True)) == ["trade 1s x:A", "trade 1s x:B"]
        assert data(peer.subscribe("trades", "y:*", snapshot=True)) == ["status 3s y:A", "trade 1s y:A"]

    def test_of_trades_an_exact_name_has_one(self, peer: Peer) -> None:
        assert data(peer.subscribe("trades", "x:A")) == ["status 3s x:A", "trade 1s x:A"]

    @pytest.mark.parametrize(("wanted", "found"), [(2, ["4s", "5s"]), (50, None), (0, []), (False, []), (True, None)])
    def test_of_trades_it_is_the_newest_retained_oldest_first(self, wanted: Any, found: list[str] | None) -> None:
        stage = Stage("x:A", limits=Limits(snapshot_trades=3))
        for _ in range(5):
            stage.trade("x:A")
        told = brief(stage.connect().subscribe("trades", "x:A", snapshot=wanted))
        expected = {50: ["1s", "2s", "3s", "4s", "5s"], True: ["3s", "4s", "5s"]}.get(wanted, found)
        assert told == ["ack", "status 2s", *(f"trade {seq}" for seq in expected or ()), "synced"]

    def test_gaps_among_the_retained_trades_are_told_in_their_place(self, stage: Stage, peer: Peer) -> None:
        stage.pipeline.receive(Gap("x:A", stage.clock(), 3))
        stage.trade("x:A")
        assert data(peer.subscribe("trades", "x:A")) == [
            *("status 3s x:A", "trade 1s x:A", "gap x:A", "trade 2s x:A"),
        ]

    def test_one_of_two_names_in_a_request_is_enough(self, peer: Peer) -> None:
        assert data(peer.subscribe("trades", "x:*", "x:A")) == ["status 3s x:A", "status 3s x:B", "trade 1s x:A"]


class TestOverlaps:
    """A topic comes once, under the subscription that decides."""

    def test_it_comes_once_however_many_cover_it(self, stage: Stage, peer: Peer) -> None:
        for names in (["*"], ["x:*"], ["x:A", "*"]):
            peer.subscribe("quotes", *names)
        stage.quote("x:A")
        assert data(peer.sink.news()) == ["quote 2 x:A"]

    def test_the_exact_name_decides_then_the_newer_pattern(self, peer: Peer) -> None:
        peer.subscribe("ticker", "x:A")
        peer.subscribe("ticker", "*", max_rate=None)
        assert (topics(peer)["ticker x:A"], topics(peer)["ticker x:B"]) == (10, None)
        peer.subscribe("ticker", "x:*")
        assert (topics(peer)["ticker x:B"], topics(peer)["ticker y:A"]) == (10, None)

    def test_what_decides_newly_holds_for_the_next_update(self, stage: Stage, peer: Peer) -> None:
        peer.subscribe("ticker", "x:A", max_rate=None)
        peer.subscribe("ticker", "x:A")
        for _ in range(3):
            stage.quote("x:A")
        assert data(peer.sink.news()) == ["ticker 3 x:A"]
        stage.schedule.run_for(0.1)
        assert data(peer.sink.news()) == ["ticker 5 x:A"]

    def test_unsubscribing_falls_back_to_what_still_covers(self, stage: Stage, peer: Peer) -> None:
        peer.subscribe("ticker", "*", max_rate=None)
        peer.subscribe("ticker", "x:A")
        assert data(peer.unsubscribe("ticker", "x:A")) == []
        assert topics(peer)["ticker x:A"] is None
        for _ in range(2):
            stage.quote("x:A")
        assert data(peer.sink.news()) == ["ticker 3 x:A", "ticker 4 x:A"]

    def test_each_topic_has_the_rate_of_what_decides_over_it(self, peer: Peer) -> None:
        peer.subscribe("quotes", "*", max_rate=1)
        peer.subscribe("quotes", "x:*", max_rate=4)
        peer.subscribe("quotes", "x:A", max_rate=50)
        decided = [topics(peer)]
        peer.subscribe("quotes", "x:*", max_rate=20)
        for names in (["x:A"], ["x:*"]):
            decided.append(topics(peer))
            peer.unsubscribe("quotes", *names)
        decided.append(topics(peer))
        assert [[rates[f"quotes {symbol}"] for symbol in SYMBOLS] for rates in decided] == [
            [50, 4, 1],
            [50, 20, 1],
            [20, 20, 1],
            [1, 1, 1],
        ]

    def test_a_change_of_rate_sends_no_second_snapshot(self, stage: Stage, peer: Peer) -> None:
        assert data(peer.subscribe("quotes", "x:A", max_rate=4)) == ["status 3s x:A", "quote 1s x:A"]
        for rate in (20, None, 0.2):
            assert data(peer.subscribe("quotes", "x:A", max_rate=rate)) == []
        for _ in range(3):
            stage.quote("x:A")
        assert data(peer.sink.news()) == ["quote 2 x:A"]
        stage.schedule.run_for(7)
        assert data(peer.sink.news()) == ["quote 4 x:A"]

    def test_a_pattern_that_goes_leaves_what_an_exact_name_covers(self, stage: Stage, peer: Peer) -> None:
        peer.subscribe("quotes", "x:A")
        peer.subscribe("quotes", "*")
        peer.unsubscribe("quotes", "*")
        assert topics(peer) == {"quotes x:A": None, "status x:A": None}

    def test_unsubscribing_from_a_channel_leaves_the_others(self, peer: Peer) -> None:
        peer.subscribe("quotes", "x:A", "y:*")
        peer.subscribe("trades", "x:A")
        peer.unsubscribe("quotes")
        assert topics(peer) == {"trades x:A": None, "status x:A": None}


class TestLimits:
    """What a client may hold."""

    def refused(self, stage: Stage, *requests: tuple[str, list[str]]) -> str:
        """The reason of the last one's refusal; those before it are taken, and the last changes nothing."""
        peer = stage.connect()
        for channel, names in requests[:-1]:
            assert peer.subscribe(channel, *names)[0]["type"] == "ack"
        before: Any = topics(peer), peer.say({"op": "list"})
        [error] = peer.subscribe(requests[-1][0], *requests[-1][1])
        assert (error["type"], error["code"]) == ("error", 413)
        assert (topics(peer), peer.say({"op": "list"})) == before
        reason: str = error["reason"]
        return reason

    def test_a_pattern_that_matches_too_many_is_named(self) -> None:
        stage = Stage(*SYMBOLS, limits=Limits(symbols_per_client=2))
        assert self.refused(stage, ("quotes", ["x:A", "*"])) == "'*' matches 3 symbols; the limit is 2"

    def test_all_that_a_client_holds_counts_each_symbol_once(self) -> None:
        stage = Stage(*SYMBOLS, limits=Limits(symbols_per_client=2))
        taken = [("quotes", ["x:A"]), ("trades", ["x:*"]), ("ticker", ["x:B"])]
        assert self.refused(stage, *taken, ("quotes", ["y:A", "x:A"])) == (
            "1 more symbols and 2 held make 3; the limit is 2"
        )

    def test_patterns_are_counted_whether_they_match_or_not(self) -> None:
        stage = Stage(*SYMBOLS)
        most = [f"none:{n}*" for n in range(PATTERNS_MOST)]
        reason = f"{PATTERNS_MOST + 1} patterns in all; the limit is {PATTERNS_MOST}"
        assert self.refused(stage, ("quotes", most), ("quotes", most), ("trades", ["*", "x:A"])) == reason


class TestBooks:
    """What is told and counted of the subscriptions."""

    def test_the_list_groups_those_of_equal_channel_and_options(self, peer: Peer) -> None:
        peer.subscribe("ticker", "x:A", "*")
        peer.subscribe("quotes", "x:A")
        peer.subscribe("ticker", "x:B", max_rate=None)
        usual = {"interval": None, "fields": None}
        assert peer.say({"op": "list"})[0]["subscriptions"] == [
            {"channel": "ticker", "symbols": ["x:A", "*"], "max_rate": 10, **usual},
            {"channel": "quotes", "symbols": ["x:A"], "max_rate": None, **usual},
            {"channel": "ticker", "symbols": ["x:B"], "max_rate": None, **usual},
        ]

    def test_subscriptions_are_counted_as_long_as_they_are_held(self, stage: Stage, peer: Peer) -> None:
        counts = stage.hub.counts.subscriptions
        peer.subscribe("quotes", "x:A", "x:B", "*")
        peer.subscribe("quotes", "x:A")
        peer.subscribe("trades", "none:*")
        assert counts == {("quotes", "exact"): 2, ("quotes", "pattern"): 1, ("trades", "pattern"): 1}
        peer.unsubscribe("quotes", "x:A", "*")
        assert counts == {("quotes", "exact"): 1, ("quotes", "pattern"): 0, ("trades", "pattern"): 1}
        peer.leave()
        assert sum(counts.values()) == 0
