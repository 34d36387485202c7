"""One client as the fan-out sees it: a sink, what it gets, and what it has missed while its transport was paused."""

from collections import Counter, deque
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from feeds.market import Bar
from ticker import frames
from ticker.bus import Topic
from ticker.encodings import WEBSOCKET, Encoding, Fields, Framing


class Sink(Protocol):
    """Where a client's bytes go. Nothing here waits."""

    @property
    def file(self) -> int:
        """The file descriptor that takes its bytes at once; -1 while that is left to `write`."""
        ...

    @property
    def paused(self) -> bool:
        """Whether the transport holds so much unsent data that it wants no more."""
        ...

    @property
    def buffered(self) -> int:
        """Bytes that the transport still holds; a decrease is progress."""
        ...

    @property
    def closed(self) -> bool:
        """Whether writing has no sense any more."""
        ...

    def write(self, data: bytes) -> bool:
        """Hand bytes to the transport; False if it is paused then."""
        ...

    def resumed(self) -> None:
        """The client is not behind any more: its next request may be read."""
        ...

    def evict(self) -> None:
        """End a client that takes nothing: close code 4008, and free what it holds."""
        ...


class Options(NamedTuple):
    """How a client gets a topic: at which rate per second (None: every update), and which fields (None: all)."""

    rate: float | None = None
    fields: Fields | None = None


class _Lost:
    """Trades of one topic that were dropped for a slow client, to be told by one gap."""

    __slots__ = ("first", "last", "missed", "received")

    def __init__(self) -> None:
        self.first: int | None = None
        self.last: int | None = None
        self.missed: int | None = 0
        self.received = 0

    def add(self, event: "Event") -> None:
        """One more that the client will not get."""
        self.received = event.received
        self.missed = None if self.missed is None or event.missed is None else self.missed + event.missed
        if event.seq is not None:
            self.first = event.seq if self.first is None else self.first
            self.last = event.seq


class Event(NamedTuple):
    """A frame that must not be merged away: a trade, or a gap that stands for `missed` trades without a seq."""

    topic: Topic
    seq: int | None
    received: int
    missed: int | None
    frame: bytes


class Closed(NamedTuple):
    """The frame of a bar that was closed, or corrected: the next bar must not replace it."""

    topic: Topic
    start: int
    frame: bytes


class Backlog:
    """What a paused client gets when it drains: the names of changed state topics, closed bars, and the newest trades.

    Bounded: a topic is named once, the oldest closed bars beyond the bound are left out, and the oldest trades beyond
    the bounds become one gap a topic.
    """

    __slots__ = ("_closed", "_lost", "_messages_most", "_queue", "_size", "_size_most", "changed")

    def __init__(self, messages_most: int, size_most: int) -> None:
        self.changed: dict[Topic, None] = {}
        self._closed: dict[tuple[Topic, int], bytes] = {}  # by topic and start, in the order of their seq
        self._queue: deque[Event] = deque()
        self._lost: dict[Topic, _Lost] = {}
        self._messages_most = messages_most
        self._size_most = size_most
        self._size = 0

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, event: Event) -> tuple[int, int]:
        """Keep an event; how many trades had to go for it, as far as is known, and how many gaps that opens."""
        self._queue.append(event)
        self._size += len(event.frame)
        lost, gaps = 0, -len(self._lost)
        while len(self._queue) > self._messages_most or self._size > self._size_most:
            oldest = self._queue.popleft()
            self._size -= len(oldest.frame)
            self._lost.setdefault(oldest.topic, _Lost()).add(oldest)
            lost += oldest.missed or 0
        return lost, gaps + len(self._lost)

    def close(self, bar: Closed) -> int:
        """Keep a closed bar in place of what it was; how many closed ones that replaces or crowds out."""
        key = (bar.topic, bar.start)
        replaced = self._closed.pop(key, None) is not None
        self._closed[key] = bar.frame
        if len(self._closed) <= self._messages_most:
            return int(replaced)
        topic, start = next(iter(self._closed))
        del self._closed[topic, start]
        self.changed[topic] = None  # if that was its newest value, it is sent all the same
        return 1

    def forget(self, topic: Topic) -> None:
        """The client does not get this topic any more."""
        self.changed.pop(topic, None)
        self._lost.pop(topic, None)
        if topic.bars is not None:
            self._closed = {key: frame for key, frame in self._closed.items() if key[0] is not topic}
        if topic.history is not None:
            self._queue = deque(event for event in self._queue if event.topic is not topic)
            self._size = sum(len(event.frame) for event in self._queue)

    def events(self, encoding: Encoding, sent: Counter[tuple[str, Framing]]) -> list[bytes]:
        """The gaps, in the order of `received` like the trades, the trades that remain, and the closed bars.

        `sent` counts the last two.
        """
        gaps = [
            frames.gap_frame(
                topic, lost.received, "slow_consumer", encoding, missed=lost.missed, first=lost.first, last=lost.last
            )
            for topic, lost in sorted(self._lost.items(), key=lambda item: item[1].received)
        ]
        sent.update((event.topic.channel, encoding.framing) for event in self._queue if event.seq is not None)
        sent.update((topic.channel, encoding.framing) for topic, _ in self._closed)
        return [*gaps, *(event.frame for event in self._queue), *self._closed.values()]

    def state(self) -> list[Topic]:
        """The topics whose newest value is not among the events."""
        return [topic for topic in self.changed if not self._is_closed(topic)]

    def _is_closed(self, topic: Topic) -> bool:
        return type(topic.value) is Bar and (topic, topic.value.start) in self._closed


class Joining(NamedTuple):
    """A topic that is to go live for a client, once the steps before it are written."""

    topic: Topic
    options: Options
    snapshot: int  # how many of its values come first: of bars perhaps many, of other state one


# Of what a client was promised: a frame, a topic that goes live, or several that go live at one point.
Step = bytes | Joining | list[Joining]


class Client:
    """What the fan-out knows of one client. Times in nanoseconds."""

    __slots__ = (
        "backlog",
        "buffered",
        "deadline",
        "encoding",
        "joining",
        "name",
        "owed",
        "pending",
        "push",
        "sink",
        "topics",
        "written",
    )

    def __init__(self, name: str, sink: Sink, now: int, encoding: Encoding = WEBSOCKET) -> None:
        self.name = name
        self.sink = sink
        self.encoding = encoding  # of what it gets whole; one of ticker/encodings.py's own, which are told by identity
        self.topics: dict[Topic, Options] = {}  # those it gets
        self.pending: list[bytes] = []  # the write list: what goes out with the next flush; this list and no other,
        self.push = self.pending.append  # since its audiences hold this
        self.joining: list[Iterator[Step]] = []  # what it was promised, step by step; a deque is 700 bytes
        self.backlog: Backlog | None = None  # there while the client is paused
        self.owed: dict[Topic, int] = {}  # state that it missed and gets step by step, with its seq when it drained
        self.buffered = 0
        self.deadline = 0
        self.written = now

    @property
    def behind(self) -> bool:
        """Whether what it was promised is not on its way yet; no request of its is read meanwhile."""
        return self.backlog is not None or bool(self.joining)
