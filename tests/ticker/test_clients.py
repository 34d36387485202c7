"""What a paused client has missed: bounded, in order, and told."""

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.market import Gap
from tests.ticker.fakes import START, FakeSink, ManualClock, Message, messages
from tests.ticker.stage import EPOCH, quote, trade
from ticker import frames
from ticker.bus import Bus, Topic
from ticker.clients import Backlog, Client, Event, Joining, Options
from ticker.encodings import WEBSOCKET, Framing
from ticker.history import Retention


class Deaf:
    """A listener that does not care."""

    def published(self, topic: Topic) -> None: ...

    def lost(self, topic: Topic, gap: Gap) -> None: ...


EVERYTHING: defaultdict[Topic, Options] = defaultdict(Options)
BUS = Bus(EPOCH, Deaf(), Retention(START))


def traded(topic: Topic, received: int = START) -> Event:
    """One more trade of a topic, as the fan-out hands it to a backlog."""
    BUS.publish(topic, trade(topic.symbol, received))
    return Event(topic, topic.seq, received, 1, frames.update(topic))


def lost(topic: Topic, missed: int | None, received: int = START) -> Event:
    """Trades that the feed lost."""
    gap = Gap(topic.symbol, received, missed)
    return Event(topic, None, received, missed, frames.feed_gap(topic, gap))


@pytest.fixture
def tape() -> Topic:
    return BUS.topic("trades", "x:A")


def drained(backlog: Backlog) -> list[Message]:
    state = [frames.update(topic) for topic in backlog.changed]
    return [message for frame in backlog.events(WEBSOCKET, Counter()) + state for message in messages(frame)]


def seqs(found: list[Message]) -> list[int | tuple[int, int]]:
    """Trades by their seq, gaps by their first and last."""
    return [m["seq"] if m["type"] == "trade" else (m["from_seq"], m["to_seq"]) for m in found]


def test_within_the_bounds_every_trade_is_kept_in_order(tape: Topic) -> None:
    backlog = Backlog(3, 10_000)
    assert [backlog.add(traded(tape)) for _ in range(3)] == [(0, 0)] * 3
    assert len(backlog) == 3
    assert seqs(drained(backlog)) == [1, 2, 3]


def test_the_oldest_beyond_the_bound_become_one_gap(tape: Topic) -> None:
    backlog = Backlog(2, 10_000)
    assert [backlog.add(traded(tape, START + n)) for n in range(5)] == [(0, 0), (0, 0), (1, 1), (1, 0), (1, 0)]
    gap, *kept = drained(backlog)
    assert seqs([gap, *kept]) == [(1, 3), 4, 5]
    assert (gap["missed"], gap["reason"], gap["received"]) == (3, "slow_consumer", "2026-08-09T21:05:48.000000002Z")


def test_the_size_is_bounded_too(tape: Topic) -> None:
    event = traded(tape)
    backlog = Backlog(1_000, 3 * len(event.frame))
    assert [backlog.add(trade) for trade in (event, *(traded(tape) for _ in range(4)))][2:] == [(0, 0), (1, 1), (1, 0)]
    assert seqs(drained(backlog)) == [(1, 2), 3, 4, 5]


def test_an_event_larger_than_the_bound_is_lost_itself(tape: Topic) -> None:
    backlog = Backlog(1_000, 10)
    assert backlog.add(traded(tape)) == (1, 1)
    assert seqs(drained(backlog)) == [(1, 1)]


def test_each_topic_has_its_own_gap_in_the_order_of_the_loss(tape: Topic) -> None:
    other = BUS.topic("trades", "x:B")
    backlog = Backlog(1, 10_000)
    for topic, received in ((tape, 1), (other, 2), (tape, 3), (other, 4)):
        backlog.add(traded(topic, START + received))
    gaps = drained(backlog)[:-1]
    assert [(gap["symbol"], gap["from_seq"], gap["to_seq"]) for gap in gaps] == [("x:B", 1, 1), ("x:A", 1, 2)]


@pytest.mark.parametrize(("missed", "told"), [(10, 12), (None, None)])
def test_a_lost_gap_of_the_feeds_counts_as_the_trades_it_stood_for(
    tape: Topic, missed: int | None, told: int | None
) -> None:
    backlog = Backlog(1, 10_000)
    known = [backlog.add(event)[0] for event in (traded(tape), lost(tape, missed), traded(tape), traded(tape))]
    assert sum(known) == 2 + (missed or 0)
    gap = drained(backlog)[0]
    assert (gap["from_seq"], gap["to_seq"], gap["missed"]) == (1, 2, told)


def test_a_lost_gap_behind_lost_trades_leaves_their_numbers(tape: Topic) -> None:
    backlog = Backlog(1, 10_000)
    for event in (traded(tape), traded(tape), lost(tape, 4, START + 3), traded(tape)):
        backlog.add(event)
    gap = drained(backlog)[0]
    assert (gap["from_seq"], gap["to_seq"], gap["missed"]) == (1, 2, 6)
    assert gap["received"] == "2026-08-09T21:05:48.000000003Z"


def test_a_lost_gap_alone_has_no_numbers(tape: Topic) -> None:
    backlog = Backlog(1, 10_000)
    backlog.add(lost(tape, 5))
    backlog.add(traded(tape))
    gap = drained(backlog)[0]
    assert (gap["from_seq"], gap["to_seq"], gap["missed"], gap["reason"]) == (None, None, 5, "slow_consumer")


def test_a_state_topic_is_named_once_and_told_as_it_is_then() -> None:
    topic, backlog = BUS.topic("quotes", "x:A"), Backlog(1, 1)
    for bid in "123":
        BUS.publish(topic, quote("x:A", bid=bid))
        backlog.changed[topic] = None
    [message] = drained(backlog)
    assert (message["bid"], message["seq"]) == ("3", 3)
    assert "snapshot" not in message


def test_a_topic_that_is_left_is_forgotten(tape: Topic) -> None:
    other, state = BUS.topic("trades", "x:B"), BUS.topic("quotes", "x:A")
    backlog = Backlog(2, 10_000)
    for topic in (tape, tape, tape, other):
        backlog.add(traded(topic))
    backlog.changed[state] = None
    for topic in (tape, state):
        backlog.forget(topic)
    assert [(m["type"], m["symbol"]) for m in drained(backlog)] == [("trade", "x:B")]
    assert [backlog.add(traded(other)) for _ in range(2)] == [(0, 0), (1, 1)]


def test_what_goes_out_is_counted_by_channel(tape: Topic) -> None:
    backlog, sent = Backlog(3, 10_000), Counter[tuple[str, Framing]]()
    for event in (traded(tape), traded(tape), lost(tape, 3)):
        backlog.add(event)
    backlog.events(WEBSOCKET, sent)
    assert sent == {("trades", "websocket"): 2}


@given(st.lists(st.integers(0, 2), max_size=40), st.integers(1, 5), st.integers(1, 900))
def test_whatever_comes_each_trade_is_kept_or_told_lost(order: list[int], most: int, size: int) -> None:
    topics = [BUS.topic("trades", f"x:{index}") for index in range(3)]
    backlog = Backlog(most, size)
    total = sum(backlog.add(traded(topics[index], START + at))[0] for at, index in enumerate(order))
    frames_kept = backlog.events(WEBSOCKET, Counter())[-len(backlog) or len(order) + 3 :]
    assert len(frames_kept) <= most
    assert sum(map(len, frames_kept)) <= size
    position, missed = {topic.symbol: 0 for topic in topics}, 0
    for message in drained(backlog):
        is_gap = message["type"] == "gap"
        assert message["from_seq" if is_gap else "seq"] == position[message["symbol"]] + 1
        position[message["symbol"]] = int(message["to_seq" if is_gap else "seq"])
        missed += message["missed"] if is_gap else 0
    assert missed == total
    assert position == {topic.symbol: topic.seq for topic in topics}


def test_a_client_is_behind_while_it_is_paused_or_snapshots_wait() -> None:
    fresh, paused, joining = (Client("k3f9", FakeSink(ManualClock()), START) for _ in range(3))
    paused.backlog = Backlog(1, 1)
    joining.joining.append(iter((Joining(BUS.topic("quotes", "x:A"), Options(), True),)))
    assert [client.behind for client in (fresh, paused, joining)] == [False, True, True]
