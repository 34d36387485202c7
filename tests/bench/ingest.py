"""What a venue's frame costs, from its bytes to the frame that clients get. `python -m tests.bench.ingest`.

Each frame takes the way that it takes in the service, from WebSocketFeed.receive on: decoded, put in order, published,
and put by the fan-out on the write list of a client that has every quote and trade and keeps up, so that it is encoded
once. The client's writes do not count: one for each turn of the loop, whatever came in it. Each repeat begins anew,
with a tenth of the frames before anything is measured; of all repeats the best one counts, by kind of frame and stage.
"""

import asyncio
import cProfile
import gc
import pstats
from collections import Counter
from collections.abc import Callable
from time import monotonic_ns, perf_counter_ns
from typing import Annotated

import structlog
import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table

from feeds import catalog
from feeds.adapter import Adapter
from feeds.conversation import Conversation
from feeds.feed import Clock
from feeds.market import CHANNEL_OF, CHANNELS, Event, Quote, Stats, Trade
from feeds.reader import Reader
from feeds.timestamps import clock
from feeds.websocket import WebSocketFeed
from tests.bench.venue_frames import Frames, built, not_here, recorded
from tests.ticker.stage import Deciders
from ticker.clients import Joining, Options
from ticker.connection import write_all

BURST = 10  # frames between two flushes: what one turn of the loop may bring
STAGES = ("decode", "order", "publish", "all")
WARM_UP = 10  # one frame of so many

Costs = dict[tuple[str, str], float]  # by kind of frame and stage
STANZA: TypeAdapter[catalog.AnyOptions] = TypeAdapter(catalog.AnyOptions)


class Sink:
    """A client that takes everything."""

    file, paused, buffered, closed = -1, False, 0, False

    def write(self, data: bytes) -> bool:
        """Take bytes."""
        return True

    def resumed(self) -> None:
        """Nothing waits for that."""

    def evict(self) -> None:
        """Never happens to who keeps up."""


class Rig:
    """A feed and the service behind it, as far as `stage`."""

    def __init__(self, source: Frames, stage: str) -> None:
        self._due: list[Callable[[], None]] = []
        self._offset = 0
        self.come(source.received[0])
        now = self._clock
        symbols = tuple(f"{source.venue}:{name}" for name in source.instruments)
        deciders = Deciders(symbols, now, lambda _, what: self._due.append(what), write_all)
        if stage == "all":
            client = deciders.fanout.attach("client", Sink())
            markets = deciders.directory.all()
            deciders.fanout.join(
                client, [Joining(topic, Options(), True) for m in markets for topic in (m.quotes, m.trades)]
            )
            while self._due:
                self.flush()
        feed = feed_of(source, deciders.pipeline.receive if stage in ("publish", "all") else _ignore, now)
        self.receive = _decode(feed.adapter, now()) if stage == "decode" else _receive(feed)

    def come(self, now: int) -> None:
        """Let it be that time: a clock that runs as the service's does, set anew before each frame."""
        self._offset = now - monotonic_ns()

    def _clock(self) -> int:
        return monotonic_ns() + self._offset

    def flush(self) -> None:
        """What the loop does in its next turn: the client is written to."""
        due, self._due = self._due, []
        for what in due:
            what()


def feed_of(source: Frames, publish: Callable[[Event], None], now: Clock) -> WebSocketFeed:
    """The feed that the service makes of a stanza with all channels."""
    stanza = {"name": source.venue, "adapter": source.venue, "symbols": source.instruments, "channels": CHANNELS}
    feed = catalog.build(STANZA.validate_python(stanza), publish, now)
    assert isinstance(feed, WebSocketFeed)
    return feed


def _receive(feed: WebSocketFeed) -> Callable[[bytes], object]:
    reader = Reader(feed.adapter, feed.counts, feed.complaints)
    conversation = Conversation(feed.adapter, feed.adapter.links()[0], feed.gate(), feed.clock(), silence_s=10)
    return lambda frame: feed.receive(reader, conversation, frame, overlapping=False)


def _decode(adapter: Adapter, received: int) -> Callable[[bytes], object]:
    return lambda frame: adapter.decode(frame, received)


def _ignore(_: Event) -> None:
    """Where the measured way ends."""


def kinds_of(source: Frames) -> list[str]:
    """For each frame the channels that it has updates of."""
    decode = feed_of(source, _ignore, clock()).adapter.decode
    return [_kind([type(item) for item in decode(frame, 0)]) for frame in source.frames]


def _kind(items: list[type]) -> str:
    counts = Counter(CHANNEL_OF[item] for item in items if item in (Quote, Trade, Stats))
    return " + ".join(channel if count == 1 else f"several {channel}" for channel, count in counts.items()) or "others"


def play(source: Frames, kinds: list[str], rig: Rig) -> Counter[str]:
    """Nanoseconds spent on the frames of each kind."""
    spent: Counter[str] = Counter()
    receive, begin = rig.receive, len(kinds) // WARM_UP
    for number, (frame, received, kind) in enumerate(zip(source.frames, source.received, kinds, strict=True)):
        rig.come(received)
        started = perf_counter_ns()
        receive(frame)
        took = perf_counter_ns() - started
        if number >= begin:
            spent[kind] += took
        if number % BURST == 0:
            rig.flush()
    return spent


def measure(source: Frames, repeats: int) -> tuple[Counter[str], Costs]:
    """How many frames there were of each kind, and the microseconds that one took."""
    kinds = kinds_of(source)
    counts = Counter(kinds[len(kinds) // WARM_UP :])
    best: Costs = {}
    for _ in range(repeats):
        for stage in STAGES:
            rig = Rig(source, stage)
            gc.collect()
            for kind, spent in play(source, kinds, rig).items():
                best[kind, stage] = min(spent / counts[kind], best.get((kind, stage), spent))
    look = min(_look() for _ in range(100))
    return counts, {place: (cost - look) / 1000 for place, cost in best.items()}


def _look() -> float:
    """Nanoseconds that a look at the clock takes; there is one in what is measured of each frame."""
    started = perf_counter_ns()
    for _ in range(100):
        perf_counter_ns()
    return (perf_counter_ns() - started) / 100


def profile(source: Frames, repeats: int) -> None:
    """Where the time goes, by function; the profiler makes calls look dearer than they are."""
    profiler = cProfile.Profile()
    for _ in range(repeats):
        rig = Rig(source, "all")
        for number, (frame, received) in enumerate(zip(source.frames, source.received, strict=True)):
            rig.come(received)
            profiler.runcall(rig.receive, frame)
            if number % BURST == 0:
                rig.flush()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(30)


async def run(sources: list[Frames], repeats: int, show: Console) -> None:
    """Measure and show, in an event loop: a feed asks it for a timer where a trade is missing."""
    table = Table("frames", "with", "number", *STAGES, title="µs per frame, each stage with those before it")
    for source in sources:
        counts, costs = measure(source, repeats)
        for kind, count in sorted(counts.items()):
            figures = (f"{costs[kind, stage]:.2f}" for stage in STAGES)
            table.add_row(source.title, kind, f"{count:,}", *figures)
    show.print(table)


async def run_profile(sources: list[Frames], repeats: int) -> None:
    """Profile one source after the other."""
    for source in sources:
        profile(source, repeats)


def main(
    venue: Annotated[str, typer.Option(help="Frames of this venue alone.")] = "",
    frames: Annotated[int, typer.Option(min=100, help="Quotes to build of each venue, and as many trades.")] = 2_000,
    repeats: Annotated[int, typer.Option(min=1, help="The best of so many counts.")] = 20,
    profiled: Annotated[bool, typer.Option("--profile", help="Say where the time goes instead.")] = False,
) -> None:
    """Measure what a venue's frame costs on its way to the clients."""
    structlog.configure(processors=[], logger_factory=structlog.ReturnLoggerFactory())
    show = Console(width=100)
    for name in not_here():
        show.print(f"left out: ../shared/wire/{name} is missing")
    sources = [source for source in (*built(frames), *recorded()) if venue in ("", source.venue)]
    asyncio.run(run_profile(sources, repeats) if profiled else run(sources, repeats, show))


if __name__ == "__main__":
    typer.run(main)
