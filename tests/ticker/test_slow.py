"""Paused clients: who drained, who makes progress, and who is to go."""

import pytest

from feeds.timestamps import SECOND
from tests.ticker.fakes import START, FakeSink, ManualClock, messages
from tests.ticker.stage import EPOCH, quote, trade
from ticker import frames
from ticker.bus import Topic
from ticker.clients import Client, Event
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
    topic = Topic("quotes", "x:A", EPOCH, 1)
    topic.seq, topic.value = seq, quote("x:A")
    return topic


def event(topic: Topic, seq: int) -> Event:
    topic.seq, topic.value, topic.frame = seq, trade("x:A"), None
    return Event(topic, seq, START, 1, frames.update(topic))


def test_a_client_that_stays_paused_waits(slow: SlowClients, client: Client, sink: FakeSink) -> None:
    assert slow.look(START + DEADLINE - 1) == []
    assert len(slow) == 1
    assert not sink.evicted


def test_without_progress_for_the_deadline_it_is_evicted_and_forgotten(
    slow: SlowClients, client: Client, sink: FakeSink
) -> None:
    assert slow.look(START + DEADLINE) == []
    assert sink.evicted
    assert (len(slow), client.backlog) == (0, None)


def test_progress_gives_it_the_whole_deadline_again(slow: SlowClients, client: Client, sink: FakeSink) -> None:
    sink.buffered -= 1
    slow.look(START + DEADLINE)
    slow.look(START + 2 * DEADLINE - 1)
    assert not sink.evicted
    slow.look(START + 2 * DEADLINE)
    assert sink.evicted


def test_a_drained_client_gets_what_it_missed_and_is_slow_no_more(
    slow: SlowClients, client: Client, sink: FakeSink, counts: FanoutCounts
) -> None:
    topic = changed()
    slow.changed(client, topic)
    sink.drain()
    [(drained, missed)] = slow.look(START)
    assert drained is client
    assert [message["type"] for frame in missed for message in messages(frame)] == ["quote"]
    assert (len(slow), client.backlog) == (0, None)
    assert counts.sent == {"quotes": 1}


def test_a_client_that_is_gone_is_forgotten_and_its_driver_woken(
    slow: SlowClients, client: Client, sink: FakeSink
) -> None:
    sink.closed = True
    assert slow.look(START + DEADLINE) == []
    assert (len(slow), client.backlog, sink.resumptions, sink.evicted) == (0, None, 1, False)


def test_only_replaced_values_count_as_merged_away(slow: SlowClients, client: Client, counts: FanoutCounts) -> None:
    topic = changed()
    for _ in range(3):
        slow.changed(client, topic)
    assert counts.conflated == {("quotes", "slow"): 2}


def test_trades_that_had_to_go_are_counted(slow: SlowClients, client: Client, counts: FanoutCounts) -> None:
    topic = Topic("trades", "x:A", EPOCH, 1)
    for seq in range(1, 6):
        given = event(topic, seq)
        client.push(given.frame)
        slow.given_gap(given)
        slow.take_back()
    assert client.pending == []
    assert slow.queued == 2
    assert counts.lost["slow_consumer"] == 3
    assert counts.gaps["slow_consumer"] == 1


def test_a_client_that_leaves_is_forgotten(slow: SlowClients, client: Client) -> None:
    slow.discard(client)
    slow.discard(client)
    assert (len(slow), slow.queued, client.backlog) == (0, 0, None)
