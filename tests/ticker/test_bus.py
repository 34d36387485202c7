"""Topics: numbering, the newest value, and who hears of it."""

from dataclasses import dataclass, field

import pytest

from feeds.market import Gap
from tests.ticker.fakes import START, HeardBus
from tests.ticker.stage import EPOCH, quote, trade
from ticker import frames
from ticker.bus import Bus, Topic
from ticker.history import Retention


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
    return HeardBus(EPOCH, ear, Retention(START))


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


def test_the_listener_is_not_told_of_what_nobody_gets_but_of_what_is_lost(ear: Ear) -> None:
    bus = Bus(EPOCH, ear, Retention(START))
    topic, gap = bus.topic("trades", "x:A"), Gap("x:A", START, 2)
    bus.publish(topic, trade("x:A"))
    bus.announce(topic, gap)
    assert ear.heard == [(topic, 1, gap)]
    assert len(topic.history or ()) == 2


def test_a_new_value_needs_new_bytes(bus: Bus) -> None:
    topic = bus.topic("quotes", "x:A")
    bus.publish(topic, quote("x:A", bid="1"))
    before = frames.update(topic), frames.snapshot(topic)
    bus.publish(topic, quote("x:A", bid="2"))
    assert (topic.frame, topic.snapshot) == (None, None)
    assert frames.update(topic) not in before
    assert frames.snapshot(topic) not in before


def test_a_gap_stands_between_the_trades_around_it_and_takes_no_number(bus: Bus, ear: Ear) -> None:
    topic = bus.topic("trades", "x:A")
    before, gap, after = trade("x:A"), Gap("x:A", START, 7), trade("x:A")
    bus.publish(topic, before)
    bus.announce(topic, gap)
    bus.publish(topic, after)
    assert topic.history is not None
    assert list(topic.history.entries) == [(1, before, 0), (1, gap, 1), (2, after, 2)]
    assert [heard for *_, heard in ear.heard] == [before, gap, after]
