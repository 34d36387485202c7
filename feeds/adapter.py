"""What a venue must say: its options, its links and requests, and how to decode a frame. No I/O.

An adapter turns settings into `Link`s (one connection each, with the subscriptions to ask for on it) and frames into
`Decoded` items: updates, and notices about the conversation itself. The conversation (feeds/conversation.py) acts on
the notices; the socket loop (feeds/websocket.py) moves the bytes. Neither knows any venue.
"""

from typing import ClassVar, Protocol

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from feeds.archive import Archive
from feeds.market import CHANNELS, Channel, Instrument, Update
from feeds.names import InstrumentNames


class Subscription(Struct, frozen=True, gc=False):
    """A subscription to ask the venue for: one venue channel, and venue symbols that one request may carry."""

    channel: str
    venue_symbols: tuple[str, ...]


class Link(Struct, frozen=True, gc=False):
    """One connection to make, and what to subscribe to on it, in this order."""

    url: str
    subscriptions: tuple[Subscription, ...]


class Acknowledged(Struct, frozen=True, gc=False):
    """The venue took a request; `request` is the id that it echoed, None where it echoes none (then the oldest)."""

    request: int | None = None


class Refused(Struct, frozen=True, gc=False):
    """The venue refused a whole request; `request` as in Acknowledged. What of it was good must be asked again."""

    reason: str
    request: int | None = None


class Throttled(Struct, frozen=True, gc=False):
    """The venue had too many messages from us: what was asked and not answered is asked again, after a pause."""

    reason: str


class Rejected(Struct, frozen=True, gc=False):
    """The venue does not take this one symbol; the rest of the request stands."""

    venue_symbol: str
    reason: str


class Numbered(Struct, frozen=True, gc=False):
    """The frame's number in the venue's count of this connection's frames; comes before the frame's updates."""

    number: int


class Unknown(Struct, frozen=True, gc=False):
    """A message of a type that we do not know: counted and ignored."""

    kind: str


class GoingAway(Struct, frozen=True, gc=False):
    """The venue will end this connection soon: open a new one now, and leave this one when the new one has data."""


class Alive(Struct, frozen=True, gc=False):
    """A heartbeat or pong: says that the connection lives, and nothing about the data's freshness."""


Notice = Acknowledged | Refused | Throttled | Rejected | Numbered | Unknown | GoingAway | Alive
Decoded = Update | Notice


class FeedOptions(BaseModel):
    """The settings that every feed's stanza takes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_-]{0,31}$",
        description="the venue part of its symbols",
        json_schema_extra={"allowed": "a lower-case letter, then at most 31 letters, digits, _ or -"},
    )
    adapter: str
    channels: tuple[Channel, ...] = Field(default=CHANNELS, min_length=1, description="of quotes, trades, stats")


class VenueOptions(FeedOptions):
    """The settings that every venue's stanza takes."""

    symbols: InstrumentNames = Field(description="instruments, like BTC-USD")
    url: str | None = Field(
        default=None,
        pattern=r"^wss?://",
        description="replaces the venue's endpoint",
        json_schema_extra={"allowed": "an address that begins with ws:// or wss://"},
    )
    connect_timeout_s: float = Field(default=10, gt=0, description="DNS, TCP, TLS and upgrade together")
    frame_limit_bytes: int = Field(default=16 * 2**20, ge=1024, description="a larger frame ends the connection")
    silence_s: float | None = Field(
        default=None, gt=0, description="no market data at all for this long: reconnect; unset: 10, 30 below 5 symbols"
    )
    backoff_min_s: float = Field(default=0.5, gt=0, description="the first reconnect comes within this")
    backoff_max_s: float = Field(default=30, gt=0, description="the longest wait before a reconnect")
    rollover_s: float = Field(
        default=84_600, gt=0, description="replace a connection of this age, where the venue limits it; +-15 min"
    )
    history: bool = Field(default=True, description="ask the venue at the start for the bars and trades of before")
    history_url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="replaces the address to ask; a feed with a url of its own has no history without it",
        json_schema_extra={"allowed": "an address that begins with http:// or https://"},
    )

    def history_from(self, usual: str) -> str | None:
        """Where to ask for what was before: not at the usual address where the feed is not the usual one's."""
        if not self.history:
            return None
        return self.history_url or (None if self.url else usual)


class Adapter(Protocol):
    """One venue. Made from its options; holds no connection state."""

    request_spacing_s: ClassVar[float]  # at least this between two messages
    spacing_per_address: ClassVar[bool]  # on all connections together; else on each
    connect_spacing_s: ClassVar[float]  # at least this between two connection attempts, in the long run
    keepalive: ClassVar[tuple[float, bytes] | None]  # send this frame each so many seconds
    lifetime_limited: ClassVar[bool]  # the venue ends connections after a day: roll over before

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What the feed carries, by our names, in the order of the settings."""
        ...

    def symbol_of(self, venue_symbol: str) -> str | None:
        """Our name for a venue symbol that occurs in subscriptions, None where it is not one of ours."""
        ...

    def links(self) -> tuple[Link, ...]:
        """The connections to make, within the venue's limits."""
        ...

    def request(self, subscription: Subscription, request: int) -> bytes:
        """The message that asks for `subscription`; `request` is an id of our choice for venues that echo one."""
        ...

    def decode(self, frame: bytes, received: int) -> list[Decoded]:
        """What a frame says, oldest trade first; nothing for what does not matter to us. Pure.

        Snapshots of old trades are not returned. Raises DecodeError for a frame that cannot be understood.
        """
        ...

    def history(self) -> Archive | None:
        """What tells of the time before; None where the venue has no such thing, or the settings want none."""
        ...
