"""One subscription: its request, the seam after a lost connection, and what ends it."""

from dataclasses import replace
from typing import Any

import pytest

from tests.ticker.client.messages import OTHER, SYMBOL, at, gap, quote, taken, trade
from ticker.client import Gap, Rejected, SubscribeError, Trade
from ticker.client.subscription import Subscription


def trades(*names: str, **options: Any) -> Subscription:
    """A subscription to trades that is live."""
    subscription = Subscription("trades", names or ("demo:*",), **options)
    subscription.request(at(0))
    subscription.acknowledged([], names)
    subscription.synced()
    return subscription


def rejected(symbol: str = SYMBOL, reason: str = "no such symbol") -> Rejected:
    return Rejected(channel="quotes", symbol=symbol, code=404, reason=reason)


def test_a_request_says_what_was_asked_for_and_no_more() -> None:
    plain = Subscription("quotes", ["a", "b", "a"]).request(at(0))
    assert plain == {"op": "subscribe", "channel": "quotes", "symbols": ("a", "b"), "snapshot": True}
    bars = Subscription("bars", ["a"], interval="1m", max_rate=None, snapshot=100).request(at(0))
    assert bars == {
        "op": "subscribe",
        "channel": "bars",
        "symbols": ("a",),
        "interval": "1m",
        "max_rate": None,
        "snapshot": 100,
    }
    assert Subscription("trades", ["a"]).request(at(0)) == {"op": "subscribe", "channel": "trades", "symbols": ("a",)}
    assert Subscription("trades", ["a"], max_rate=4, snapshot=False).request(at(0))["snapshot"] is False


def test_a_farewell_names_what_is_given_up() -> None:
    assert Subscription("bars", ["a", "b"], interval="1m").farewell(["a"]) == {
        "op": "unsubscribe",
        "channel": "bars",
        "symbols": ["a"],
        "interval": "1m",
    }


@pytest.mark.parametrize(
    ("name", "symbol", "matching"),
    [
        (SYMBOL, SYMBOL, True),
        (SYMBOL, SYMBOL + "X", False),
        ("demo:*", SYMBOL, True),
        ("*:BTC-*", SYMBOL, True),
        ("*", OTHER, True),
        ("demo:BTC?USDT", SYMBOL, False),
        ("demo:BTC.USDT", SYMBOL, False),
        ("*:ETH-*", SYMBOL, False),
    ],
)
def test_names_and_patterns(name: str, symbol: str, matching: bool) -> None:
    assert Subscription("quotes", ["venue:NONE", name]).matches(symbol) is matching


def test_state_starts_again_with_its_value_even_where_none_was_asked_for() -> None:
    subscription = Subscription("quotes", [SYMBOL], snapshot=False)
    assert subscription.request(at(0))["snapshot"] is False
    subscription.acknowledged([], [SYMBOL])
    again = subscription.request(at(9))
    assert again["snapshot"] is True
    assert "since" not in again


def test_trades_go_on_from_the_newest_that_was_seen() -> None:
    subscription = trades()
    for update in (trade(3), trade(2, OTHER), gap(4, 6, 3)):
        subscription.accept(update)
    again = subscription.request(at(60))
    assert again["since"] == at(6)
    assert "snapshot" not in again


def test_the_last_one_counts_and_not_the_newest() -> None:
    subscription = trades()
    for update in (trade(900), gap(None, None, None, epoch="two", received=3), trade(5, epoch="two")):
        subscription.accept(update)
    assert subscription.request(at(60))["since"] == at(5)


def test_trades_of_which_none_was_seen_go_on_from_the_asking() -> None:
    assert trades().request(at(60))["since"] == at(0)


def test_what_was_never_taken_begins_as_it_was_asked_for() -> None:
    subscription = Subscription("trades", [SYMBOL], snapshot=9)
    first = subscription.request(at(0))
    subscription.lost()
    assert subscription.request(at(5)) == first
    subscription.acknowledged([], [SYMBOL])
    assert subscription.request(at(9))["since"] == at(5)


def test_who_is_cut_inside_the_first_snapshot_goes_on_there() -> None:
    subscription = Subscription("trades", [SYMBOL, OTHER])
    subscription.request(at(5))
    subscription.wait_for(subscription)
    subscription.acknowledged([], [SYMBOL, OTHER])
    subscription.accept(replace(trade(3), snapshot=True))
    assert subscription.request(at(60))["since"] == at(3)


def test_what_comes_twice_at_the_seam_is_told_once() -> None:
    subscription = trades()
    for update in (trade(1), trade(2), trade(2, OTHER), trade(2), trade(1), trade(3), gap(2, 3, 2), gap(4, 5, 2)):
        subscription.accept(update)
    assert taken(subscription) == [trade(1), trade(2), trade(2, OTHER), trade(3), gap(4, 5, 2)]


def test_a_gap_without_numbers_is_told_once_and_another_again() -> None:
    subscription = trades()
    first, second = (gap(None, None, 3, reason="feed", received=second) for second in (1, 2))
    for update in (first, first, second):
        subscription.accept(update)
    assert taken(subscription) == [first, second]


def test_another_run_of_numbering_is_no_repetition() -> None:
    subscription = trades()
    for update in (trade(7), trade(1, epoch="two"), trade(1, epoch="two")):
        subscription.accept(update)
    assert [update for update in taken(subscription) if isinstance(update, Trade)] == [trade(7), trade(1, epoch="two")]


def test_another_run_of_which_nobody_told_is_a_gap() -> None:
    subscription = trades()
    for update in (trade(7), trade(1, OTHER, epoch="two"), trade(1, epoch="two"), trade(2, epoch="two")):
        subscription.accept(update)
    unknown = gap(None, None, None, epoch="two", received=1, reason="restart")
    assert taken(subscription) == [
        trade(7),
        trade(1, OTHER, epoch="two"),
        unknown,
        trade(1, epoch="two"),
        trade(2, epoch="two"),
    ]


def test_another_run_of_which_the_service_told_is_one_gap() -> None:
    subscription = trades()
    told = gap(None, None, None, epoch="two", received=0, reason="restart")
    for update in (trade(7), told, trade(1, epoch="two")):
        subscription.accept(update)
    assert taken(subscription) == [trade(7), told, trade(1, epoch="two")]


def test_what_is_live_before_the_answer_is_over_comes_behind_it_and_is_bounded() -> None:
    subscription = trades()
    subscription.accept(trade(1))
    subscription.lost()
    subscription.request(at(9))
    subscription.acknowledged([], ["demo:*"])
    for seq in range(10, 1_011):  # one more than there is room for
        subscription.accept(trade(seq))
    subscription.accept(replace(trade(2), snapshot=True))
    assert taken(subscription) == [trade(1), replace(trade(2), snapshot=True)]
    subscription.synced()
    told = taken(subscription)
    lost = [update for update in told if isinstance(update, Gap)]
    assert [(one.reason, one.received) for one in lost] == [("slow_consumer", at(11))]
    assert told[-1] == trade(1_010)


def test_state_may_repeat_itself() -> None:
    subscription = Subscription("quotes", ["*"])
    subscription.accept(quote("1"))
    assert taken(subscription) == [quote("1")]
    subscription.accept(quote("1"))
    assert taken(subscription) == [quote("1")]


def test_some_rejected_symbols_are_told_and_the_others_go_on() -> None:
    subscription = Subscription("quotes", [SYMBOL, OTHER])
    subscription.acknowledged([rejected(OTHER)], [SYMBOL])
    assert taken(subscription) == [rejected(OTHER)]
    assert subscription.error is None


def test_with_nothing_left_it_is_over() -> None:
    subscription = Subscription("quotes", [SYMBOL, OTHER])
    subscription.acknowledged([rejected(reason="no such symbol; did you mean demo:X?"), rejected(OTHER)], [])
    assert str(subscription.error) == f"{SYMBOL}: no such symbol; did you mean demo:X?; {OTHER}: no such symbol (404)"


def test_news_are_announced() -> None:
    calls: list[int] = []
    subscription = trades()
    subscription.on_news = lambda: calls.append(1)
    subscription.accept(trade(1))
    subscription.accept(trade(1))
    assert len(calls) == 1
    subscription.fail(SubscribeError(404, "gone"))
    assert len(calls) == 2
