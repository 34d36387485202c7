"""The feeds there are: the one place that lists them. Settings check a feed's stanza through it."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import structlog
from pydantic import Field

from feeds.adapter import Adapter, VenueOptions
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

AnyOptions = Annotated[
    BinanceOptions | CoinbaseOptions | KrakenOptions | SimulatedOptions | ReplayOptions, Field(discriminator="adapter")
]

__all__ = ["DEMO", "AnyOptions", "build"]

VENUES: Mapping[str, tuple[type[VenueOptions], Callable[[Any], Adapter]]] = {
    "binance": (BinanceOptions, Binance),
    "coinbase": (CoinbaseOptions, Coinbase),
    "kraken": (KrakenOptions, Kraken),
}


def build(options: AnyOptions, publish: Publish, clock: Clock) -> Feed:
    """The feed that a stanza describes, not yet running. Raises FeedError where it cannot be had."""
    if isinstance(options, SimulatedOptions):
        return Playback(Simulated(options), publish, clock)
    if isinstance(options, ReplayOptions):
        return Playback(_replay(options), publish, clock)
    _, adapter = VENUES[options.adapter]
    return WebSocketFeed(adapter(options), options, publish, clock)


def _replay(options: ReplayOptions) -> Replay:
    """A replay's frames take the way of live ones: decoded and counted by connection, put in order over the feed."""
    venue_options, venue = VENUES[options.venue]
    adapter = venue(
        venue_options(name=options.name, adapter=options.venue, channels=options.channels, symbols=options.symbols)
    )
    counts, ordering = FeedCounts(), Ordering()
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
