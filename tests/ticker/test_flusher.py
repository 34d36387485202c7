"""The flush: one write for each client, in slices, at its pace."""

from collections.abc import Callable

import pytest
import structlog.testing

from feeds.timestamps import SECOND
from tests.ticker.fakes import FakeSink, FakeSockets, ManualClock, ManualSchedule, anything
from tests.ticker.stage import EPOCH
from ticker import frames
from ticker.bus import Topic
from ticker.clients import Client, Joining, Options
from ticker.counts import FanoutCounts
from ticker.flusher import BETWEEN_LOOKS, Flusher
from ticker.pacing import MILLISECOND, FlushPace
from ticker.slow import SlowClients

TOPIC = Topic("quotes", "x:A", EPOCH)
HELLO, WORLD = (frames.encode({"type": word}) for word in ("hello", "world"))


class Rig:
    """A flusher, and what it works with."""

    def __init__(self, interval_ms: float = 0) -> None:
        self.clock = ManualClock()
        self.schedule = ManualSchedule(self.clock)
        self.sockets = FakeSockets()
        self.counts = FanoutCounts()
        self.slow = SlowClients(self.counts, deadline=30 * SECOND, messages=10, size=10_000)
        self.asked_for_more: list[Client] = []
        self.flusher = Flusher(
            self.clock,
            self.schedule,
            self.sockets.write_all,
            pace=FlushPace(interval_ms, 250),
            slow=self.slow,
            counts=self.counts,
            more=self.asked_for_more.append,
        )

    def client(self, sink: FakeSink) -> Client:
        return Client("k3f9", sink, self.clock())


class SlowSink(FakeSink):
    """A sink whose writes take 6 ms, and during which something happens."""

    def __init__(self, clock: ManualClock, meanwhile: Callable[[], None] = lambda: None) -> None:
        super().__init__(clock)
        self._time, self._meanwhile = clock, meanwhile

    def write(self, data: bytes) -> bool:
        more = super().write(data)
        self._time.advance(0.006)
        self._meanwhile()
        return more


def said(sink: FakeSink) -> list[list[str]]:
    """The messages of each write."""
    return [[message["type"] for message in anything(data)] for data in sink.writes]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_what_is_appended_goes_in_this_turn_in_one_write(rig: Rig) -> None:
    sink = FakeSink(rig.clock)
    client = rig.client(sink)
    rig.flusher.append(client, (HELLO,))
    rig.flusher.append(client, (WORLD, HELLO))
    assert sink.writes == []
    rig.schedule.turn()
    assert said(sink) == [["hello", "world", "hello"]]
    assert (rig.counts.sent_bytes, client.written) == (len(sink.writes[0]), rig.clock())
    assert (len(rig.schedule), rig.asked_for_more) == (0, [])


def test_a_frame_alone_is_not_copied(rig: Rig) -> None:
    sink = FakeSink(rig.clock)
    rig.flusher.append(rig.client(sink), (HELLO,))
    rig.schedule.settle()
    assert sink.writes[0] is HELLO


def test_sockets_that_take_bytes_at_once_are_written_to_together_and_the_others_by_their_sinks(rig: Rig) -> None:
    sinks = [rig.sockets.open(FakeSink(rig.clock)) for _ in range(3)]
    sinks[1].stalled = True  # its socket is full: it and what stands behind it are their sinks' to write
    sinks.append(FakeSink(rig.clock))
    clients = [rig.client(sink) for sink in sinks]
    for client in clients:
        rig.flusher.append(client, (HELLO,))
    rig.schedule.turn()
    assert [said(sink) for sink in sinks] == [[["hello"]]] * 4
    assert rig.counts.sent_bytes == 4 * len(HELLO)


def test_what_a_socket_takes_in_part_is_finished_by_its_sink(rig: Rig) -> None:
    sink = rig.sockets.open(FakeSink(rig.clock))
    rig.flusher._write_all = lambda _, writes: [3]
    rig.flusher.append(rig.client(sink), (HELLO,))
    rig.schedule.turn()
    assert sink.writes == [HELLO[3:]]


def test_a_client_that_left_meanwhile_is_not_written_to(rig: Rig) -> None:
    sink = FakeSink(rig.clock)
    client = rig.client(sink)
    rig.flusher.append(client, (HELLO,))
    client.pending.clear()
    rig.schedule.settle()
    assert (sink.writes, sink.evicted) == ([], False)


def test_flushes_keep_the_interval() -> None:
    rig = Rig(interval_ms=20)
    sink = FakeSink(rig.clock)
    client = rig.client(sink)
    began = rig.clock()
    for _ in range(3):
        rig.flusher.append(client, (HELLO,))
        rig.schedule.run_for(0.005)
    rig.schedule.run_for(1)
    assert [(at - began) // MILLISECOND for at in sink.written_at] == [0, 20]
    assert said(sink) == [["hello"], ["hello", "hello"]]


def test_a_flush_that_took_long_keeps_the_next_one_waiting_half_as_long(rig: Rig) -> None:
    sink = SlowSink(rig.clock)
    client = rig.client(sink)
    began = rig.clock()
    for _ in range(2):
        rig.flusher.append(client, (HELLO,))
        rig.schedule.settle()
    rig.schedule.run_for(0.1)
    assert [(at - began) // MILLISECOND for at in sink.written_at] == [0, 9]
    assert rig.flusher.pace.wait == 9 * MILLISECOND


def test_a_long_flush_is_cut_in_slices_between_which_the_loop_turns(rig: Rig) -> None:
    sinks = [SlowSink(rig.clock) for _ in range(2 * BETWEEN_LOOKS + 1)]
    for sink in sinks:
        rig.flusher.append(rig.client(sink), (HELLO,))
    turns = []
    while any(not sink.writes for sink in sinks):
        rig.schedule.turn()
        turns.append(sum(len(sink.writes) for sink in sinks))
    assert turns == [BETWEEN_LOOKS, 2 * BETWEEN_LOOKS, 2 * BETWEEN_LOOKS + 1]


def test_what_comes_between_two_slices_goes_with_the_clients_turn_or_the_next_flush(rig: Rig) -> None:
    sinks: list[FakeSink] = []

    def meanwhile() -> None:
        if len(sinks[0].writes) == 1 and not sinks[2].writes:
            rig.flusher.append(early, (WORLD,))
            rig.flusher.append(late, (WORLD,))

    sinks += [SlowSink(rig.clock), SlowSink(rig.clock, meanwhile), FakeSink(rig.clock)]
    early, middle, late = (rig.client(sink) for sink in sinks)
    for client in (early, middle, late):
        rig.flusher.append(client, (HELLO,))
    rig.schedule.run_for(0.1)
    assert [said(sink) for sink in sinks] == [[["hello"], ["world"]], [["hello"]], [["hello", "world"]]]


def test_a_client_that_waits_for_snapshots_is_asked_about_after_its_write(rig: Rig) -> None:
    client = rig.client(FakeSink(rig.clock))
    client.joining.append(iter((Joining(TOPIC, Options(), True),)))
    rig.flusher.append(client, (HELLO,))
    rig.schedule.settle()
    assert rig.asked_for_more == [client]


def test_a_client_whose_transport_is_full_is_slow_and_looked_at_until_it_drains(rig: Rig) -> None:
    sink = FakeSink(rig.clock, high=0)
    sink.stalled = True
    client = rig.client(sink)
    client.joining.append(iter((Joining(TOPIC, Options(), True),)))
    rig.flusher.append(client, (HELLO,))
    rig.schedule.run_for(0.1)
    assert (len(rig.slow.clients), rig.asked_for_more) == (1, [])
    sink.drain()
    rig.schedule.run_for(0.02)
    assert (len(rig.slow.clients), len(rig.schedule)) == (0, 0)


def test_all_slow_clients_are_looked_at_by_one_timer(rig: Rig) -> None:
    for _ in range(3):
        sink = FakeSink(rig.clock, high=0)
        sink.stalled = True
        rig.flusher.append(rig.client(sink), (HELLO,))
    rig.schedule.run_for(0.05)
    assert (len(rig.slow.clients), len(rig.schedule)) == (3, 1)


def test_a_client_that_cannot_be_written_to_is_ended_and_the_others_are_not(rig: Rig) -> None:
    class Broken(FakeSink):
        def write(self, data: bytes) -> bool:
            raise RuntimeError("the handler is closed")

    sinks = [FakeSink(rig.clock), Broken(rig.clock), FakeSink(rig.clock)]
    for sink in sinks:
        rig.flusher.append(rig.client(sink), (HELLO,))
    with structlog.testing.capture_logs() as logged:
        rig.schedule.settle()
    assert [sink.evicted for sink in sinks] == [False, True, False]
    assert [said(sink) for sink in sinks] == [[["hello"]], [], [["hello"]]]
    assert [entry["session"] for entry in logged] == ["k3f9"]
    rig.flusher.append(rig.client(sinks[0]), (WORLD,))
    rig.schedule.settle()
    assert said(sinks[0])[1:] == [["world"]]


@pytest.mark.parametrize("missed", [True, False], ids=["with news", "without"])
def test_a_drained_client_goes_on_with_what_it_missed_and_then_with_its_snapshots(rig: Rig, missed: bool) -> None:
    sink = FakeSink(rig.clock, high=0)
    sink.stalled = True
    client = rig.client(sink)
    rig.flusher.append(client, (HELLO,))
    rig.schedule.settle()
    client.topics[TOPIC] = Options()
    client.joining.append(iter((Joining(TOPIC, Options(), True),)))
    if missed:
        TOPIC.frame = WORLD
        rig.flusher.spread(TOPIC, {client: client.push})
    sink.drain()
    rig.schedule.run_for(0.02)
    assert rig.asked_for_more == [client]
    steps = [step for promised in client.joining for step in promised]
    assert steps == [*([WORLD] if missed else []), Joining(TOPIC, Options(), True)]
    assert sink.resumptions == 0  # it is behind until its snapshots are on their way


def test_a_drained_client_that_waits_for_nothing_is_read_from_again(rig: Rig) -> None:
    sink = FakeSink(rig.clock, high=0)
    sink.stalled = True
    rig.flusher.append(rig.client(sink), (HELLO,))
    rig.schedule.settle()
    assert sink.resumptions == 0
    sink.drain()
    rig.schedule.run_for(0.02)
    assert sink.resumptions == 1


def test_the_time_from_receipt_to_write_is_counted_once_for_a_topic_and_flush(rig: Rig) -> None:
    client = rig.client(SlowSink(rig.clock))
    received = rig.clock() - 4 * MILLISECOND
    for moment in (received, rig.clock()):
        rig.flusher.append(client, (HELLO,))
        rig.flusher.note_receipt(TOPIC, moment)
    rig.schedule.settle()
    histogram = rig.counts.receipt["quotes"]
    assert [sum(histogram.counts), round(histogram.total, 6)] == [1, 0.010]
    assert [sum(rig.counts.flush.counts), round(rig.counts.flush.total, 6)] == [1, 0.006]
