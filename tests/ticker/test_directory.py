"""Looking symbols up: by name, by pattern, and by what was nearly typed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.market import Channel
from tests.ticker.stage import Stage
from ticker.directory import Directory, by_pattern, is_pattern, matches, nearest

VENUES = ("binance:BTC-USDT", "binance:ETH-USDT", "coinbase:BTC-USD", "coinbase:ETH-USD")

# Few characters, so that patterns and symbols meet; among them all that mean something to regular expressions or globs.
text = st.text(alphabet="AB*.?[]^$\\|+(){}\n:-", max_size=12)


def by_recursion(pattern: str, symbol: str) -> bool:
    """The definition: `*` is any run of characters, everything else is itself."""
    if not pattern:
        return not symbol
    if pattern[0] == "*":
        return any(by_recursion(pattern[1:], symbol[at:]) for at in range(len(symbol) + 1))
    return symbol[:1] == pattern[0] and by_recursion(pattern[1:], symbol[1:])


@given(pattern=text, symbol=text.map(lambda symbol: symbol.replace("*", "")))
def test_a_pattern_matches_what_its_definition_says(pattern: str, symbol: str) -> None:
    assert matches(pattern, symbol) == by_recursion(pattern, symbol)


@given(st.lists(st.text(alphabet="AB", max_size=3), min_size=1, max_size=5), st.text(alphabet="AB", max_size=9))
def test_a_pattern_of_several_parts_matches_what_its_definition_says(parts: list[str], symbol: str) -> None:
    assert matches("*".join(parts), symbol) == by_recursion("*".join(parts), symbol)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*", VENUES),
        ("coinbase:*", VENUES[2:]),
        ("*:BTC-*", (VENUES[0], VENUES[2])),
        ("*USD", VENUES[2:]),
        ("b*:*T*-*T", (VENUES[0], VENUES[1])),
        ("binance:BTC-USDT*", VENUES[:1]),
        ("*btc*", ()),
        ("kraken:*", ()),
    ],
)
def test_the_markets_of_a_pattern(pattern: str, found: tuple[str, ...]) -> None:
    directory = Stage(*VENUES).directory
    assert tuple(market.instrument.symbol for market in directory.match(pattern)) == found
    assert tuple(topic.symbol for topic in directory.topics("quotes", pattern)) == found


def test_a_hostile_pattern_costs_no_more_than_another() -> None:
    began = time.perf_counter()
    assert not matches("*A" * 30 + "*B", "A" * 64)
    assert time.perf_counter() - began < 1  # seconds; by backtracking it would be years


def test_what_is_a_pattern() -> None:
    assert is_pattern("x:*")
    assert not is_pattern("x:A")


def test_a_name_stands_for_its_topic() -> None:
    directory = Stage("x:A").directory
    [topic] = directory.topics("trades", "x:A")
    assert topic is directory["x:A"].trades
    assert directory.topics("trades", "x:B") == []


def stats_only() -> Directory:
    channels: tuple[Channel, ...] = ("stats",)
    return Stage("x:A", channels=channels).directory


def test_a_symbol_has_the_channels_that_its_feed_carries_and_those_of_the_service() -> None:
    directory = stats_only()
    assert list(directory["x:A"].topics) == ["ticker", "stats", "status"]
    assert directory.topics("quotes", "x:A") == []
    assert directory.topics("quotes", "*") == []
    assert len(directory) == 1


def test_why_a_name_stands_for_nothing() -> None:
    directory = Stage(*VENUES).directory
    assert directory.why_not("quotes", "binance:BTC-USTD") == "no such symbol; did you mean binance:BTC-USDT?"
    assert directory.why_not("quotes", "?!") == "no such symbol"
    assert stats_only().why_not("quotes", "x:A") == "x:A has no quotes; it has ticker, stats, status"


def test_the_nearest_name_is_only_guessed_where_one_is_near() -> None:
    assert nearest("subscrib", ["subscribe", "unsubscribe"]) == "subscribe"
    assert nearest("ping", ["subscribe", "list"]) is None
    assert nearest("ping", []) is None


def test_a_figure_by_pattern_is_that_of_the_first_that_matches() -> None:
    figure = by_pattern({"x:*-EUR": 300, "x:*": 120}, 60)
    assert [figure(symbol) for symbol in ("x:A-EUR", "x:A-USD", "y:A-EUR")] == [300, 120, 60]
