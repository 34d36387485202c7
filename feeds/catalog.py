"""The feeds there are: the one place that lists them. Settings check a feed's stanza through it."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import structlog
from pydantic import AfterValidator, Field, ValidationError

from feeds.adapter import Adapter, VenueOptions
from feeds.archive import NOTHING, Wanted
from feeds.binance import Binance, BinanceOptions
from feeds.coinbase import Coinbase, CoinbaseOptions
from feeds.counts import FeedCounts
from feeds.feed import Clock, Feed, Publish
from feeds.kraken import Kraken, KrakenOptions
from feeds.market import Event
from feeds.ordering import Ordering
from feeds.playback import Playback
from feeds.reader import Complaints, Reader
from feeds.replay import Read, Replay, ReplayOptions
from feeds.simulated import DEMO, Simulated, SimulatedOptions
from feeds.websocket import WebSocketFeed

__all__ = ["DEMO", "AnyOptions", "build"]

VENUES: Mapping[str, tuple[type[VenueOptions], Callable[[Any], Adapter]]] = {
    "binance": (BinanceOptions, Binance),
    "coinbase": (CoinbaseOptions, Coinbase),
    "kraken": (KrakenOptions, Kraken),
}


def _live(options: ReplayOptions) -> VenueOptions:
    """The stanza of the feed that was recorded."""
    venue_options, _ = VENUES[options.venue]
    return venue_options(name=options.name, adapter=options.venue, channels=options.channels, symbols=options.symbols)


def _replayable(options: ReplayOptions) -> ReplayOptions:
    """The options, with instruments such as the venue has. Raises ValueError as the venue's own options would."""
    try:
        _live(options)
    except ValidationError as error:
        raise ValueError(
            "; ".join(str(problem["msg"]).removeprefix("Value error, ") for problem in error.errors())
        ) from error
    return options


AnyOptions = Annotated[
    BinanceOptions
    | CoinbaseOptions
    | KrakenOptions
    | SimulatedOptions
    | Annotated[ReplayOptions, AfterValidator(_replayable)],
    Field(discriminator="adapter"),
]


def build(options: AnyOptions, publish: Publish, clock: Clock, wanted: Wanted = NOTHING) -> Feed:
    """The feed that a stanza describes, not yet running. Raises FeedError where it cannot be had.

    `wanted`: what of the time before it is to fill in, if it can.
    """
    if isinstance(options, SimulatedOptions):
        return Playback(Simulated(options, wanted), publish, clock)
    if isinstance(options, ReplayOptions):
        return Playback(_replay(options), publish, clock)
    _, adapter = VENUES[options.adapter]
    return WebSocketFeed(adapter(options), options, publish, clock, wanted=wanted)


def _replay(options: ReplayOptions) -> Replay:
    """A replay's frames take the way of live ones: decoded and counted by connection, put in order over the feed."""
    _, venue = VENUES[options.venue]
    adapter, counts, ordering = venue(_live(options)), FeedCounts(), Ordering()
    complaints = Complaints(structlog.get_logger("feed").bind(feed=options.name))

    def connect() -> Read:
        reader = Reader(adapter, counts, complaints)

        def read(frame: bytes, received: int) -> list[Event]:
            events = ordering.expire(received)  # frames come often enough to need no timer
            for update in reader.read(frame, received)[0]:
                events += ordering.accept(update) or ()
            return events

        return read

    return Replay(options, adapter.instruments, connect, counts)
