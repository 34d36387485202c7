"""Who is woken by a change."""

from tests.ticker.stage import Stage
from ticker.waiters import Waiter, Waiters


def test_the_first_change_of_any_topic_wakes_each_who_waits_for_it_once() -> None:
    stage, woken = Stage("x:A", "x:B"), list[str]()
    a, b = (stage.directory[symbol].quotes for symbol in stage.symbols)
    waiters = Waiters()
    for name, topics in (("both", [a, b]), ("one", [a]), ("other", [b])):
        waiters.add(Waiter(topics, lambda name=name: woken.append(name)))  # type: ignore[misc]
    for topic in (a, a, b, b):
        waiters.changed(topic)
    assert woken == ["both", "one", "other"]
    assert waiters.of == {}


def test_who_waits_no_more_is_not_woken() -> None:
    stage, woken = Stage("x:A"), list[str]()
    topic = stage.directory["x:A"].quotes
    waiters = Waiters()
    waiter = Waiter([topic], lambda: woken.append("it"))
    waiters.add(waiter)
    for _ in range(2):
        waiters.discard(waiter)
    waiters.changed(topic)
    assert (woken, waiters.of) == ([], {})


def test_values_gaps_and_states_wake() -> None:
    stage, woken = Stage("x:A"), list[str]()
    market = stage.directory["x:A"]
    for name, topic in (("quote", market.quotes), ("trade", market.trades), ("status", market.status)):
        stage.fanout.waiters.add(Waiter([topic], lambda name=name: woken.append(name)))  # type: ignore[misc]
    stage.quote("x:A")
    stage.trade("x:A")
    assert sorted(woken) == ["quote", "status", "trade"]
