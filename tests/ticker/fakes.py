"""What the deciders need of the world: time, an event loop's timers and a client's transport, in the test's hand."""

import heapq
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

from feeds.market import Interval
from feeds.timestamps import SECOND, nanoseconds
from tests.described import check
from ticker.bus import Bus, ChannelName, Topic

START = nanoseconds("2026-08-09T21:05:48Z")

CONTROL = {9: "PING", 10: "PONG"}

Message = dict[str, Any]


class ManualClock:
    """The time, in nanoseconds since 1970: stands still until it is moved, or creeps on each time it is looked at."""

    def __init__(self, now: int = START) -> None:
        self.now = now
        self.creep = 0

    def __call__(self) -> int:
        self.now += self.creep
        return self.now

    def advance(self, seconds: float) -> int:
        """Let time pass; the new time."""
        self.now += round(seconds * SECOND)
        return self.now


class HeardBus(Bus):
    """A bus of which the listener hears everything: each topic has an audience."""

    def topic(self, channel: ChannelName, symbol: str, interval: Interval | None = None) -> Topic:
        """A new topic."""
        topic = super().topic(channel, symbol, interval)
        topic.audience = "the test"
        return topic


class ManualSchedule:
    """An event loop's timers. What is due runs in the order of its time, and of its asking where that is equal."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = count()

    def __call__(self, wait_s: float, what: Callable[[], None]) -> None:
        assert wait_s >= 0
        heapq.heappush(self._due, (self._clock.now + round(wait_s * SECOND), next(self._numbers), what))

    def __len__(self) -> int:
        return len(self._due)

    def turn(self) -> None:
        """One turn of the loop: what is due now, without what that asks for in its turn."""
        ready = []
        while self._due and self._due[0][0] <= self._clock.now:
            ready.append(heapq.heappop(self._due)[2])
        for what in ready:
            what()

    def settle(self) -> None:
        """Turn until nothing is due."""
        turns = 0
        while self._due and self._due[0][0] <= self._clock.now:
            self.turn()
            turns += 1
            assert turns < 10_000, "the loop does not come to rest"

    def run_for(self, seconds: float) -> None:
        """Let time pass, and what falls due in it happen at its time."""
        self.settle()
        end = self._clock.now + round(seconds * SECOND)
        while self._due and self._due[0][0] <= end:
            self._clock.now = max(self._clock.now, self._due[0][0])
            self.settle()
        self._clock.now = max(self._clock.now, end)


class FakeSink:
    """A client's transport: takes everything at once, until it is stalled.

    While `stalled` it keeps what is written, and is paused above `high` bytes, as a real one whose peer does not read.
    """

    def __init__(self, clock: ManualClock, high: int = 1_000) -> None:
        self._clock = clock
        self.file = -1
        self.high = high
        self.stalled = False
        self.paused = False
        self.closed = False
        self.buffered = 0
        self.writes: list[bytes] = []
        self.written_at: list[int] = []
        self.resumptions = 0
        self.evicted = False
        self.wrong = False
        self._parsed = 0

    def write(self, data: bytes) -> bool:
        """Take bytes; whether more may come."""
        if self.closed:
            return True
        self.wrong = self.wrong or self.paused or not data
        assert not self.wrong, "written to while paused, or nothing was written"
        self.writes.append(data)
        self.written_at.append(self._clock())
        if self.stalled:
            self.buffered += len(data)
            self.paused = self.buffered > self.high
        return not self.paused

    def resumed(self) -> None:
        self.resumptions += 1

    def evict(self) -> None:
        assert not self.wrong, "what was wrong with a write must not pass for the client's end"
        self.evicted = self.closed = True

    def drain(self) -> None:
        """The peer reads again, all that there is."""
        self.stalled = self.paused = False
        self.buffered = 0

    def pause(self) -> None:
        """The peer reads no more, and the transport is full."""
        self.stalled = self.paused = True
        self.buffered = self.high + 1

    @property
    def messages(self) -> list[Message]:
        """All that was ever written."""
        return [message for data in self.writes for message in messages(data)]

    def news(self) -> list[Message]:
        """What was written since news were last asked for."""
        return [message for _, message in self.timed_news()]

    def timed_news(self) -> list[tuple[int, Message]]:
        """The same, each message with the time of its write."""
        fresh = list(zip(self.written_at, self.writes, strict=True))[self._parsed :]
        self._parsed = len(self.writes)
        return [(at, message) for at, data in fresh for message in messages(data)]


class FakeSockets:
    """The sinks whose sockets can be written to at once, by their file descriptors."""

    def __init__(self) -> None:
        self.sinks: list[FakeSink] = []

    def open(self, sink: FakeSink) -> FakeSink:
        """Give a sink a file descriptor."""
        sink.file = len(self.sinks)
        self.sinks.append(sink)
        return sink

    def write_all(self, files: Sequence[int], writes: Sequence[bytes]) -> list[int]:
        """As the real one; a sink that is stalled is a socket that is full, from then on its transport writes."""
        taken: list[int] = []
        for sink, data in zip((self.sinks[file] for file in files), writes, strict=True):
            if sink.stalled or sink.closed:
                sink.file = -1
                break
            sink.write(data)
            taken.append(len(data))
        return taken


def frames_in(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The opcode and the payload of each WebSocket frame; server frames are whole and not masked (RFC 6455, 5.2)."""
    while data:
        assert data[0] & 0xF0 == 0x80, "FIN, and nothing reserved"
        opcode, size, at = data[0] & 0x0F, data[1], 2
        assert size < 128, "a server does not mask"
        if size >= 126:
            at, least = (4, 126) if size == 126 else (10, 65_536)
            size = int.from_bytes(data[2:at], "big")
            assert size >= least, "the shortest form has to be used"
        assert len(data) >= at + size, "a frame is cut"
        yield opcode, data[at : at + size]
        data = data[at + size :]


def messages(data: bytes) -> list[Message]:
    """What the text frames in `data` say, all as described; a ping counts as a message of its own."""
    found = anything(data)
    for message in found:
        if message["type"] not in CONTROL.values():
            check(message)
    return found


def anything(data: bytes) -> list[Message]:
    """The same, but they may say what no service would."""
    return [json.loads(payload) if opcode == 1 else {"type": CONTROL[opcode]} for opcode, payload in frames_in(data)]


def brief(found: list[Message]) -> list[str]:
    """Each message in a word or two: its type, its seq, and `s` where it is a snapshot."""
    return [f"{m['type']} {m.get('seq', '')}{'s' if m.get('snapshot') else ''}".strip() for m in found]
