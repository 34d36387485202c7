"""The feeds there are: the one place that lists them. Settings check a feed's stanza through it."""

from collections.abc import Mapping
from typing import Annotated

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

VENUE_OPTIONS: Mapping[str, type[VenueOptions]] = {
    "binance": BinanceOptions,
    "coinbase": CoinbaseOptions,
    "kraken": KrakenOptions,
}


def build(options: AnyOptions, publish: Publish, clock: Clock) -> Feed:
    """The feed that a stanza describes, not yet running. Raises FeedError where it cannot be had."""
    if isinstance(options, SimulatedOptions):
        return Playback(Simulated(options), publish, clock)
    if isinstance(options, ReplayOptions):
        return Playback(_replay(options), publish, clock)
    return WebSocketFeed(_adapter(options), options, publish, clock)


def _adapter(options: VenueOptions) -> Adapter:
    if isinstance(options, BinanceOptions):
        return Binance(options)
    if isinstance(options, CoinbaseOptions):
        return Coinbase(options)
    assert isinstance(options, KrakenOptions)
    return Kraken(options)


def _replay(options: ReplayOptions) -> Replay:
    """A replay's frames take the way of live ones: decoded and counted by connection, put in order over the feed."""
    venue = VENUE_OPTIONS[options.venue](
        name=options.name, adapter=options.venue, channels=options.channels, symbols=options.symbols
    )
    adapter, counts, ordering = _adapter(venue), FeedCounts(), Ordering()
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
