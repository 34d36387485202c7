"""Who gets what, and when: the bookkeeping between the bus and the clients' sinks.

A client that keeps up has its frames appended to its write list, and gets them in one write per flush
(ticker/flusher.py). A client whose transport is paused has just the names of what changed, and a bounded queue of
trades (ticker/slow.py). A paced topic goes to its clients at most so many times a second (ticker/pacing.py).
"""

from collections import deque
from collections.abc import Iterable

import structlog

from feeds.feed import Clock
from feeds.market import Bar, Gap
from feeds.timestamps import SECOND
from ticker import frames
from ticker.audiences import Audience, Audiences, Clients
from ticker.bus import Topic
from ticker.clients import Client, Event, Options, Sink, Step
from ticker.counts import FanoutCounts
from ticker.encodings import WEBSOCKET, Encoding
from ticker.flusher import Flusher, Schedule, WriteAll
from ticker.joining import Joiners
from ticker.pacing import Cadence, FlushPace
from ticker.slow import SlowClients
from ticker.waiters import Waiter

log = structlog.get_logger("fanout")

SLICE = SECOND // 500  # 2 ms for each of several cadences


class Fanout:
    """Spreads what is published over the clients. Called from one thread; never waits."""

    def __init__(
        self,
        clock: Clock,
        schedule: Schedule,
        write_all: WriteAll,
        *,
        flush_interval_ms: float = 0,
        flush_wait_max_ms: float = 250,
        heartbeat_s: float = 10,
        write_deadline_s: float = 30,
        slow_queue_messages: int = 1_000,
        slow_queue_bytes: int = 262_144,
    ) -> None:
        self.counts = FanoutCounts()
        self.clients: dict[Client, None] = {}
        self.slow = SlowClients(
            self.counts,
            deadline=int(write_deadline_s * SECOND),
            messages=slow_queue_messages,
            size=slow_queue_bytes,
        )
        self.pace = FlushPace(flush_interval_ms, flush_wait_max_ms)
        self._audiences = Audiences()
        self._flusher = Flusher(
            clock, schedule, write_all, pace=self.pace, slow=self.slow, counts=self.counts, more=self._go_on
        )
        self._joiners = Joiners(clock, schedule, flusher=self._flusher, audiences=self._audiences)
        self._clock = clock
        self._schedule = schedule
        self._heartbeat_after = int(heartbeat_s * SECOND)

    @property
    def topics(self) -> Iterable[Topic]:
        """The topics that somebody gets."""
        return self._audiences

    def attach(self, name: str, sink: Sink, encoding: Encoding = WEBSOCKET) -> Client:
        """A client that has come; it gets nothing yet."""
        client = Client(name, sink, self._clock(), encoding)
        self.clients[client] = None
        self._flusher.streams += encoding is not WEBSOCKET
        return client

    def finish(self, client: Client) -> None:
        """A client that is sent away: it gets what is on its write list now, if it keeps up, and nothing more."""
        if client.backlog is None:
            self._flusher.write_now(client)
        self.detach(client)

    def detach(self, client: Client) -> None:
        """A client that goes: nothing is written to it from here on."""
        if client in self.clients:
            del self.clients[client]
            self._flusher.streams -= client.encoding is not WEBSOCKET
        self.slow.discard(client)
        client.joining.clear()
        client.owed.clear()
        client.pending.clear()
        for topic in list(client.topics):
            self.leave(client, topic)

    def send(self, client: Client, frame: bytes) -> None:
        """A frame for one client, behind all that it was promised before."""
        if client.behind:
            self._joiners.promise(client, (frame,))
        else:
            self._flusher.append(client, (frame,))

    def join(self, client: Client, steps: Iterable[Step]) -> None:
        """Let topics go live for a client one after the other, each with its snapshot, and send the frames between.

        What does not fit in a slice follows with later flushes, as the client drains. `steps` is read on as they are
        taken, so that it may be long and decide late.
        """
        self._joiners.promise(client, steps)

    def leave(self, client: Client, topic: Topic) -> None:
        """A client does not get a topic any more, from its next update on."""
        if topic not in client.topics:
            return
        self._audiences.remove(client, topic, client.topics.pop(topic))
        if client.backlog is not None:
            self.slow.take_back(client)
            client.backlog.forget(topic)

    def end(self, status: Topic, topics: Iterable[Topic]) -> None:
        """A symbol is gone: nobody gets its topics any more, and whoever did has its last status, or gets it yet."""
        holders: dict[Client, None] = {}
        for topic in topics:
            for client in self._audiences.holders(topic):
                self.leave(client, topic)
                holders[client] = None
        for client in holders:
            if client.behind:  # what it missed is known by its topic, which is no more
                self.send(client, frames.update(status, client.encoding))

    def change(self, client: Client, topic: Topic, options: Options) -> None:
        """A topic that a client gets comes at another rate, or with other fields, from now on."""
        before, client.topics[topic] = client.topics[topic], options
        if before == options:
            return
        held_back = self._audiences.held_back(client, topic, before)
        if self._audiences.remove(client, topic, before):
            self._audiences.add(client, topic, options)
            if held_back:  # at once: who asks for another rate looks at it now, and others' turn is not this client's
                self._flusher.spread(topic, {client: client.push}, client.encoding.choosing(options.fields))

    def wait(self, waiter: Waiter) -> None:
        """Wake one when the first of its topics changes."""
        self._audiences.wait(waiter)

    def forget(self, waiter: Waiter) -> None:
        """One waits no more, or was woken."""
        self._audiences.forget(waiter)

    def published(self, topic: Topic) -> None:
        """A topic has a new value: it goes on the write list of each who gets every update."""
        assert topic.value is not None
        audience: Audience = topic.audience
        if audience.every:
            self._flusher.spread(topic, audience.every)
            self._flusher.note_receipt(topic, topic.value.received)
        if audience.others:
            for encoding, others in audience.others.items():
                self._flusher.spread(topic, others, encoding)
            self._flusher.note_receipt(topic, topic.value.received)
        for cadence, clients in audience.paced.items():
            if type(topic.value) is Bar:
                self._pass_on(cadence, topic, clients)
            else:
                self._offer(cadence, topic, clients)
        if audience.waiters:
            self._audiences.wake(audience)

    def lost(self, topic: Topic, gap: Gap) -> None:
        """Trades will not come: told to each who gets the topic."""
        self.counts.gaps["feed"] += 1
        self.counts.lost["feed"] += gap.missed or 0
        audience: Audience | None = topic.audience
        if audience is not None:
            self._tell(topic, gap, audience.every, WEBSOCKET)
            for encoding, clients in audience.others.items():
                self._tell(topic, gap, clients, encoding)
            self._audiences.wake(audience)

    def heartbeat(self, now: int, next_look: int) -> None:
        """Tell the clients that would have heard nothing for too long by the next look that the connection lives."""
        heard_since = next_look - self._heartbeat_after
        quiet = [client for client in self.clients if client.written < heard_since and client.backlog is None]
        beats = {encoding: (frames.heartbeat(now, encoding),) for encoding in {c.encoding for c in quiet}}
        for client in quiet:
            self._flusher.append(client, beats[client.encoding])

    def _tell(self, topic: Topic, gap: Gap, clients: Clients, encoding: Encoding) -> None:
        if not clients:
            return
        frame = frames.feed_gap(topic, gap, encoding)
        self._flusher.put(frame, clients)
        if self.slow.clients:
            self.slow.given_gap(Event(topic, None, gap.received, gap.missed, frame))

    def _go_on(self, client: Client) -> None:
        self._joiners.go_on(client)

    def _offer(self, cadence: Cadence, topic: Topic, clients: Clients) -> None:
        now = self._clock()
        if cadence.waits(topic):
            self.counts.conflated[topic.channel, "rate"] += len(clients)
        elif cadence.offer(topic, now):
            self._flusher.spread(topic, clients, cadence.encoding)
        elif not cadence.scheduled:
            self._schedule_cadence(cadence)

    def _pass_on(self, cadence: Cadence, topic: Topic, clients: Clients) -> None:
        """A closed bar goes at once, since the next one must not replace it, and in place of what waits."""
        if cadence.drop(topic):
            self.counts.conflated[topic.channel, "rate"] += len(clients)
        self._flusher.spread(topic, clients, cadence.encoding)

    def _schedule_cadence(self, cadence: Cadence) -> None:
        cadence.scheduled = True
        now = self._clock()
        wait = (cadence.next_at(now) - now) / SECOND
        self._schedule(wait, lambda: self._send_due(cadence, deque(cadence.due(self._clock()))))

    def _send_due(self, cadence: Cadence, topics: deque[Topic]) -> None:
        """Send what was due at a cadence's time, in slices; then wait for its next time."""
        until = self._clock() + SLICE
        while topics:
            topic = topics.popleft()
            audience: Audience | None = topic.audience
            clients = audience.paced.get(cadence) if audience else None
            if clients and cadence.take(topic, self._clock()):
                try:
                    self._flusher.spread(topic, clients, cadence.encoding)
                except Exception:  # a bug costs the one value, not the cadence
                    log.exception("cannot send a value", channel=topic.channel, symbol=topic.symbol)
            if self._clock() >= until:
                break
        if topics:
            self._schedule(0, lambda: self._send_due(cadence, topics))
        elif cadence:
            self._schedule_cadence(cadence)
        else:
            cadence.scheduled = False
