"""How topics go live for a client: one after the other, each with its snapshot, as the client takes them.

A topic is live from the moment at which its snapshot enters the write list. A subscription may take in thousands, and
a thousand clients may subscribe at once: what is to be done is done in slices, and each client has at most a slice's
worth on its write list.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

import structlog

from feeds.feed import Clock
from feeds.timestamps import SECOND
from ticker import frames
from ticker.audiences import Audiences
from ticker.clients import Client, Joining, Step
from ticker.flusher import Flusher, Schedule

SLICE = SECOND // 333  # 3 ms
STEPS = 64  # a client's at once, where most topics have no snapshot: some 0.2 ms
BYTES = 64 * 1024  # a client's at once: as much as a transport takes before it pauses

log = structlog.get_logger("fanout")


class Joiners:
    """The clients that were promised something, and wait for it."""

    def __init__(
        self,
        clock: Clock,
        schedule: Schedule,
        *,
        flusher: Flusher,
        audiences: Audiences,
    ) -> None:
        self._clock = clock
        self._schedule = schedule
        self._flusher = flusher
        self._audiences = audiences
        self._asked = False  # to serve those who wait, in one of the next turns of the loop
        self._waiting: OrderedDict[Client, None] = OrderedDict()  # a plain dict is slow to give up its oldest

    def promise(self, client: Client, steps: Iterable[Step]) -> None:
        """Topics to let go live, and frames to send between, in this order and behind all that was promised before.

        `steps` is read on as they are taken: it may be long, and decide late.
        """
        client.joining.append(iter(steps))
        if len(client.joining) == 1 and client.backlog is None:
            self.go_on(client)

    def go_on(self, client: Client) -> None:
        """A client takes more: its next steps come when it is its turn."""
        self._waiting[client] = None
        if not self._asked:  # once for a turn of the loop, also where the only one that waits is being served
            self._asked = True
            self._schedule(0, self._serve)

    def _serve(self) -> None:
        until = self._clock() + SLICE
        while self._waiting:
            client, _ = self._waiting.popitem(last=False)
            try:
                self._advance(client)
            except Exception:  # a bug costs the one client, not all that wait behind it
                log.exception("cannot let topics go live for a client; it is ended", session=client.name)
                client.joining.clear()
                client.sink.evict()
            if self._clock() >= until:
                break
        self._asked = bool(self._waiting)
        if self._asked:
            self._schedule(0, self._serve)

    def _advance(self, client: Client) -> None:
        """Take a client's next steps. The flush that writes what comes of them brings the client back here."""
        if client.backlog is not None:  # it was paused while it waited for its turn
            return
        if client.sink.closed:
            # Nobody takes the rest, and the trades among it may come faster than they are told: that would never end.
            client.joining.clear()
            client.sink.resumed()
            return
        size = 0
        for _ in range(STEPS):
            if not client.joining or size >= BYTES:
                break
            step = next(client.joining[0], None)
            if step is None:
                del client.joining[0]
            elif found := self._take(client, step):
                self._flusher.append(client, found)
                size += sum(map(len, found))
        if not client.joining:
            client.sink.resumed()
        elif not size:
            self.go_on(client)

    def _take(self, client: Client, step: Step) -> Sequence[bytes]:
        """The frames that a step puts on the client's write list."""
        if isinstance(step, bytes):
            return (step,)
        if isinstance(step, Joining):
            return self._take_in(client, step)
        return [frame for joining in step for frame in self._take_in(client, joining)]

    def _take_in(self, client: Client, joining: Joining) -> Sequence[bytes]:
        topic, options, snapshot = joining
        client.topics[topic] = options
        self._audiences.add(client, topic, options)
        encoding = client.encoding.choosing(options.fields)
        if topic.bars is not None:
            return frames.newest_bars(topic, snapshot, encoding) if snapshot else ()
        return (frames.snapshot(topic, encoding),) if snapshot and topic.value is not None else ()
