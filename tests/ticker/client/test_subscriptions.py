"""Several subscriptions over one socket: each gets what is for it."""

from tests.ticker.client.messages import OTHER, SYMBOL, bar, gap, quote, status, taken, trade
from ticker.client import AuthError, Connected, Lost
from ticker.client.subscription import Subscription
from ticker.client.subscriptions import Subscriptions

CONNECTED = Connected(server="ticker/0", session="s")
LOST = Lost(reason="cut", code=1006, retry_s=1.0)


def holding(*subscriptions: Subscription) -> Subscriptions:
    all_of_them = Subscriptions()
    for subscription in subscriptions:
        all_of_them.add(subscription)
    return all_of_them


def test_an_update_is_for_those_of_its_channel_that_cover_its_symbol() -> None:
    one, all_quotes, trades = (
        Subscription("quotes", [SYMBOL]),
        Subscription("quotes", ["*"]),
        Subscription("trades", ["*"]),
    )
    every = holding(one, all_quotes, trades)
    trades.acknowledged([], ["*"])
    trades.synced()
    for update in (quote("1"), quote("2", OTHER), trade(1), gap(2, 3, 2)):
        every.route(update)
    assert taken(one) == [quote("1")]
    assert taken(all_quotes) == [quote("1"), quote("2", OTHER)]
    assert taken(trades) == [trade(1), gap(2, 3, 2)]


def test_bars_are_for_their_interval() -> None:
    minutes, hours = Subscription("bars", ["*"], interval="1m"), Subscription("bars", ["*"], interval="1h")
    holding(minutes, hours).route(bar(0))
    assert taken(minutes) == [bar(0)]
    assert taken(hours) == []


def test_a_status_is_for_whoever_has_the_symbol() -> None:
    quotes, trades = Subscription("quotes", [SYMBOL]), Subscription("trades", [OTHER])
    holding(quotes, trades).route(status("live"))
    assert (taken(quotes), taken(trades)) == ([status("live")], [])


def test_a_later_one_is_told_what_is_known_of_its_symbols() -> None:
    every = holding(Subscription("quotes", ["*"]))
    every.tell(CONNECTED)
    every.route(status("live"))
    every.route(status("stale"))
    every.route(status("live", OTHER))
    later = Subscription("trades", [SYMBOL])
    every.add(later)
    assert taken(later) == [CONNECTED, status("stale")]


def test_what_nobody_is_told_any_more_is_forgotten() -> None:
    every = holding(first := Subscription("quotes", [SYMBOL]), Subscription("quotes", [OTHER]))
    every.route(status("live"))
    every.route(status("live", OTHER))
    every.remove(first)
    every.remove(first)
    every.add(later := Subscription("quotes", ["*"]))
    assert taken(later) == [status("live", OTHER)]


def test_a_lost_connection_is_told_to_all_and_takes_what_was_known_along() -> None:
    quotes, trades = Subscription("quotes", ["*"]), Subscription("trades", ["*"])
    every = holding(quotes, trades)
    every.route(status("live"))
    every.tell(LOST)
    assert taken(quotes) == taken(trades) == [status("live"), LOST]
    every.add(later := Subscription("quotes", ["*"]))
    assert taken(later) == [LOST]


def test_an_end_is_for_all_and_for_those_to_come() -> None:
    every = holding(quotes := Subscription("quotes", ["*"]))
    error = AuthError("expired")
    every.fail(error)
    every.add(later := Subscription("quotes", ["*"]))
    assert quotes.error is later.error is error
