"""The hot path: frames onto write lists, and each client with something to say gets one write of its joined frames.

What is done for each delivery, and for each write, is all in `spread` and `_write_to_some`; the rest is per flush. So:

- a topic's frame is one object, and putting it on a write list is one call of the list's own `append`, which its
  audience holds for each client (ticker/audiences.py): nothing is looked up, asked or decided for each delivery;
- that includes paused clients. What they were given is taken back at the next flush, and remembered in bounded space
  (ticker/slow.py): there are few of them, and the others need not be asked whether they are paused;
- writes are made together, one system call after the other (`WriteAll`), so that little is done between two of them:
  after each the kernel has left little of what the processor had at hand. docs/performance.md has what it gave;
- a flush longer than a slice is cut, and the loop turns in between; what is published meanwhile goes with the next one,
  or with the client's turn in this one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice, repeat

import structlog

from feeds.counts import Histogram
from feeds.feed import Clock
from feeds.timestamps import SECOND
from ticker import frames
from ticker.audiences import Clients
from ticker.bus import Topic
from ticker.clients import Backlog, Client
from ticker.counts import SHORT_BUCKETS, FanoutCounts
from ticker.encodings import WEBSOCKET, Encoding
from ticker.pacing import FlushPace
from ticker.slow import SlowClients

Schedule = Callable[[float, Callable[[], None]], object]  # in so many seconds call this; 0: in this turn of the loop
# Writes to each file and says how much each took, up to the first one that failed.
WriteAll = Callable[[Sequence[int], Sequence[bytes]], Sequence[int]]

log = structlog.get_logger("fanout")

SLICE = SECOND // 200  # 5 ms
BETWEEN_LOOKS = 32  # clients written to between two looks at the clock: some 0.2 ms, or 10 where all are paused
LOOK_SLICE = SECOND // 500
SLOW_LOOK_S = 0.02  # there is no event for "drained": paused clients are looked at this often while there are any


class Flusher:
    """Puts frames on write lists and sees to it that they are written."""

    def __init__(
        self,
        clock: Clock,
        schedule: Schedule,
        write_all: WriteAll,
        *,
        pace: FlushPace,
        slow: SlowClients,
        counts: FanoutCounts,
        more: Callable[[Client], None],
    ) -> None:
        self._clock = clock
        self._schedule = schedule
        self._write_all = write_all
        self._more = more  # a client was written to and still waits for snapshots
        self._counts = counts
        self.pace = pace
        self.slow = slow
        self.streams = 0  # clients of another transport than WebSocket: while there are none, nothing is told apart
        self._ready: Clients = {}  # the clients whose write list is not empty
        self._batch: Iterator[Client] = iter(())  # those of them that the running flush still has to write to
        self._fresh: dict[Topic, int] = {}  # what the next flush sends, and when it was received
        self._started = 0
        self._scheduled = self._looking = False

    def spread(self, topic: Topic, clients: Clients, encoding: Encoding = WEBSOCKET) -> None:
        """Put a topic's newest value on write lists, which have this encoding."""
        frame = frames.update(topic, encoding)
        self.put(frame, clients)
        self._counts.sent[topic.channel, encoding.framing] += len(clients)
        if self.slow.clients:
            self.slow.given_value(topic, frame)

    def put(self, frame: bytes, clients: Clients) -> None:
        """Put a frame on write lists. Whoever calls it tells `slow` what the frame was, while anyone is slow."""
        for push in clients.values():
            push(frame)
        self._ready.update(clients)
        self.wake()

    def append(self, client: Client, frames: Iterable[bytes]) -> None:
        """Put frames on the write list of one client, which is not paused."""
        client.pending += frames
        self._ready[client] = client.push
        self.wake()

    def note_receipt(self, topic: Topic, received: int) -> None:
        """The next flush sends a topic's value that was received then."""
        self._fresh.setdefault(topic, received)

    def wake(self) -> None:
        """There is something to write: schedule the flush, as soon as its pace allows."""
        if not self._scheduled:
            self._scheduled = True
            wait = self.pace.not_before - self._clock()
            self._schedule(wait / SECOND if wait > 0 else 0, self._flush)

    def write_now(self, client: Client) -> None:
        """Write what is on one client's list, before the next flush."""
        self._write_to_some((client,), self._clock())

    def _flush(self) -> None:
        self._started = self._clock()
        self.slow.flush_begins()
        self._batch, self._ready = iter(self._ready), {}
        self._go_on()

    def _go_on(self) -> None:
        """Write to the batch until it is done, or this slice of time is over."""
        clock = self._clock
        now = clock()
        until = now + SLICE
        while some := list(islice(self._batch, BETWEEN_LOOKS)):
            self._write_to_some(some, now)
            if clock() >= until:
                self._schedule(0, self._go_on)
                return
        self._flushed()

    def _write_to_some(self, clients: Iterable[Client], now: int) -> None:
        """One write to each of some clients: first all is made ready, then all is written in one go."""
        direct: list[Client] = []
        files: list[int] = []
        writes: list[bytes] = []
        for client in clients:
            pending = client.pending
            if not pending:  # it left, or it had this already in the flush before
                continue
            if client.backlog is not None:
                self.slow.take_back(client)
                continue
            data = pending[0] if len(pending) == 1 else b"".join(pending)
            pending.clear()
            client.written = now
            if client.sink.file >= 0 and not client.joining:
                direct.append(client)
                files.append(client.sink.file)
                writes.append(data)
            else:
                self._counts.sent_bytes += len(data)
                self._counts.streamed_bytes += 0 if client.encoding is WEBSOCKET else len(data)
                self._write(client, data, now)
        taken, size = self._write_all(files, writes), sum(map(len, writes))
        self._counts.sent_bytes += size
        if self.streams:
            pairs = zip(direct, writes, strict=True)
            self._counts.streamed_bytes += sum(len(data) for client, data in pairs if client.encoding is not WEBSOCKET)
        if sum(taken) < size:
            for client, data, sent in zip(direct, writes, chain(taken, repeat(0)), strict=False):
                if sent < len(data):
                    self._write(client, data[sent:], now)

    def _write(self, client: Client, data: bytes, now: int) -> None:
        """Write to one client, whose sink does what is needed."""
        try:
            keeps_up = client.sink.write(data)
        except Exception:  # a bug costs the one client, not all the others
            log.exception("cannot write to a client; it is ended", session=client.name)
            client.sink.evict()
            return
        if not keeps_up:
            self._pause(client, now)
        elif client.joining:
            self._more(client)

    def _pause(self, client: Client, now: int) -> None:
        self.slow.add(client, now)
        if not self._looking:
            self._look_later()

    def _look_later(self) -> None:
        self._looking = True
        self._schedule(SLOW_LOOK_S, lambda: self._look(iter(list(self.slow.clients))))

    def _look(self, clients: Iterator[Client]) -> None:
        """See which of the paused clients have drained, until all were seen, or this slice of time is over."""
        now = self._clock()
        for client in clients:
            if (backlog := self.slow.look(client, now)) is not None:
                self._catch_up(client, backlog)
            if self._clock() >= now + LOOK_SLICE:
                self._schedule(0, lambda: self._look(clients))
                return
        self._looking = False
        if self.slow.clients:
            self._look_later()

    def _catch_up(self, client: Client, backlog: Backlog) -> None:
        """What the client missed: its events at once, since others may follow, and its state as it takes it."""
        if events := backlog.events(client.encoding, self._counts.sent):
            self.append(client, events)
        if state := backlog.state():
            self.slow.owe(client, state)
        if client.joining:
            self._more(client)
        else:
            client.sink.resumed()

    def _flushed(self) -> None:
        ended = self._clock()
        self.pace.flushed(self._started, ended)
        self._counts.flush.observe((ended - self._started) / SECOND)
        fresh, self._fresh = self._fresh, {}
        for topic, received in fresh.items():
            histogram = self._counts.receipt.setdefault(topic.channel, Histogram(SHORT_BUCKETS))
            histogram.observe((ended - received) / SECOND)
        self._scheduled = False
        if self._ready:
            self.wake()
