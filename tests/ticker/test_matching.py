"""What requests stand for, and the limits on them all together."""

from collections.abc import Sequence

import pytest

from tests.ticker.stage import Stage
from ticker.bus import ChannelName
from ticker.clients import Options
from ticker.errors import RequestError
from ticker.matching import Match, match
from ticker.requests import PATTERNS_MOST, Limits, Subscribe
from ticker.subscriptions import Key

BID, ASK = frozenset({"bid"}), frozenset({"ask"})


@pytest.fixture
def stage() -> Stage:
    return Stage("x:A", "x:B", "y:A", channels=("quotes",), limits=Limits(symbols_per_client=2))


def wanted(channel: ChannelName, *names: str, fields: frozenset[str] | None = None) -> Subscribe:
    return Subscribe(channel, names, Options(None, fields))


def symbols(found: Match) -> dict[str, list[str]]:
    return {name: [topic.symbol for topic in topics] for name, topics in found.topics.items()}


def test_names_that_stand_for_nothing_are_told_apart_from_patterns_that_do_so_now(stage: Stage) -> None:
    [quotes, trades] = match([wanted("quotes", "x:*", "z:*", "z:A", "x:A"), wanted("trades", "x:A")], stage.hub)
    assert symbols(quotes) == {"x:*": ["x:A", "x:B"], "z:*": [], "x:A": ["x:A"]}
    assert quotes.missing == ["z:A"]
    assert (symbols(trades), trades.missing) == ({}, ["x:A"])
    assert all(topic.channel == "quotes" for topics in quotes.topics.values() for topic in topics)


@pytest.mark.parametrize(
    ("names", "held", "reason"),
    [
        (["*"], [], r"'\*' matches 3 symbols; the limit is 2"),
        (["x:*", "y:A"], [], "3 more symbols and 0 held make 3; the limit is 2"),
        (["x:*"], ["y:A"], "2 more symbols and 1 held make 3; the limit is 2"),
        (["x:*"], ["x:A"], None),
    ],
)
def test_so_many_symbols_in_all(stage: Stage, names: list[str], held: list[str], reason: str | None) -> None:
    requests = [wanted("quotes", name) for name in names]
    if reason is None:
        match(requests, stage.hub, symbols=set(held))
        return
    with pytest.raises(RequestError, match=reason) as refused:
        match(requests, stage.hub, symbols=set(held))
    assert refused.value.code == 413


def patterns(number: int) -> Sequence[str]:
    return [f"x:{index}*" for index in range(number)]


def test_so_many_patterns_in_all(stage: Stage) -> None:
    half = patterns(PATTERNS_MOST // 2)
    held: set[Key] = {("quotes", None, name) for name in half}
    match([wanted("quotes", *half), wanted("trades", *half)], stage.hub, held)
    with pytest.raises(RequestError, match="101 patterns in all; the limit is 100"):
        match([wanted("quotes", *half), wanted("trades", *half), wanted("ticker", "*")], stage.hub)


def test_so_many_choices_of_fields() -> None:
    stage = Stage("x:A", field_sets=1)
    stage.hub.field_sets.take(BID)
    match([wanted("quotes", "*", fields=BID)], stage.hub)
    with pytest.raises(RequestError, match="sets of fields") as refused:
        match([wanted("quotes", "*", fields=ASK)], stage.hub)
    assert refused.value.code == 429


def test_bars_are_those_of_the_interval() -> None:
    stage = Stage("x:A")
    [found] = match([Subscribe("bars", ("x:A",), Options(), interval="5m")], stage.hub)
    assert found.topics == {"x:A": [stage.directory["x:A"].bars["5m"]]}
