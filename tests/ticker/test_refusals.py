"""A refused request changes nothing: every code that there is, and whatever was asked before."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ticker.fakes import brief
from tests.ticker.stage import Peer, Stage
from ticker.requests import Limits

SYMBOLS = ("x:A", "x:B", "y:A")
NARROW = Limits(symbols_per_client=2, symbols_per_request=3, requests_burst=10**9)


def subscribe(channel: str = "quotes", *symbols: str, **options: Any) -> dict[str, Any]:
    """A subscribe request."""
    return {"op": "subscribe", "channel": channel, "symbols": symbols or ("x:A",), **options}


REFUSED: list[tuple[int, dict[str, Any]]] = [
    (400, subscribe(snapshot=-1)),
    (400, subscribe("trades", since="yesterday")),
    (400, subscribe(fields=["bidd"])),
    (400, subscribe(fields=[])),
    (400, subscribe(max_rate=0)),
    (400, {"op": "subscribe", "channel": "quotes"}),
    (400, {"op": "unsubscribe", "channel": "quotes", "symbols": []}),
    (404, subscribe("quote")),
    (404, {"op": "unsubscribe", "channel": "stats", "symbols": ["y:A"]}),
    (405, {"op": "subscribe_all"}),
    (413, subscribe("quotes", "*")),
    (413, subscribe("trades", "x:A", "x:B", "y:A", since="2026-08-09T21:05:48Z")),
    (413, subscribe("quotes", "x:A", "x:B", "y:A", "y:B")),
    (429, subscribe(fields=["ask"])),
    (429, subscribe("stats", "x:B", fields=["last"], max_rate=4)),
]


def held(stage: Stage, peer: Peer) -> Any:
    """All that a request can change."""
    topics = {repr(topic): options for topic, options in peer.client.topics.items()}
    counts = stage.hub.counts
    return (
        topics,
        peer.say({"op": "list"})[0]["subscriptions"],
        +counts.subscriptions,
        dict(counts.resumes),
        dict(stage.fanout.counts.gaps),
        len(stage.hub.field_sets),
        sorted(map(repr, stage.fanout.topics)),
        peer.client.behind,
    )


good = st.builds(
    lambda channel, symbol, options: subscribe(channel, symbol, **options),
    st.sampled_from(("quotes", "trades", "ticker", "status")),
    st.sampled_from(("x:A", "x:B", "x:*")),
    st.sampled_from(({}, {"max_rate": 4}, {"fields": None}, {"snapshot": 2})),
)
let_go = st.builds(
    lambda channel: {"op": "unsubscribe", "channel": channel}, st.sampled_from(("quotes", "trades", "ticker"))
)


@given(st.lists(st.one_of(good, good, let_go), max_size=6), st.sampled_from(REFUSED))
def test_a_refused_request_changes_nothing(before: list[dict[str, Any]], refused: tuple[int, dict[str, Any]]) -> None:
    stage = Stage(*SYMBOLS, limits=NARROW, field_sets=1)
    other, peer = stage.connect(), stage.connect()
    other.subscribe("quotes", "x:A", fields=["bid"])
    for symbol in SYMBOLS:
        stage.quote(symbol)
        stage.trade(symbol)
    for request in before:
        peer.say(request)
    code, request = refused
    what = held(stage, peer)
    [error] = peer.say({**request, "id": 7})
    assert (error["type"], error["id"], error["code"]) == ("error", 7, code)
    assert held(stage, peer) == what
    published = [topic for topic in stage.fanout.topics if topic in peer.client.topics and topic.channel == "quotes"]
    stage.quote("x:A")
    due = ["quote 2"] if any(topic.symbol == "x:A" for topic in published) else []
    assert [word for word in brief(peer.sink.news()) if word.startswith("quote")] == due


def test_too_many_requests_change_nothing() -> None:
    stage = Stage("x:A", limits=Limits(requests_burst=1))
    peer = stage.connect()
    peer.say({"op": "ping"})
    [error] = peer.say(subscribe())
    assert (error["code"], error["retry_after_ms"]) == (429, 51)
    assert (peer.client.topics, list(stage.fanout.topics)) == ({}, [])


def test_our_fault_while_a_request_is_read_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("a bug")

    stage = Stage("x:A")
    peer = stage.connect()
    monkeypatch.setattr(stage.directory, "topics", broken)
    [error] = peer.say(subscribe())
    assert error["code"] == 500
    assert (peer.client.topics, list(stage.fanout.topics)) == ({}, [])


def test_who_asks_for_more_while_the_service_stops_is_told_when_to_come_back() -> None:
    stage = Stage("x:A")
    peer = stage.connect()
    peer.subscribe("quotes", "x:A")
    stage.hub.readiness.sends_away = True
    what = held(stage, peer)
    [error] = peer.say(subscribe("trades"))
    assert error["code"] == 503
    assert 500 <= error["retry_after_ms"] <= 5_000
    assert held(stage, peer) == what
    assert peer.say({"op": "unsubscribe", "channel": "quotes"})[0]["type"] == "ack"


def test_every_code_but_those_of_access_is_tried_here() -> None:
    assert {code for code, _ in REFUSED} | {500, 503} == {400, 404, 405, 413, 429, 500, 503}
