"""A stream's URL, read as a session's requests."""

import pytest

from ticker.errors import RequestError
from ticker.stream_query import listed, subscriptions

BASE = [("channel", "quotes"), ("symbols", "x:A")]
TIME = "2026-08-09T21:05:48.026294000Z"


def test_lists_come_in_one_or_in_many() -> None:
    query = [("symbols", "x:A,,x:B"), ("channel", "quotes"), ("symbols", "y:*")]
    assert listed(query, "symbols") == ["x:A", "x:B", "y:*"]


def test_every_channel_is_asked_for_with_every_symbol_once() -> None:
    query = [("channel", "quotes"), ("symbols", "x:A,y:*"), ("channel", "trades"), ("channel", "quotes")]
    assert [(one.op, one.id, one.body["channel"], one.body["symbols"]) for one in subscriptions(query, None)] == [
        ("subscribe", None, "quotes", ["x:A", "y:*"]),
        ("subscribe", None, "trades", ["x:A", "y:*"]),
    ]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("max_rate", "4", 4),
        ("max_rate", "0.5", 0.5),
        ("max_rate", "null", None),
        ("max_rate", "often", "often"),
        ("snapshot", "false", False),
        ("snapshot", "10", 10),
        ("interval", "1m", "1m"),
        ("since", TIME, TIME),
        ("fields", "bid,ask", ["bid", "ask"]),
    ],
)
def test_options_are_a_session_s(key: str, text: str, value: object) -> None:
    [request] = subscriptions([*BASE, (key, text)], None)
    assert request.body[key] == value
    assert request.warnings == []


def test_the_interval_is_that_of_bars_where_there_are_some() -> None:
    for channels, intervals in (("bars", ["1m"]), ("quotes,bars", [None, "1m"]), ("quotes", ["1m"])):
        asked = subscriptions([("channel", channels), ("symbols", "x:A"), ("interval", "1m")], None)
        assert [request.body.get("interval") for request in asked] == intervals


def test_what_is_not_known_is_warned_of() -> None:
    [request] = subscriptions([*BASE, ("maxRate", "4")], None)
    assert request.warnings == ["unknown field 'maxRate'; did you mean 'max_rate'?"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ([], "channel: say which"),
        ([("channel", ""), ("symbols", "x:A")], "channel: say which"),
        ([("channel", "quotes"), ("symbols", ",")], "symbols: say which"),
        ([*BASE, ("max_rate", "1"), ("max_rate", "2")], "max_rate: more than once"),
        ([*BASE, ("op", "unsubscribe")], "op: there is none here"),
        ([*BASE, ("id", "7")], "id: there is none here"),
    ],
)
def test_what_is_wrong_is_named(query: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(RequestError, match=words) as refused:
        subscriptions(query, None)
    assert refused.value.code == 400


@pytest.mark.parametrize("last_event_id", [None, "", "17", "nonsense\x00"])
def test_an_id_that_is_none_of_ours_is_as_good_as_none(last_event_id: str | None) -> None:
    query = [("channel", "trades"), ("symbols", "x:A"), ("since", TIME)]
    [request] = subscriptions(query, last_event_id)
    assert request.body["since"] == TIME


def test_who_comes_back_goes_on_with_the_trades_where_it_was() -> None:
    later = "2026-08-09T21:06:00.000000000Z"
    query = [("channel", "quotes,trades"), ("symbols", "x:A")]
    assert [one.body.get("since") for one in subscriptions(query, later)] == [None, later]
    assert [one.body["since"] for one in subscriptions([*query, ("since", TIME)], later)] == [TIME, later]
