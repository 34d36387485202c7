"""Reading requests: what is taken, and what is said of the rest."""

from math import nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.timestamps import SECOND
from tests.ticker.fakes import START
from ticker.bus import CHANNELS
from ticker.clients import Options
from ticker.errors import RequestError
from ticker.rates import Rates
from ticker.requests import (
    Limits,
    Subscribe,
    channel_named,
    check_names,
    parse,
    parse_subscribe,
    parse_unsubscribe,
    read,
    request_id,
)

LIMITS = Limits()
RATES = Rates()
SUBSCRIBE: dict[str, Any] = {"channel": "quotes", "symbols": ["x:A"]}
TRADES = SUBSCRIBE | {"channel": "trades"}


def refusal(what: Any, *arguments: Any) -> tuple[int, str]:
    """The code and the reason with which something is refused."""
    with pytest.raises(RequestError) as refused:
        what(*arguments)
    return refused.value.code, refused.value.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"op":ping}', "not JSON"),
        (b'{"op":NaN}', "not JSON"),
        (b"[" * 2_000, "not JSON"),
        (b'{"id":"\\ud800"}', "not JSON"),
        (b"[]", "a JSON object"),
        (b'"ping"', "a JSON object"),
        (b"null", "a JSON object"),
        (b"1", "a JSON object"),
    ],
)
def test_what_is_no_json_object_is_a_400(text: bytes, reason: str) -> None:
    code, said = refusal(read, text)
    assert code == 400
    assert reason in said


def test_an_object_is_read() -> None:
    assert read(b'{"op":"ping","id":7}') == {"op": "ping", "id": 7}


@pytest.mark.parametrize("good", [None, 0, -1, 2**53 - 1, "", "a", "x" * 64])
def test_an_id_is_an_integer_or_a_short_string(good: Any) -> None:
    assert request_id({"id": good}) == good


@pytest.mark.parametrize("bad", [2**53, -(2**53), 1.0, True, "x" * 65, [], {}])
def test_any_other_id_is_a_400(bad: Any) -> None:
    code, reason = refusal(request_id, {"id": bad})
    assert code == 400
    assert reason.startswith("id: ")


@pytest.mark.parametrize(
    ("op", "code", "said"),
    [
        (None, 400, "op: "),
        (5, 400, "op: "),
        ("subscrib", 405, "did you mean subscribe?"),
        ("PING", 405, "no such op: subscribe, unsubscribe, list, ping"),
        ("", 405, "no such op"),
        ("auth", 400, "not offered yet"),
    ],
)
def test_an_op_that_there_is_not(op: Any, code: int, said: str) -> None:
    found = refusal(parse, {"op": op})
    assert found[0] == code
    assert said in found[1]


def test_an_unknown_field_is_a_warning_that_suggests_the_nearest() -> None:
    request = parse({"op": "subscribe", "id": 1, "maxRate": 4, "colour": "red", **SUBSCRIBE})
    assert request.warnings == ["unknown field 'maxRate'; did you mean 'max_rate'?", "unknown field 'colour'"]


def test_warnings_are_few_and_short() -> None:
    request = parse({"op": "ping"} | {f"{n}" * 500: 0 for n in range(50)})
    assert len(request.warnings) == 10
    assert max(map(len, request.warnings)) < 100


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({}, Options()),
        ({"max_rate": None, "interval": None, "since": None, "fields": None, "snapshot": None}, Options()),
        ({"channel": "ticker"}, Options(10)),
        ({"channel": "ticker", "max_rate": 3}, Options(2)),
        ({"max_rate": 4}, Options(4)),
        ({"max_rate": 0.75}, Options(0.5)),
        ({"max_rate": 10**18}, Options(50)),
        ({"max_rate": 1e-300}, Options(0.2)),
        ({"channel": "ticker", "max_rate": None}, Options()),
        ({"fields": ["bid", "ask", "bid"]}, Options(None, frozenset({"bid", "ask"}))),
        ({"fields": ["seq", "bid"], "max_rate": 4}, Options(4, frozenset({"bid"}))),
        ({"fields": ["ask_size", "ask", "bid", "bid_size"]}, Options()),
    ],
)
def test_what_a_subscribe_asks_for(fields: dict[str, Any], options: Options) -> None:
    channel = fields.get("channel", "quotes")
    assert parse_subscribe(SUBSCRIBE | fields, LIMITS, RATES) == Subscribe(channel, ("x:A",), options)


@pytest.mark.parametrize(
    ("given", "trades", "others"), [(True, 50, 1), (False, 0, 0), (0, 0, 0), (7, 7, 7), (None, None, None)]
)
def test_with_how_many_values_it_starts(given: Any, trades: int | None, others: int | None) -> None:
    for channel, number in (("trades", trades), ("quotes", others), ("status", others)):
        asked = SUBSCRIBE | {"channel": channel, "snapshot": given}
        assert parse_subscribe(asked, LIMITS, RATES).snapshot == number


@pytest.mark.parametrize(
    ("given", "since"),
    [
        ("2026-08-09T21:05:48Z", START),
        ("2026-08-09T21:05:48.000000001Z", START + 1),
        ("2026-08-09t21:05:48.5Z", START + SECOND // 2),
        ("0001-01-01T00:00:00Z", -62_135_596_800 * SECOND),
    ],
)
def test_trades_are_wanted_since_a_time(given: str, since: int) -> None:
    assert parse_subscribe(TRADES | {"since": given}, LIMITS, RATES).since == since


@pytest.mark.parametrize(
    "given", ["now", "", "2026-08-09T21:05:48", "2026-08-09T21:05:48.0123456789Z", "2026-02-30T00:00:00Z", 5, True, []]
)
def test_what_is_no_time_is_refused(given: Any) -> None:
    for channel in ("trades", "quotes"):
        code, reason = refusal(parse_subscribe, TRADES | {"channel": channel, "since": given}, LIMITS, RATES)
        assert (code, reason[:25]) == (400, "since: an RFC 3339 time i")


def test_state_is_not_resumed_and_a_warning_says_so() -> None:
    found = parse_subscribe(SUBSCRIBE | {"since": "2026-08-09T21:05:48Z", "max_rate": 4}, LIMITS, RATES)
    assert (found.since, found.warnings) == (None, ("since does not apply to quotes: its current value comes",))


def test_a_subscribe_to_bars_names_an_interval_and_perhaps_how_many() -> None:
    body = SUBSCRIBE | {"channel": "bars", "interval": "5m"}
    found = parse_subscribe(body | {"snapshot": 100}, LIMITS, RATES)
    assert (found.interval, found.snapshot) == ("5m", 100)
    assert parse_subscribe(body, LIMITS, RATES).snapshot is None


def test_bars_that_are_switched_off_are_refused_with_where() -> None:
    body = SUBSCRIBE | {"channel": "bars", "interval": "1m"}
    code, reason = refusal(parse_subscribe, body, Limits(intervals=()), RATES)
    assert (code, reason) == (404, "channel: bars are switched off here, in [bars] intervals")


@pytest.mark.parametrize("channel", ["trades", "status"])
def test_what_must_not_be_thinned_is_not_and_a_warning_says_so(channel: str) -> None:
    found = parse_subscribe(SUBSCRIBE | {"channel": channel, "max_rate": 4}, LIMITS, RATES)
    assert found.options == Options()
    assert found.warnings == (f"max_rate does not apply to {channel}: every update comes",)
    for fields in ({}, {"max_rate": None}):
        assert parse_subscribe(SUBSCRIBE | {"channel": channel} | fields, LIMITS, RATES).warnings == ()


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("bad", [0, 0.0, -1, -0.5, nan, True, False, "4", "fast", [4], {}])
def test_a_rate_that_is_none_is_refused_with_the_range(channel: str, bad: Any) -> None:
    interval = "1m" if channel == "bars" else None
    code, reason = refusal(
        parse_subscribe, SUBSCRIBE | {"channel": channel, "max_rate": bad, "interval": interval}, LIMITS, RATES
    )
    assert code == 400
    assert reason == "max_rate: a number above 0, in updates per second, or null: every update; on offer are 50 to 0.2"


@pytest.mark.parametrize(
    ("fields", "code", "reason"),
    [
        ({"channel": None}, 400, "channel: "),
        ({"channel": 5}, 400, "channel: "),
        ({"channel": "quote"}, 404, "did you mean quotes?"),
        ({"channel": "x" * 60_000}, 404, "one of ticker, quotes, trades, bars, stats, status"),
        ({"channel": "bars"}, 400, "interval: bars need one of 1m, 5m, 1h, 1d"),
        ({"channel": "bars", "interval": 60}, 400, "interval: bars need one of 1m, 5m, 1h, 1d"),
        ({"channel": "bars", "interval": "2m"}, 404, "interval: no such one; one of 1m, 5m, 1h, 1d"),
        ({"channel": "bars", "interval": "1s"}, 404, "interval: no such one here; one of 1m, 5m, 1h, 1d"),
        ({"interval": "1m"}, 404, "interval: quotes have none; only bars do"),
        ({"channel": "bars", "interval": "1m", "snapshot": 2.5}, 400, "snapshot: "),
        ({"fields": ["bidd"]}, 400, "quotes has no 'bidd'; did you mean bid?"),
        ({"fields": ["x" * 60_000]}, 400, "there are bid, bid_size, ask, ask_size"),
        ({"fields": []}, 400, "fields: null for all, or a list of at least one of bid, bid_size, ask, ask_size"),
        ({"fields": "bid"}, 400, "fields: "),
        ({"fields": [5]}, 400, "fields: "),
        ({"snapshot": -1}, 400, "snapshot: "),
        ({"snapshot": 1.0}, 400, "snapshot: "),
        ({"snapshot": "yes"}, 400, "snapshot: "),
        ({"symbols": None}, 400, "symbols: "),
        ({"symbols": "x:A"}, 400, "symbols: "),
        ({"symbols": []}, 400, "symbols: "),
        ({"symbols": ["x:A", 5]}, 400, "symbols: "),
        ({"symbols": [""]}, 400, "symbols: "),
        ({"symbols": ["x" * 65]}, 400, "64 characters"),
        ({"symbols": ["*****"]}, 400, "more than 4"),
        ({"symbols": ["x:A"] * 1_001}, 413, "1001 symbols in one request; the limit is 1000"),
        ({"symbols": ["*"] * 101}, 413, "101 patterns in one request; the limit is 100"),
    ],
)
def test_a_subscribe_that_cannot_be_taken(fields: dict[str, Any], code: int, reason: str) -> None:
    found = refusal(parse_subscribe, SUBSCRIBE | fields, LIMITS, RATES)
    assert found[0] == code
    assert reason in found[1]
    assert len(found[1]) < 200


def test_limits_are_what_may_just_be() -> None:
    names = ["*" * 4 + "x" * 60, *(f"x:{n}*" for n in range(99)), *(f"x:{n}" for n in range(900))]
    assert check_names(names, LIMITS) == tuple(names)


def test_a_name_counts_once() -> None:
    assert check_names(["x:B", "x:A", "x:B"], LIMITS) == ("x:B", "x:A")


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, ("quotes", None, ("x:A",))),
        ({"symbols": None}, ("quotes", None, None)),
        ({"symbols": ["*", "x:A"], "interval": None}, ("quotes", None, ("*", "x:A"))),
        ({"channel": "bars"}, ("bars", None, ("x:A",))),
        ({"channel": "bars", "interval": "5m", "symbols": None}, ("bars", "5m", None)),
    ],
)
def test_what_an_unsubscribe_asks_for(fields: dict[str, Any], found: Any) -> None:
    assert parse_unsubscribe(SUBSCRIBE | fields, LIMITS) == found


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"channel": None}, 400), ({"channel": "x"}, 404), ({"interval": "1m"}, 404), ({"symbols": []}, 400)],
)
def test_an_unsubscribe_that_cannot_be_taken(fields: dict[str, Any], code: int) -> None:
    assert refusal(parse_unsubscribe, SUBSCRIBE | fields, LIMITS)[0] == code


@pytest.mark.parametrize("channel", CHANNELS)
def test_channels_by_name(channel: str) -> None:
    assert channel_named(channel) == channel


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=70),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(("op", "id", "channel", "symbols", "interval", "max_rate", "snapshot", "since", "fields"))
likely = st.sampled_from(("subscribe", "unsubscribe", "quotes", "ticker", "*", ["x:A"], ["*", "x:*"], True, None))


@given(st.dictionaries(fields | st.text(max_size=5), likely | json_values, max_size=8))
def test_any_object_is_taken_or_refused_with_a_reason(message: dict[str, Any]) -> None:
    refused: list[RequestError] = []
    for parse_body in (lambda body: parse_subscribe(body, LIMITS, RATES), lambda body: parse_unsubscribe(body, LIMITS)):
        try:
            parse_body(parse(message).body)
        except RequestError as error:
            refused.append(error)
    assert all(error.code in (400, 404, 405, 413) and error.reason for error in refused)
