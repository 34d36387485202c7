"""Who is woken by a change."""

from tests.ticker.stage import Stage
from ticker.waiters import Waiter


def test_the_first_change_of_any_topic_wakes_each_who_waits_for_it_once() -> None:
    stage, woken = Stage("x:A", "x:B"), list[str]()
    a, b = (stage.directory[symbol].quotes for symbol in stage.symbols)
    for name, topics in (("both", [a, b]), ("one", [a]), ("other", [b])):
        stage.fanout.wait(Waiter(topics, lambda name=name: woken.append(name)))  # type: ignore[misc]
    for symbol in ("x:A", "x:A", "x:B", "x:B"):
        stage.quote(symbol)
    assert woken == ["both", "one", "other"]
    assert list(stage.fanout.topics) == []


def test_who_waits_no_more_is_not_woken() -> None:
    stage, woken = Stage("x:A"), list[str]()
    waiter = Waiter([stage.directory["x:A"].quotes], lambda: woken.append("it"))
    stage.fanout.wait(waiter)
    for _ in range(2):
        stage.fanout.forget(waiter)
    stage.quote("x:A")
    assert (woken, list(stage.fanout.topics)) == ([], [])


def test_who_waits_takes_nothing_from_who_is_subscribed() -> None:
    stage, woken = Stage("x:A"), list[str]()
    peer = stage.connect()
    peer.subscribe("quotes", "x:A")
    stage.fanout.wait(Waiter([stage.directory["x:A"].quotes], lambda: woken.append("it")))
    for bid in ("1.01", "1.02"):
        stage.quote("x:A", bid)
    assert [message["bid"] for message in peer.sink.news() if message["type"] == "quote"] == ["1.01", "1.02"]
    assert woken == ["it"]


def test_values_gaps_and_states_wake() -> None:
    stage, woken = Stage("x:A"), list[str]()
    market = stage.directory["x:A"]
    for name, topic in (("quote", market.quotes), ("trade", market.trades), ("status", market.status)):
        stage.fanout.wait(Waiter([topic], lambda name=name: woken.append(name)))  # type: ignore[misc]
    stage.quote("x:A")
    stage.trade("x:A")
    assert sorted(woken) == ["quote", "status", "trade"]
