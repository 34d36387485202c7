"""The write lists and their flush: each client with something to say gets one write of its joined frames.

A flush longer than a slice is cut, and the loop turns in between; what is published meanwhile goes with the next one,
or with the client's turn in this one.
"""

from collections import deque
from collections.abc import Callable, Iterable

import structlog

from feeds.counts import Histogram
from feeds.feed import Clock
from feeds.timestamps import SECOND
from ticker.bus import Topic
from ticker.clients import Client
from ticker.counts import SHORT_BUCKETS, FanoutCounts
from ticker.pacing import FlushPace
from ticker.slow import SlowClients

Schedule = Callable[[float, Callable[[], None]], object]  # in so many seconds call this; 0: in this turn of the loop

log = structlog.get_logger("fanout")

SLICE = SECOND // 100
BETWEEN_LOOKS = 16  # clients written to between two looks at the clock: some 0.1 ms, or 5 where all get snapshots
SLOW_LOOK_S = 0.02  # there is no event for "drained": paused clients are looked at this often while there are any


class Flusher:
    """Appends frames to write lists and sees to it that they are written."""

    def __init__(
        self,
        clock: Clock,
        schedule: Schedule,
        *,
        pace: FlushPace,
        slow: SlowClients,
        counts: FanoutCounts,
        more: Callable[[Client], None],
    ) -> None:
        self._clock = clock
        self._schedule = schedule
        self._more = more  # a client was written to and still waits for snapshots
        self._counts = counts
        self.pace = pace
        self.slow = slow
        self.listed: deque[Client] = deque()  # clients whose write list is not empty
        self._batch: deque[Client] = deque()  # those of them that the running flush still has to write to
        self._fresh: dict[Topic, int] = {}  # what the next flush sends, and when it was received
        self._started = 0
        self._scheduled = self._looking = False

    def append(self, client: Client, frames: Iterable[bytes]) -> None:
        """Put frames on a client's write list."""
        if not client.pending:
            self.listed.append(client)
        client.pending += frames
        self.wake()

    def spread(self, topic: Topic, received: int) -> None:
        """The topic's frame was put on write lists."""
        self._fresh.setdefault(topic, received)
        self.wake()

    def wake(self) -> None:
        """There is something to write: schedule the flush, as soon as its pace allows."""
        if not self._scheduled:
            self._scheduled = True
            wait = self.pace.not_before - self._clock()
            self._schedule(wait / SECOND if wait > 0 else 0, self._flush)

    def _flush(self) -> None:
        self._started = self._clock()
        self._batch, self.listed = self.listed, self._batch
        self._go_on()

    def _go_on(self) -> None:
        """Write to the batch until it is done, or this slice of time is over."""
        batch, clock = self._batch, self._clock
        now = clock()
        until = now + SLICE
        while batch:
            self._write_to_some(batch, now)
            if clock() >= until and batch:
                self._schedule(0, self._go_on)
                return
        self._flushed()

    def _write_to_some(self, batch: deque[Client], now: int) -> None:
        """One write to each of the next clients. With Fanout._deliver, what the service does most."""
        for _ in range(min(len(batch), BETWEEN_LOOKS)):
            client = batch.popleft()
            pending = client.pending
            if not pending:  # it left meanwhile
                continue
            data = pending[0] if len(pending) == 1 else b"".join(pending)
            pending.clear()
            client.written = now
            self._counts.sent_bytes += len(data)
            try:
                keeps_up = client.sink.write(data)
            except Exception:  # a bug costs the one client, not all the others
                log.exception("cannot write to a client; it is ended", session=client.name)
                client.sink.evict()
                continue
            if not keeps_up:
                self.slow.add(client, now)
                self._look_soon()
            elif client.joining:
                self._more(client)

    def _flushed(self) -> None:
        ended = self._clock()
        self.pace.flushed(self._started, ended)
        self._counts.flush.observe((ended - self._started) / SECOND)
        fresh, self._fresh = self._fresh, {}
        for topic, received in fresh.items():
            histogram = self._counts.receipt.setdefault(topic.channel, Histogram(SHORT_BUCKETS))
            histogram.observe((ended - received) / SECOND)
        self._scheduled = False
        if self.listed:
            self.wake()

    def _look_soon(self) -> None:
        if not self._looking:
            self._looking = True
            self._schedule(SLOW_LOOK_S, self._look)

    def _look(self) -> None:
        self._looking = False
        for client, frames in self.slow.look(self._clock()):
            if frames:
                self.append(client, frames)
            if client.joining:
                self._more(client)
            else:
                client.sink.resumed()
        if len(self.slow):
            self._look_soon()
