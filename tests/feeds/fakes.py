"""A venue whose messages are words: its adapter, and the venue itself.

A frame is words that each say one thing, in order: `trade:A:5` is trade number 5 of `A`, `quote:A:7` a quote of order
7. The rest is in `FakeAdapter.decode`. The client asks `subscribe 1 trades A,B` and is answered `ack:1`.
"""

from typing import Any, ClassVar

from feeds.adapter import (
    Acknowledged,
    Alive,
    Decoded,
    GoingAway,
    Link,
    Numbered,
    Refused,
    Rejected,
    Subscription,
    Unknown,
    VenueOptions,
)
from feeds.archive import Archive
from feeds.errors import DecodeError
from feeds.market import Instrument, Quote, Stats, Trade
from tests.venues.server import Timing, Venue
from tests.venues.session import Session

TIME = "2026-08-09T21:05:48.5Z"


def link(*subscriptions: str, url: str = "ws://venue.example") -> Link:
    """A link that asks for `trades A,B` and the like, one request each."""
    return Link(url, tuple(subscription(text) for text in subscriptions))


def subscription(text: str) -> Subscription:
    """The subscription `trades A,B`; `trades` alone has no symbols."""
    channel, _, symbols = text.partition(" ")
    return Subscription(channel, tuple(symbols.split(",")) if symbols else ())


def options(url: str | None = None, **others: Any) -> VenueOptions:
    """A stanza of the fake venue; waits between two tries are short unless `others` say otherwise."""
    stanza: dict[str, Any] = {"name": "fake", "adapter": "fake", "symbols": ("A",), "url": url}
    return VenueOptions(**stanza | {"backoff_min_s": 0.01, "backoff_max_s": 0.05} | others)


class FakeAdapter:
    """The adapter; what a venue demands of its clients is for subclasses to say."""

    request_spacing_s: ClassVar[float] = 0
    spacing_per_address: ClassVar[bool] = False
    connect_spacing_s: ClassVar[float] = 0
    keepalive: ClassVar[tuple[float, bytes] | None] = None
    lifetime_limited: ClassVar[bool] = False

    def __init__(self, *links: Link) -> None:
        self._links = links
        asked = [symbol for link in links for part in link.subscriptions for symbol in part.venue_symbols]
        self._symbols = {symbol: f"fake:{symbol}" for symbol in asked}

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """One for each symbol that occurs in the links."""
        return tuple(Instrument(symbol) for symbol in self._symbols.values())

    def symbol_of(self, venue_symbol: str) -> str | None:
        """`fake:A` for `A`."""
        return self._symbols.get(venue_symbol)

    def links(self) -> tuple[Link, ...]:
        """Those given."""
        return self._links

    def request(self, subscription: Subscription, request: int) -> bytes:
        """`subscribe 1 trades A,B`."""
        return f"subscribe {request} {subscription.channel} {','.join(subscription.venue_symbols)}".strip().encode()

    def history(self) -> Archive | None:
        """None."""
        return None

    def decode(self, frame: bytes, received: int) -> list[Decoded]:
        """One item for each word."""
        return [_decoded(word.split(":"), received) for word in frame.decode().split()]


def _decoded(word: list[str], received: int) -> Decoded:  # noqa: C901 - a table
    match word:
        case ["trade", symbol, number]:
            return Trade(f"fake:{symbol}", received, TIME, "1", "1", "buy", number, int(number))
        case ["quote", symbol, order]:
            return Quote(f"fake:{symbol}", received, None, order, "1", None, None, int(order))
        case ["stats", symbol, order]:
            return Stats(f"fake:{symbol}", received, TIME, last=order, order=int(order))
        case ["ack", *request]:
            return Acknowledged(*map(int, request))
        case ["refused", *request]:
            return Refused("no good", *map(int, request))
        case ["rejected", symbol]:
            return Rejected(symbol, "no such symbol")
        case ["number", number]:
            return Numbered(int(number))
        case ["goodbye"]:
            return GoingAway()
        case ["alive"]:
            return Alive()
        case ["unknown", kind]:
            return Unknown(kind)
        case ["bad", kind]:
            raise DecodeError(kind, "price", "is no price")
        case _:
            raise KeyError(word[0])  # an adapter with a bug


class FakeVenue(Venue):
    """The venue. It refuses a request that asks for one of `refused_symbols`, and does not say for which."""

    path = "/feed"
    timing = Timing()
    messages_per_second = 1_000

    def subscription_of(self, frame: str) -> str:
        """`trade:A` of `trade:A:5`."""
        return frame.rpartition(":")[0]

    async def received(self, session: Session, message: str) -> None:
        """Answer a request."""
        match message.split(" "):
            case ["subscribe", request, channel, symbols] if self.refused_symbols.isdisjoint(symbols.split(",")):
                session.subscriptions.update(f"{channel}:{symbol}" for symbol in symbols.split(","))
                await session.send(f"ack:{request}")
            case ["subscribe", request, *_]:
                await session.send(f"refused:{request}")
