"""The service without its drivers: time and the event loop in the test's hand, sockets that stall when they are told.

`Stage` puts the real deciders together as ticker/app.py does; what it needs of the world are the fakes here.
"""

import heapq
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any, Literal

from feeds.market import CHANNELS, Channel, Instrument, Quote, Stats, Trade
from feeds.timestamps import SECOND, nanoseconds
from ticker.bus import Bus
from ticker.clients import Client
from ticker.counts import ClientCounts
from ticker.directory import Directory
from ticker.fanout import Fanout
from ticker.freshness import Watch
from ticker.hub import Hub
from ticker.pipeline import Pipeline
from ticker.requests import Limits
from ticker.session import Session

START = nanoseconds("2026-08-09T21:05:48Z")
EPOCH = "m2x8"
DAY_S = 86_400.0

Message = dict[str, Any]


class ManualClock:
    """The time, in nanoseconds since 1970: stands still until it is moved."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: float) -> int:
        """Let time pass; the new time."""
        self.now += round(seconds * SECOND)
        return self.now


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

    def __init__(self, high: int = 1_000) -> None:
        self.high = high
        self.stalled = False
        self.paused = False
        self.closed = False
        self.buffered = 0
        self.writes: list[bytes] = []
        self.resumptions = 0
        self.evicted = False
        self._parsed = 0

    def write(self, data: bytes) -> None:
        """Take bytes."""
        assert not self.paused, "a paused client was written to"
        assert not self.evicted, "a client was written to after its end"
        assert data, "a write of nothing"
        self.writes.append(data)
        if self.stalled:
            self.buffered += len(data)
            self.paused = self.buffered > self.high

    def resumed(self) -> None:
        self.resumptions += 1

    def evict(self) -> None:
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
        """What was written since this was last asked for."""
        fresh, self._parsed = self.writes[self._parsed :], len(self.writes)
        return [message for data in fresh for message in messages(data)]


def frames_in(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The opcode and the payload of each WebSocket frame; server frames are whole and not masked (RFC 6455, 5.2)."""
    while data:
        assert data[0] & 0xF0 == 0x80, "FIN, and nothing reserved"
        opcode, size, at = data[0] & 0x0F, data[1], 2
        assert size < 128, "a server does not mask"
        if size >= 126:
            at = 4 if size == 126 else 10
            size = int.from_bytes(data[2:at], "big")
        assert len(data) >= at + size, "a frame is cut"
        yield opcode, data[at : at + size]
        data = data[at + size :]


def messages(data: bytes) -> list[Message]:
    """What the text frames in `data` say; a ping counts as a message of its own."""
    return [
        json.loads(payload) if opcode == 1 else {"type": {9: "PING", 10: "PONG"}[opcode]}
        for opcode, payload in frames_in(data)
    ]


def quote(symbol: str, received: int = START, bid: str = "1.10", order: int | None = None) -> Quote:
    """A quote of which the bid matters."""
    return Quote(symbol, received, "2026-08-09T21:05:47.9Z", bid, "5", "1.20", "7", order)


def trade(symbol: str, received: int = START, price: str = "1.15") -> Trade:
    """A trade of which the price matters."""
    return Trade(symbol, received, "2026-08-09T21:05:47.95Z", price, "0.30", "sell", "77")


def stats(symbol: str, received: int = START, last: str = "1.14") -> Stats:
    """24-hour figures of which `last` matters."""
    return Stats(symbol, received, None, "1.00", "1.30", "0.90", last, "4000", "0.14", "14.00")


class Peer:
    """A client and the conversation with it."""

    def __init__(self, stage: "Stage", sink: FakeSink) -> None:
        self._stage = stage
        self.sink = sink
        self.client: Client = stage.fanout.attach(f"peer{len(stage.peers)}", sink)
        self.session = Session(stage.hub, self.client)

    def say(self, request: Mapping[str, Any] | bytes) -> list[Message]:
        """Send a request; all that comes of it at once."""
        self.session.receive(request if isinstance(request, bytes) else json.dumps(request).encode())
        self._stage.schedule.settle()
        return self.sink.news()

    def subscribe(self, channel: str, *symbols: str, **options: Any) -> list[Message]:
        """Subscribe; what is asked is exactly what is named here."""
        return self.say({"op": "subscribe", "channel": channel, "symbols": symbols, **options})

    def unsubscribe(self, channel: str, *symbols: str) -> list[Message]:
        """Unsubscribe; without symbols from all of the channel."""
        return self.say({"op": "unsubscribe", "channel": channel} | ({"symbols": symbols} if symbols else {}))

    def leave(self) -> None:
        """End, as the driver does it."""
        self._stage.fanout.detach(self.client)
        self.session.end()


class Stage:
    """The service from the feeds' events to the clients' sinks, with symbols of one link of the feed `sim`."""

    def __init__(
        self,
        *symbols: str,
        channels: tuple[Channel, ...] = CHANNELS,
        limits: Limits | None = None,
        trades_kept: int = 10_000,
        trades_kept_s: float = 300,
        quiet_s: float = 60,
        **fanout: Any,
    ) -> None:
        self.clock = ManualClock()
        self.schedule = ManualSchedule(self.clock)
        self.fanout = Fanout(self.clock, self.schedule, **fanout)
        self.watch = Watch(disconnected_s=1.5, quiet_s=lambda _: quiet_s)
        self.directory = Directory()
        self.bus = Bus(EPOCH, self.fanout, trades_kept=trades_kept, trades_kept_s=trades_kept_s)
        self.pipeline = Pipeline(self.bus, self.directory, self.watch)
        self.peers: list[Peer] = []
        self.hub = Hub(
            self.directory, self.fanout, ClientCounts(), limits or Limits(), heartbeat_s=10, clock=self.clock
        )
        instruments = [Instrument(symbol, channels=channels) for symbol in symbols]
        self.pipeline.add_feed("sim", instruments, [symbols], self.clock())

    def connect(self, high: int = 1_000) -> Peer:
        """A client that has come and was not welcomed yet."""
        peer = Peer(self, FakeSink(high))
        self.peers.append(peer)
        return peer

    def quote(self, symbol: str, bid: str = "1.10") -> None:
        """The feed brings a quote."""
        self.pipeline.receive(quote(symbol, self.clock(), bid))
        self.schedule.settle()

    def trade(self, symbol: str, price: str = "1.15") -> None:
        """The feed brings a trade."""
        self.pipeline.receive(trade(symbol, self.clock(), price))
        self.schedule.settle()

    def stats(self, symbol: str, last: str = "1.14") -> None:
        """The feed brings 24-hour figures."""
        self.pipeline.receive(stats(symbol, self.clock(), last))
        self.schedule.settle()

    def link(self, state: Literal["connected", "disconnected", "silent"]) -> None:
        """The feed's link changes its state."""
        from feeds.market import LinkState

        self.pipeline.receive(LinkState("sim", 0, state, self.clock(), ()))
        self.schedule.settle()
