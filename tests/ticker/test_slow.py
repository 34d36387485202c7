"""Paused clients: who drained, who makes progress, and who is to go."""

import pytest

from feeds.timestamps import SECOND
from tests.ticker.fakes import START, FakeSink, ManualClock
from tests.ticker.stage import EPOCH, quote, trade
from ticker import frames
from ticker.bus import Topic
from ticker.clients import Client, Event, Options
from ticker.counts import FanoutCounts
from ticker.slow import SlowClients

DEADLINE = 30 * SECOND


@pytest.fixture
def counts() -> FanoutCounts:
    return FanoutCounts()


@pytest.fixture
def slow(counts: FanoutCounts) -> SlowClients:
    return SlowClients(counts, deadline=DEADLINE, messages=2, size=10_000)


@pytest.fixture
def sink() -> FakeSink:
    sink = FakeSink(ManualClock())
    sink.pause()
    return sink


@pytest.fixture
def client(slow: SlowClients, sink: FakeSink) -> Client:
    client = Client("k3f9", sink, START)
    slow.add(client, START)
    return client


def changed(seq: int = 1) -> Topic:
    topic = Topic("quotes", "x:A", EPOCH)
    topic.seq, topic.value = seq, quote("x:A")
    return topic


def event(topic: Topic, seq: int) -> Event:
    topic.seq, topic.value, topic.frame = seq, trade("x:A"), None
    return Event(topic, seq, START, 1, frames.update(topic))


def give(slow: SlowClients, client: Client, topic: Topic) -> None:
    """Put a topic's value on the client's write list and take it back."""
    client.push(frames.update(topic))
    slow.given_value(topic, frames.update(topic))
    slow.take_back(client)
    assert client.pending == []


def test_a_client_that_stays_paused_waits(slow: SlowClients, client: Client, sink: FakeSink) -> None:
    assert slow.look(client, START + DEADLINE - 1) is None
    assert len(slow.clients) == 1
    assert not sink.evicted


def test_without_progress_for_the_deadline_it_is_evicted_and_forgotten(
    slow: SlowClients, client: Client, sink: FakeSink
) -> None:
    assert slow.look(client, START + DEADLINE) is None
    assert sink.evicted
    assert (len(slow.clients), client.backlog) == (0, None)


def test_progress_gives_it_the_whole_deadline_again(slow: SlowClients, client: Client, sink: FakeSink) -> None:
    sink.buffered -= 1
    slow.look(client, START + DEADLINE)
    slow.look(client, START + 2 * DEADLINE - 1)
    assert not sink.evicted
    slow.look(client, START + 2 * DEADLINE)
    assert sink.evicted


def test_a_drained_client_is_slow_no_more(slow: SlowClients, client: Client, sink: FakeSink) -> None:
    topic = changed()
    give(slow, client, topic)
    sink.drain()
    backlog = slow.look(client, START)
    assert backlog is not None
    assert list(backlog.changed) == [topic]
    assert (len(slow.clients), client.backlog) == (0, None)


def test_what_is_owed_comes_with_its_newest_value_unless_that_is_on_its_way(
    slow: SlowClients, client: Client, counts: FanoutCounts
) -> None:
    still, newer, left, again = (changed() for _ in range(4))
    client.topics = dict.fromkeys((still, newer, again), Options())
    slow.owe(client, (still, newer, left))
    slow.owe(client, (again, still))
    newer.seq += 1
    [steps] = client.joining
    assert list(steps) == [frames.update(again), frames.update(still)]
    assert counts.sent == {("quotes", "websocket"): 2}
    slow.owe(client, (newer,))
    assert len(client.joining) == 2


def test_a_client_that_is_gone_is_forgotten_and_its_driver_woken(
    slow: SlowClients, client: Client, sink: FakeSink
) -> None:
    sink.closed = True
    assert slow.look(client, START + DEADLINE) is None
    assert (len(slow.clients), client.backlog, sink.resumptions, sink.evicted) == (0, None, 1, False)


def test_only_replaced_values_count_as_merged_away(slow: SlowClients, client: Client, counts: FanoutCounts) -> None:
    topic = changed()
    for _ in range(3):
        give(slow, client, topic)
    assert counts.conflated == {("quotes", "slow"): 2}


def test_trades_that_had_to_go_are_counted(slow: SlowClients, client: Client, counts: FanoutCounts) -> None:
    topic = Topic("trades", "x:A", EPOCH)
    for seq in range(1, 6):
        given = event(topic, seq)
        client.push(given.frame)
        slow.given_gap(given)
        slow.take_back(client)
    assert slow.queued == 2
    assert counts.lost["slow_consumer"] == 3
    assert counts.gaps["slow_consumer"] == 1


def test_a_client_that_leaves_is_forgotten(slow: SlowClients, client: Client) -> None:
    slow.discard(client)
    slow.discard(client)
    assert (len(slow.clients), slow.queued, client.backlog) == (0, 0, None)
