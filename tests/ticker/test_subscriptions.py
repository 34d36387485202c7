"""Which of a client's subscriptions decides over a symbol."""

from weakref import ref

from hypothesis import given
from hypothesis import strategies as st

from tests.ticker.witness import Book
from ticker.bus import ChannelName
from ticker.clients import Options
from ticker.subscriptions import Subscriptions, subscription_to


def held(*subscriptions: tuple[ChannelName, str, float | None]) -> Subscriptions:
    found = Subscriptions()
    for subscription in subscriptions:
        channel, name, rate = subscription
        found.put(subscription_to(channel, name, Options(rate)))
    return found


def deciding(subscriptions: Subscriptions, symbol: str, channel: ChannelName = "quotes") -> str | None:
    found = subscriptions.over(channel, symbol)
    return found.name if found else None


def test_clients_share_what_they_subscribe_to_alike() -> None:
    one = subscription_to("bars", "x:A", Options(4), "1m")
    assert subscription_to("bars", "x:A", Options(4), "1m") is one
    assert one.key == ("bars", "1m", "x:A")


def test_what_nobody_is_subscribed_to_any_more_is_forgotten() -> None:
    gone = ref(subscription_to("bars", "x:A", Options(7), "1m"))
    assert gone() is None


def test_nothing_covers_nothing() -> None:
    assert deciding(held(), "x:A") is None
    assert deciding(held(("quotes", "x:A", None), ("quotes", "y:*", None)), "x:B") is None


def test_a_channel_does_not_cover_another() -> None:
    subscriptions = held(("quotes", "x:A", None), ("trades", "*", None))
    assert deciding(subscriptions, "x:A", "ticker") is None
    assert deciding(subscriptions, "x:A", "trades") == "*"


def test_an_exact_name_beats_a_pattern_and_a_newer_pattern_an_older_one() -> None:
    subscriptions = held(("quotes", "x:A", None), ("quotes", "*", None), ("quotes", "x:*", None))
    assert deciding(subscriptions, "x:A") == "x:A"
    assert deciding(subscriptions, "x:B") == "x:*"
    assert deciding(subscriptions, "y:B") == "*"


def test_what_goes_falls_back_to_what_still_covers() -> None:
    subscriptions = held(("quotes", "*", None), ("quotes", "x:*", None), ("quotes", "x:A", None))
    found = []
    for name in ("x:A", "x:*", "*"):
        found.append(deciding(subscriptions, "x:A"))
        assert subscriptions.remove("quotes", name) is not None
    assert [*found, deciding(subscriptions, "x:A")] == ["x:A", "x:*", "*", None]
    assert subscriptions.remove("quotes", "*") is None


def test_subscribing_again_changes_the_options_in_place() -> None:
    subscriptions = held(("ticker", "*", 10), ("ticker", "x:*", None), ("ticker", "*", None))
    assert [(s.name, s.options.rate) for s in subscriptions] == [("*", None), ("x:*", None)]
    assert deciding(subscriptions, "x:A", "ticker") == "x:*"


def test_what_is_held() -> None:
    subscriptions = held(("quotes", "x:A", None), ("quotes", "x:*", None), ("trades", "*", None))
    assert ("quotes", None, "x:A") in subscriptions
    assert ("trades", None, "x:A") not in subscriptions
    assert [s.name for s in subscriptions.on("quotes", None)] == ["x:A", "x:*"]
    assert set(subscriptions.patterns) == {("quotes", None, "x:*"), ("trades", None, "*")}
    assert [subscription.kind for subscription in subscriptions] == ["exact", "pattern", "pattern"]


def test_each_interval_of_bars_is_a_subscription_of_its_own() -> None:
    subscriptions = Subscriptions()
    subscriptions.put(subscription_to("bars", "x:A", Options(), "1m"))
    subscriptions.put(subscription_to("bars", "*", Options(4), "5m"))
    assert [s.interval for s in subscriptions.on("bars", None)] == ["1m", "5m"]
    assert [s.interval for s in subscriptions.on("bars", "5m")] == ["5m"]
    found = [subscriptions.over("bars", "x:A", interval) for interval in ("1m", "5m", "1h")]
    assert [s and s.options.rate for s in found] == [None, 4, None]
    assert found[2] is None
    assert subscriptions.remove("bars", "x:A", "5m") is None
    assert subscriptions.remove("bars", "x:A", "1m") == found[0]


names = st.sampled_from(("x:A", "x:B", "y:A", "*", "x:*", "*:A", "*:*"))
changes = st.lists(st.tuples(st.booleans(), names), max_size=12)


@given(changes)
def test_it_is_the_one_that_the_simple_model_says(changes: list[tuple[bool, str]]) -> None:
    subscriptions, book = Subscriptions(), Book()
    for number, (put, name) in enumerate(changes):
        if put:
            subscriptions.put(subscription_to("quotes", name, Options(float(number))))
            book.rates["quotes", name] = number
        else:
            removed = subscriptions.remove("quotes", name)
            assert (removed.options.rate if removed else None) == book.rates.pop(("quotes", name), None)
        for symbol in ("x:A", "x:B", "y:A", "y:B"):
            found, expected = subscriptions.over("quotes", symbol), book.covering("quotes", symbol)
            assert (found and (found.channel, found.name, found.options.rate)) == (
                expected and (*expected, book.rates[expected])
            )
