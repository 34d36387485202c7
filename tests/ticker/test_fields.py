"""The choice of fields: what is taken, how many choices there may be, and that each client gets its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.market import Gap
from tests.ticker.fakes import Message, messages
from tests.ticker.stage import Peer, Stage
from ticker import frames
from ticker.bus import CHANNELS, ChannelName
from ticker.errors import RequestError
from ticker.fields import PAYLOAD, FieldSets, in_order, parse_fields
from ticker.messages import ALWAYS

BID, ASK, PRICES = (frozenset(names) for names in (["bid"], ["ask"], ["bid", "ask"]))
HEAD = {"type", "symbol", "seq", "time", "received"}


@pytest.fixture
def stage() -> Stage:
    stage = Stage("x:A", "x:B")
    for symbol in ("x:A", "x:B"):
        stage.quote(symbol)
        stage.trade(symbol)
        stage.stats(symbol)
    return stage


@pytest.fixture
def peer(stage: Stage) -> Peer:
    return stage.connect()


def payloads(found: list[Message]) -> list[list[str]]:
    """Of each message of data its payload's fields."""
    return [sorted(set(m) - HEAD - {"snapshot", "epoch"}) for m in found if "seq" in m and m["type"] != "status"]


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_fields_to_choose_from_are_those_of_the_messages(stage: Stage, channel: ChannelName) -> None:
    topic = stage.directory["x:A"].topic(channel, "1m" if channel == "bars" else None)
    assert topic is not None
    [message] = messages(frames.snapshot(topic))
    of_bars_alone = set() if channel == "bars" else {"interval", "start", "closed"}
    assert set(message) == {*PAYLOAD[channel], *ALWAYS} - of_bars_alone
    assert in_order(frozenset(PAYLOAD[channel]), channel) == [name for name in message if name in PAYLOAD[channel]]


@given(st.sampled_from(CHANNELS), st.data())
def test_any_choice_is_taken_without_what_is_always_there(channel: ChannelName, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from((*PAYLOAD[channel], *ALWAYS)), min_size=1))
    fields = parse_fields(names, channel)
    wanted = [name for name in PAYLOAD[channel] if name in names]
    assert in_order(fields, channel) == (None if len(wanted) == len(PAYLOAD[channel]) else wanted)


class TestHowMany:
    """So many different choices in the whole service."""

    def test_one_too_many_is_refused_and_one_that_is_there_is_not(self) -> None:
        sets = FieldSets(2)
        for fields in (BID, ASK, BID, None):
            sets.check(fields)
            sets.take(fields)
        sets.check(ASK)
        with pytest.raises(RequestError, match="2 different sets of fields") as refused:
            sets.check(PRICES)
        assert refused.value.code == 429
        sets.give_up(BID)
        with pytest.raises(RequestError):
            sets.check(PRICES)
        sets.give_up(BID)
        sets.check(PRICES)
        assert len(sets) == 1

    def test_all_clients_share_the_number_and_what_goes_makes_room(self) -> None:
        stage = Stage("x:A", field_sets=1)
        peer, other = stage.connect(), stage.connect()
        peer.subscribe("quotes", "x:A", "*", fields=["bid"])
        assert other.subscribe("ticker", "x:A", fields=["bid"])[0]["type"] == "ack"
        [error] = other.subscribe("quotes", "x:A", fields=["ask"])
        assert error["code"] == 429
        assert other.say({"op": "list"})[0]["subscriptions"][0]["channel"] == "ticker"
        other.subscribe("ticker", "x:A")
        peer.unsubscribe("quotes", "*")
        assert other.subscribe("quotes", "x:A", fields=["ask"])[0]["type"] == "error"
        peer.leave()
        assert other.subscribe("quotes", "x:A", fields=["ask"])[0]["type"] == "ack"
        other.leave()
        assert len(stage.hub.field_sets) == 0


class TestDelivery:
    """Each client gets the fields that it chose, however it comes by them."""

    def test_ack_and_list_tell_them_in_the_messages_order(self, peer: Peer) -> None:
        assert peer.subscribe("quotes", "x:A", fields=["ask", "bid"])[0]["fields"] == ["bid", "ask"]
        assert peer.subscribe("quotes", "x:B", fields=["seq"])[0]["fields"] == []
        assert peer.subscribe("stats", "x:B", fields=None)[0]["fields"] is None
        listed = peer.say({"op": "list"})[0]["subscriptions"]
        assert [(held["symbols"], held["fields"]) for held in listed] == [
            (["x:A"], ["bid", "ask"]),
            (["x:B"], []),
            (["x:B"], None),
        ]

    def test_in_snapshots_and_updates_and_what_is_always_there_stays(self, stage: Stage, peer: Peer) -> None:
        whole = stage.connect()
        whole.subscribe("quotes", "x:A")
        found = peer.subscribe("quotes", "x:A", fields=["bid"])
        stage.quote("x:A", "1.11")
        found += peer.sink.news()
        snapshot, update = (m for m in found if m["type"] == "quote")
        assert set(snapshot) == HEAD | {"bid", "snapshot", "epoch"}
        assert set(update) == HEAD | {"bid"}
        assert (update["bid"], update["seq"]) == ("1.11", 2)
        assert payloads(whole.sink.news())[-1] == sorted(PAYLOAD["quotes"])

    def test_the_status_that_comes_along_is_whole(self, stage: Stage, peer: Peer) -> None:
        status = peer.subscribe("quotes", "x:A", fields=["bid"])[1]
        assert set(PAYLOAD["status"]) <= set(status)
        assert "reason" not in peer.subscribe("status", "x:A", fields=["state"], snapshot=True)[1]
        stage.link("silent")
        assert "reason" not in peer.sink.news()[0]
        peer.unsubscribe("status")
        stage.link("connected")
        stage.quote("x:A")
        stage.stats("x:A")
        [status] = [m for m in peer.sink.news() if m["type"] == "status"]
        assert set(PAYLOAD["status"]) <= set(status)

    def test_an_update_is_encoded_once_for_each_choice(self, stage: Stage) -> None:
        choices = (None, ["bid"], ["bid"], ["ask"])
        peers = [stage.connect() for _ in choices]
        for peer, fields in zip(peers, choices, strict=True):
            peer.subscribe("quotes", "x:A", fields=fields)
            peer.sink.writes.clear()
        stage.quote("x:A")
        [whole], [bid], [same], [ask] = (peer.sink.writes for peer in peers)
        assert bid is same
        assert len({whole, bid, ask}) == 3

    def test_thinned_too(self, stage: Stage, peer: Peer) -> None:
        peer.subscribe("quotes", "x:A", fields=["bid"], max_rate=4)
        for bid in "123":
            stage.quote("x:A", bid)
        stage.schedule.run_for(1)
        found = peer.sink.news()
        assert payloads(found) == [["bid"], ["bid"]]
        assert found[-1]["bid"] == "3"

    def test_a_slow_client_gets_its_own(self, stage: Stage, peer: Peer) -> None:
        peer.subscribe("quotes", "x:A", fields=["ask"])
        peer.subscribe("trades", "x:A", fields=["price"])
        peer.sink.stalled, peer.sink.high = True, 0
        stage.quote("x:A")
        for bid in "123":
            stage.quote("x:A", bid)
            stage.trade("x:A", bid)
        peer.sink.news()
        peer.sink.drain()
        stage.schedule.run_for(0.1)
        found = peer.sink.news()
        assert sorted(payloads(found)) == [["ask"], ["price"], ["price"], ["price"]]
        assert [m["price"] for m in found if m["type"] == "trade"] == ["1", "2", "3"]

    def test_gaps_of_the_venues_reach_who_chose(self, stage: Stage, peer: Peer) -> None:
        peer.subscribe("trades", "x:A", fields=["price"])
        stage.pipeline.receive(Gap("x:A", stage.clock(), 3))
        stage.schedule.settle()
        assert [m["missed"] for m in peer.sink.news()] == [3]

    def test_the_deciding_subscriptions_hold_and_are_changed_in_place(self, stage: Stage, peer: Peer) -> None:
        def now() -> list[str]:
            stage.quote("x:A")
            [found] = payloads(peer.sink.news())
            return found

        peer.subscribe("quotes", "*", fields=["bid", "ask"])
        assert now() == ["ask", "bid"]
        assert payloads(peer.subscribe("quotes", "x:A", fields=["bid"], snapshot=False)) == []
        assert now() == ["bid"]
        peer.subscribe("quotes", "x:A", fields=["ask"])
        assert now() == ["ask"]
        peer.subscribe("quotes", "x:A")
        assert now() == sorted(PAYLOAD["quotes"])
        peer.unsubscribe("quotes", "x:A")
        assert now() == ["ask", "bid"]

    def test_a_value_that_waited_comes_with_the_new_ones(self, stage: Stage, peer: Peer) -> None:
        peer.subscribe("quotes", "x:A", fields=["bid"], max_rate=1)
        for bid in "12":
            stage.quote("x:A", bid)
        assert payloads(peer.sink.news()) == [["bid"]]
        assert payloads(peer.subscribe("quotes", "x:A", fields=["ask"], max_rate=1)) == [["ask"]]
