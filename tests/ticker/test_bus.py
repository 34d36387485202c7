"""Topics: numbering, the newest value, and what is retained of trades."""

from dataclasses import dataclass, field

import pytest

from feeds.market import Gap
from feeds.timestamps import SECOND
from tests.ticker.fakes import START
from tests.ticker.stage import EPOCH, quote, trade
from ticker import frames
from ticker.bus import Bus, Topic


@dataclass
class Ear:
    """A listener that notes what it hears, and what the topic looked like at that moment."""

    heard: list[tuple[Topic, int, object]] = field(default_factory=list)

    def published(self, topic: Topic) -> None:
        self.heard.append((topic, topic.seq, topic.value))

    def lost(self, topic: Topic, gap: Gap) -> None:
        self.heard.append((topic, topic.seq, gap))


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def bus(ear: Ear) -> Bus:
    return Bus(EPOCH, ear, trades_kept=3, trades_kept_s=60)


def test_a_new_topic_has_no_value(bus: Bus) -> None:
    topic = bus.topic("quotes", "x:A")
    assert (topic.seq, topic.value, topic.epoch, topic.history) == (0, None, EPOCH, None)
    assert repr(topic) == "<quotes x:A #0>"


def test_publishing_numbers_keeps_and_tells_before_it_returns(bus: Bus, ear: Ear) -> None:
    topic, other = bus.topic("quotes", "x:A"), bus.topic("quotes", "x:B")
    first, second = quote("x:A", bid="1"), quote("x:A", bid="2")
    bus.publish(topic, first)
    bus.publish(other, quote("x:B"))
    bus.publish(topic, second)
    assert [(heard, seq) for heard, seq, _ in ear.heard] == [(topic, 1), (other, 1), (topic, 2)]
    assert [value for heard, _, value in ear.heard if heard is topic] == [first, second]
    assert topic.value is second


def test_a_new_value_needs_new_bytes(bus: Bus) -> None:
    topic = bus.topic("quotes", "x:A")
    bus.publish(topic, quote("x:A", bid="1"))
    before = frames.update(topic), frames.snapshot(topic)
    bus.publish(topic, quote("x:A", bid="2"))
    assert (topic.frame, topic.snapshot) == (None, None)
    assert frames.update(topic) not in before
    assert frames.snapshot(topic) not in before


def test_only_trades_are_retained_and_so_many_of_them(bus: Bus) -> None:
    topic = bus.topic("trades", "x:A")
    for price in "12345":
        bus.publish(topic, trade("x:A", price=price))
    assert topic.history is not None
    assert list(topic.history) == [(int(price), trade("x:A", price=price)) for price in "345"]


def test_trades_are_retained_for_so_long(bus: Bus) -> None:
    topic = bus.topic("trades", "x:A")
    for second in (0, 30, 60, 91):
        bus.publish(topic, trade("x:A", START + second * SECOND))
    assert topic.history is not None
    assert [(item.received - START) // SECOND for _, item in topic.history] == [60, 91]


def test_the_last_trade_stays_however_old_it_is(bus: Bus) -> None:
    topic = bus.topic("trades", "x:A")
    bus.publish(topic, trade("x:A", START))
    bus.publish(topic, trade("x:A", START + 3600 * SECOND))
    assert topic.history is not None
    assert len(topic.history) == 1


def test_a_gap_stands_between_the_trades_around_it_and_takes_no_number(bus: Bus, ear: Ear) -> None:
    topic = bus.topic("trades", "x:A")
    before, gap, after = trade("x:A"), Gap("x:A", START, 7), trade("x:A")
    bus.publish(topic, before)
    bus.announce(topic, gap)
    bus.publish(topic, after)
    assert topic.history is not None
    assert list(topic.history) == [(1, before), (1, gap), (2, after)]
    assert [heard for *_, heard in ear.heard] == [before, gap, after]


def test_what_is_too_old_is_dropped_also_where_nothing_new_comes(bus: Bus) -> None:
    quiet, busy, state = bus.topic("trades", "x:A"), bus.topic("trades", "x:B"), bus.topic("quotes", "x:A")
    bus.publish(quiet, trade("x:A", START))
    bus.publish(busy, trade("x:B", START + 30 * SECOND))
    bus.publish(state, quote("x:A", START))
    bus.prune(START + 60 * SECOND)
    assert [len(topic.history or ()) for topic in (quiet, busy)] == [1, 1]
    bus.prune(START + 61 * SECOND)
    assert [len(topic.history or ()) for topic in (quiet, busy)] == [0, 1]
    assert state.value is not None
    bus.prune(START + 3600 * SECOND)
    assert quiet.value is not None
