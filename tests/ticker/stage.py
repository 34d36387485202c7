"""The service without its drivers: the real deciders, put together as ticker/app.py does it, and clients for them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from feeds.counts import FeedCounts
from feeds.feed import Clock
from feeds.market import CHANNELS, Channel, Instrument, Interval, LinkState, LinkStatus, Quote, Stats, Trade
from feeds.timestamps import SECOND, rfc3339
from tests.ticker.fakes import START, FakeSink, FakeSockets, ManualClock, ManualSchedule, Message
from ticker.bars import INTERVALS, Bars
from ticker.bus import Bus, Topic
from ticker.clients import Client, Joining, Options
from ticker.counts import ClientCounts
from ticker.directory import Directory
from ticker.fanout import Fanout
from ticker.fields import FieldSets
from ticker.flusher import Schedule, WriteAll
from ticker.freshness import Watch
from ticker.history import Retention
from ticker.hub import Hub
from ticker.pipeline import Pipeline
from ticker.rates import Rates
from ticker.readiness import Readiness
from ticker.requests import Limits
from ticker.session import Session

EPOCH = "m2x8"


def quote(symbol: str, received: int = START, bid: str = "1.10", order: int | None = None) -> Quote:
    """A quote of which the bid matters."""
    return Quote(symbol, received, "2026-08-09T21:05:47.9Z", bid, "5", "1.20", "7", order)


def trade(
    symbol: str, received: int = START, price: str = "1.15", time: str | None = "2026-08-09T21:05:47.95Z"
) -> Trade:
    """A trade of which the price and perhaps the time matter."""
    return Trade(symbol, received, time, price, "0.30", "sell", "77")


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

    def join(self, *topics: Topic, rate: float | None = None, snapshot: bool = True) -> None:
        """Let topics go live without a word: what subscribing does in the end."""
        self._stage.fanout.join(self.client, [Joining(topic, Options(rate), snapshot) for topic in topics])
        self._stage.schedule.settle()

    def leave(self) -> None:
        """End, as the driver does it."""
        self._stage.fanout.detach(self.client)
        self.session.end()


class Deciders:
    """Everything from the feeds' events to the clients' sinks, with symbols of one link of the feed `sim`."""

    def __init__(
        self,
        symbols: tuple[str, ...],
        clock: Clock,
        schedule: Schedule,
        write_all: WriteAll,
        *,
        channels: tuple[Channel, ...] = CHANNELS,
        limits: Limits | None = None,
        rates: Rates | None = None,
        quiet_s: float = 60,
        retention: Retention | None = None,
        field_sets: int = 64,
        intervals: Sequence[Interval] = INTERVALS,
        bars: Mapping[str, Any] | None = None,
        has_past: bool = False,
        **fanout: Any,
    ) -> None:
        self.symbols = symbols
        self.fanout = Fanout(clock, schedule, write_all, **fanout)
        self.watch = Watch(disconnected_s=1.5, quiet_s=lambda _: quiet_s)
        self.directory = Directory()
        self.retention = retention or Retention(clock())
        self.bus = Bus(EPOCH, self.fanout, self.retention)
        self.bars = Bars(self.bus, intervals=intervals, **bars or {})
        self.pipeline = Pipeline(self.bus, self.directory, self.watch, self.bars)
        self.hub = Hub(
            self.directory,
            self.fanout,
            ClientCounts(),
            limits or Limits(intervals=tuple(intervals)),
            rates or Rates(),
            heartbeat_s=10,
            clock=clock,
            retention=self.retention,
            field_sets=FieldSets(field_sets),
            readiness=Readiness(),
        )
        instruments = [Instrument(symbol, channels=channels) for symbol in symbols]
        self.pipeline.add_feed("sim", instruments, [symbols], clock(), has_past=has_past)


class Stage(Deciders):
    """The deciders in the test's time, with peers for clients."""

    def __init__(self, *symbols: str, **options: Any) -> None:
        self.clock = ManualClock()
        self.schedule = ManualSchedule(self.clock)
        self.peers: list[Peer] = []
        self.sockets = FakeSockets()
        super().__init__(symbols, self.clock, self.schedule, self.sockets.write_all, **options)

    def connect(self, high: int = 1_000) -> Peer:
        """A client that has come and was not welcomed yet."""
        peer = Peer(self, self.sockets.open(FakeSink(self.clock, high)))
        self.peers.append(peer)
        return peer

    def quote(self, symbol: str, bid: str = "1.10") -> None:
        """The feed brings a quote."""
        self.pipeline.receive(quote(symbol, self.clock(), bid))
        self.schedule.settle()

    def trade(self, symbol: str, price: str = "1.15", age_s: float | None = None) -> None:
        """The feed brings a trade; for bars it matters how old it is."""
        now = self.clock()
        aged = {} if age_s is None else {"time": rfc3339(now - round(age_s * SECOND))}
        self.pipeline.receive(trade(symbol, now, price, **aged))
        self.schedule.settle()

    def stats(self, symbol: str, last: str = "1.14") -> None:
        """The feed brings 24-hour figures."""
        self.pipeline.receive(stats(symbol, self.clock(), last))
        self.schedule.settle()

    def close_bars(self) -> None:
        """The timer closes the bars whose time is over."""
        while self.bars.tick(self.clock()):
            pass
        self.schedule.settle()

    def link(self, state: LinkStatus) -> None:
        """The feed's link changes its state."""
        self.pipeline.receive(LinkState("sim", 0, state, self.clock(), self.symbols))
        self.schedule.settle()


class FakeFeed:
    """A feed that does nothing: what it would have counted is set by the test."""

    def __init__(self, name: str, *symbols: str, links: int = 1) -> None:
        self.name = name
        self.instruments = tuple(Instrument(symbol) for symbol in symbols)
        self.link_symbols = (symbols,) * links
        self.counts = FeedCounts()
        self.tried = False
        self.has_past = False

    async def run(self) -> None:
        """End at once."""
