"""The conversation: what is answered, in which order, and that nothing a client says can break it."""

import json
from typing import Any

import pytest
import structlog.testing
from hypothesis import given
from hypothesis import strategies as st

from feeds.market import Channel
from tests.ticker.fakes import Message, brief
from tests.ticker.stage import Peer, Stage
from ticker.rates import Rates
from ticker.requests import Limits
from ticker.session import SUGGESTIONS_MOST


@pytest.fixture
def stage() -> Stage:
    stage = Stage("x:A", "x:B")
    stage.link("connected")
    stage.quote("x:A")
    return stage


@pytest.fixture
def peer(stage: Stage) -> Peer:
    return stage.connect()


def test_the_server_speaks_first(stage: Stage, peer: Peer) -> None:
    peer.session.welcome()
    stage.schedule.settle()
    [welcome] = peer.sink.news()
    assert welcome.pop("server").startswith("ticker/")
    assert welcome == {
        "type": "welcome",
        "protocol": 1,
        "session": peer.client.name,
        "time": "2026-08-09T21:05:48.000000000Z",
        "heartbeat_ms": 10_000,
        "rates": [50, 20, 10, 4, 2, 1, 0.5, 0.2],
        "limits": {"symbols": 2_000, "message_bytes": 65_536, "requests_per_second": 20},
        "auth": "none",
    }


def test_ack_status_snapshot_synced_in_this_order(peer: Peer) -> None:
    ack, status, quote, synced = peer.subscribe("quotes", "x:A", id=1)
    assert ack == {
        "type": "ack",
        "id": 1,
        "op": "subscribe",
        "channel": "quotes",
        "interval": None,
        "symbols": ["x:A"],
        "max_rate": None,
        "fields": None,
        "rejected": [],
        "warnings": [],
    }
    assert (status["type"], quote["type"]) == ("status", "quote")
    assert synced == {"type": "synced", "id": 1, "channel": "quotes", "symbols": 1}


@pytest.mark.parametrize(
    ("names", "taken", "synced"), [(["none:*"], ["none:*"], 0), (["x:*", "x:A"], ["x:*", "x:A"], 2), (["x:C"], [], 0)]
)
def test_it_is_synced_also_where_nothing_matches(peer: Peer, names: list[str], taken: list[str], synced: int) -> None:
    ack, *_, end = peer.subscribe("quotes", *names)
    assert (ack["symbols"], end["type"], end["symbols"]) == (taken, "synced", synced)


def test_the_values_in_effect_are_told(peer: Peer) -> None:
    assert peer.subscribe("ticker", "x:A")[0]["max_rate"] == 10
    assert peer.subscribe("ticker", "x:A", max_rate=None)[0]["max_rate"] is None
    assert peer.subscribe("ticker", "x:A", max_rate=7)[0]["max_rate"] == 4
    assert peer.subscribe("quotes", "x:A", max_rate=0.1)[0]["max_rate"] == 0.2
    subscriptions = peer.say({"op": "list"})[0]["subscriptions"]
    assert [(held["channel"], held["max_rate"]) for held in subscriptions] == [("ticker", 4), ("quotes", 0.2)]


def test_a_rate_for_what_is_never_thinned_is_a_warning(peer: Peer) -> None:
    ack = peer.subscribe("trades", "x:A", max_rate=4, other=1)[0]
    assert ack["max_rate"] is None
    assert ack["warnings"] == ["unknown field 'other'", "max_rate does not apply to trades: every update comes"]


def test_the_rates_on_offer_are_a_setting() -> None:
    stage = Stage("x:A", rates=Rates(offered=(8, 3), ticker=3))
    peer = stage.connect()
    peer.session.welcome()
    assert peer.subscribe("ticker", "x:A")[:2][0]["rates"] == [8, 3]
    assert peer.subscribe("ticker", "x:A")[0]["max_rate"] == 3
    assert peer.subscribe("quotes", "x:A", max_rate=50)[0]["max_rate"] == 8


def test_good_symbols_are_taken_and_bad_ones_rejected(peer: Peer) -> None:
    ack = peer.subscribe("quotes", "x:a", "x:A", "elsewhere:NOTHING", maxRate=4)[0]
    assert ack["symbols"] == ["x:A"]
    assert ack["rejected"] == [
        {"symbol": "x:a", "code": 404, "reason": "no such symbol"},
        {"symbol": "elsewhere:NOTHING", "code": 404, "reason": "no such symbol"},
    ]
    assert ack["warnings"] == ["unknown field 'maxRate'; did you mean 'max_rate'?"]


def test_a_symbol_without_the_channel_is_rejected_with_those_it_has() -> None:
    channels: tuple[Channel, ...] = ("quotes",)
    [rejected] = Stage("x:A", channels=channels).connect().subscribe("trades", "x:A")[0]["rejected"]
    assert rejected == {"symbol": "x:A", "code": 404, "reason": "x:A has no trades; it has ticker, quotes, status"}


def test_guesses_are_made_for_the_first_few_wrong_names_only(peer: Peer) -> None:
    rejected = peer.subscribe("quotes", *(f"x:A{n}" for n in range(50)))[0]["rejected"]
    assert len(rejected) == 50
    assert {entry["reason"] for entry in rejected[SUGGESTIONS_MOST:]} == {"no such symbol"}


def test_unsubscribing_is_acknowledged_with_what_was_held(peer: Peer) -> None:
    peer.subscribe("quotes", "x:A", "x:*")
    [ack] = peer.unsubscribe("quotes", "x:B", "x:*")
    assert (ack["op"], ack["symbols"]) == ("unsubscribe", ["x:*"])
    assert ack["rejected"] == [{"symbol": "x:B", "code": 404, "reason": "no such subscription"}]
    assert peer.unsubscribe("quotes")[0]["symbols"] == ["x:A"]
    assert peer.unsubscribe("quotes")[0]["symbols"] == []


def test_unsubscribing_from_what_is_not_held_is_an_error(peer: Peer) -> None:
    [error] = peer.unsubscribe("quotes", "x:A")
    assert (error["type"], error["code"]) == ("error", 404)


def test_the_ack_comes_before_a_value_that_unsubscribing_sets_free(stage: Stage, peer: Peer) -> None:
    peer.subscribe("quotes", "*", max_rate=None)
    peer.subscribe("quotes", "x:A", max_rate=1)
    for _ in range(2):
        stage.quote("x:A")
    assert brief(peer.sink.news()) == ["quote 2"]
    assert brief(peer.unsubscribe("quotes", "x:A")) == ["ack", "quote 3"]


def test_ping_list_and_ids(peer: Peer) -> None:
    assert peer.say({"op": "ping", "id": "a"}) == [
        {"type": "pong", "id": "a", "time": "2026-08-09T21:05:48.000000000Z"}
    ]
    assert peer.say({"op": "list", "id": 2**53 - 1}) == [
        {"type": "ack", "id": 2**53 - 1, "op": "list", "subscriptions": [], "warnings": []}
    ]


@pytest.mark.parametrize(
    ("text", "id_told", "code"),
    [
        (b"{", None, 400),
        (b'{"op":"ping","id":1.5}', None, 400),
        (b'{"op":"pong","id":7}', 7, 405),
        (b'{"op":"auth","id":"a","token":"t"}', "a", 400),
        (b'{"op":"subscribe","id":8,"channel":"bars","symbols":["x:A"]}', 8, 400),
    ],
)
def test_an_error_carries_the_id_where_there_is_one(peer: Peer, text: bytes, id_told: Any, code: int) -> None:
    [error] = peer.say(text)
    assert set(error) == {"type", "id", "code", "reason"}
    assert (error["type"], error["id"], error["code"]) == ("error", id_told, code)


def test_too_many_requests_are_told_when_to_come_again() -> None:
    stage = Stage("x:A", limits=Limits(requests_per_second=20, requests_burst=2))
    peer = stage.connect()
    assert [peer.say({"op": "ping", "id": n})[0]["type"] for n in range(2)] == ["pong", "pong"]
    [error] = peer.say({"op": "ping", "id": 2})
    assert error.pop("reason") == "more than 20 requests a second"
    assert error == {"type": "error", "id": 2, "code": 429, "retry_after_ms": 51}
    stage.clock.advance(0.051)
    assert peer.say({"op": "ping"})[0]["type"] == "pong"


def test_requests_are_counted_by_op_and_code(stage: Stage, peer: Peer) -> None:
    for request in ({"op": "ping"}, {"op": "ping"}, {"op": "subscribe"}, {"op": "whatever"}, {}):
        peer.say(request)
    assert stage.hub.counts.requests == {
        ("ping", 200): 2,
        ("subscribe", 400): 1,
        ("invalid", 405): 1,
        ("invalid", 400): 1,
    }


def test_our_fault_is_logged_with_session_and_id_and_the_conversation_goes_on(
    stage: Stage, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(peer.session._holdings, "listing", broken)
    with structlog.testing.capture_logs() as logged:
        [error] = peer.say({"op": "list", "id": 3})
    assert (error["id"], error["code"]) == (3, 500)
    assert (logged[0]["session"], logged[0]["id"], logged[0]["log_level"]) == (peer.client.name, 3, "error")
    assert peer.say({"op": "ping"})[0]["type"] == "pong"


def assert_answered(replies: list[Message]) -> None:
    """One reply: an error that is the client's fault, or a good one."""
    answers = [message for message in replies if message["type"] in ("ack", "pong", "error")]
    assert len(answers) == 1
    assert answers[0].get("code", 200) not in (429, 500)
    assert len(answers[0].get("reason", "")) < 1_000


LENIENT = Limits(requests_burst=10**9)
NAMES = ("x:A", "x:B", "x:C", "*", "x:*", "****", "*****", "", "x" * 65, "\u0000", "\ud7ff", "😀*")
requests = st.fixed_dictionaries(
    {"op": st.sampled_from(("subscribe", "unsubscribe", "list", "ping", "auth", "Subscribe"))},
    optional={
        "id": st.integers() | st.text(max_size=70) | st.none() | st.floats(),
        "channel": st.sampled_from(("ticker", "quotes", "trades", "stats", "status", "bars", "x", 1, None)),
        "symbols": st.none() | st.lists(st.sampled_from(NAMES) | st.text(max_size=4), max_size=4) | st.just("x:A"),
        "snapshot": st.sampled_from((True, False, None, 10, "yes")),
        "max_rate": st.sampled_from((None, 4, 0.3, 0, -1, "fast")),
        "interval": st.sampled_from((None, "1m", 5)),
        "since": st.sampled_from((None, "now")),
        "fields": st.sampled_from((None, [], ["bid"])),
        "other": st.text(max_size=3),
    },
)


good_requests = st.fixed_dictionaries(
    {
        "op": st.sampled_from(("subscribe", "subscribe", "unsubscribe")),
        "channel": st.sampled_from(("ticker", "quotes", "trades", "status")),
        "symbols": st.lists(st.sampled_from(("x:A", "x:B", "*", "x:*")), min_size=1, max_size=2),
    },
    optional={"max_rate": st.sampled_from((None, 50, 4, 0.2))},
)


@given(st.binary(max_size=80))
def test_any_bytes_are_answered(text: bytes) -> None:
    assert_answered(Stage("x:A", limits=LENIENT).connect().say(text))


@given(st.lists(requests | good_requests, max_size=8))
def test_any_requests_are_answered_each_and_what_is_left_is_tidy(asked: list[dict[str, Any]]) -> None:
    stage = Stage("x:A", "x:B", limits=LENIENT)
    peer = stage.connect()
    for request in asked:
        assert_answered(peer.say(json.dumps(request).encode()))
        stage.quote("x:A")
        peer.sink.news()
    peer.leave()
    assert list(stage.fanout.topics) == []
    assert sum(stage.hub.counts.subscriptions.values()) == 0
