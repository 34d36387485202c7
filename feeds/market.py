"""The vocabulary: what a feed tells the service.

Prices, sizes and percentages are decimal strings with the venue's own digits, without exponent; an unknown value
is None. `symbol` is our name, `venue:INSTRUMENT`. `received` is nanoseconds since 1970 by the service's clock;
`time` is the venue's event time as RFC 3339 UTC with the venue's digits, or None.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from msgspec import Struct

from feeds.timestamps import SECOND

Side = Literal["buy", "sell"]
Channel = Literal["quotes", "trades", "stats"]
Kind = Literal["crypto", "equity", "fx", "commodity", "index", "unknown"]
Interval = Literal["1s", "1m", "5m", "1h", "1d"]

CHANNELS: tuple[Channel, ...] = ("quotes", "trades", "stats")
INTERVALS: Mapping[Interval, int] = {  # in nanoseconds
    interval: seconds * SECOND
    for interval, seconds in zip(get_args(Interval), (1, 60, 300, 3_600, 86_400), strict=True)
}


class Instrument(Struct, frozen=True, gc=False):
    """What can be subscribed to. Increments are decimal strings, None where the venue was not asked."""

    symbol: str
    kind: Kind = "unknown"
    channels: tuple[Channel, ...] = CHANNELS
    price_increment: str | None = None
    size_increment: str | None = None


class Quote(Struct, frozen=True, gc=False):
    """Best bid and offer.

    `order` is the venue's own ordering within the symbol (an update number, or a time in nanoseconds): a quote with
    a lower one than the last is late and is dropped. None: the venue has none, every quote counts.
    """

    symbol: str
    received: int
    time: str | None
    bid: str | None
    bid_size: str | None
    ask: str | None
    ask_size: str | None
    order: int | None = None


class Trade(Struct, frozen=True, gc=False):
    """A print. `side` is the taker's.

    `number` is the trade's place in the venue's numbering of the symbol's trades, which has no holes: it tells
    duplicates and losses. None: the venue's ids promise no such thing.
    """

    symbol: str
    received: int
    time: str | None
    price: str
    size: str
    side: Side | None
    trade_id: str | None
    number: int | None = None


class Stats(Struct, frozen=True, gc=False):
    """Figures over the last 24 hours. `order` as in Quote."""

    symbol: str
    received: int
    time: str | None
    open: str | None = None
    high: str | None = None
    low: str | None = None
    last: str | None = None
    volume: str | None = None
    change: str | None = None
    change_pct: str | None = None
    source: Literal["venue", "ticker"] = "venue"
    order: int | None = None


class Bar(Struct, frozen=True, gc=False):
    """The prices and the volume of one interval that begins at `start`, nanoseconds since 1970, a multiple of it.

    `time` is the last trade's. `volume` and `trades`, their number, are None where the bar was not made of trades.
    """

    symbol: str
    received: int
    time: str | None
    interval: Interval
    start: int
    open: str
    high: str
    low: str
    close: str
    volume: str | None
    trades: int | None
    closed: bool


Update = Quote | Trade | Stats
CHANNEL_OF: Mapping[type[Update], Channel] = {Quote: "quotes", Trade: "trades", Stats: "stats"}


class Gap(Struct, frozen=True, gc=False):
    """Trades of a symbol that were lost on the way from the venue. `missed` is their number, None where unknown."""

    symbol: str
    received: int
    missed: int | None


class Confirmed(Struct, frozen=True, gc=False):
    """The venue repeated what it said last on a channel of this symbol: the value stands, if the feed is alive."""

    symbol: str
    received: int
    channel: Channel


class Removed(Struct, frozen=True, gc=False):
    """The venue does not know this symbol, or no longer: nothing will come."""

    symbol: str
    received: int


LinkStatus = Literal["connected", "disconnected", "silent"]


class LinkState(Struct, frozen=True, gc=False):
    """One of a feed's connections changed its state; `symbols` are those it carries.

    `silent`: connected, but without any market data for longer than it should be.
    """

    feed: str
    link: int
    state: LinkStatus
    received: int
    symbols: tuple[str, ...]


class Past(Struct, frozen=True, gc=False):
    """What the venue knows of a symbol from before: closed bars and trades, each oldest first.

    `known` has for each interval from when and until when `bars` has all there are, in nanoseconds since 1970: where
    one is missing in between, nothing was traded. The venue's bars stand for everything that it traded before `until`,
    a whole minute, in place of what came live. `final`: nothing more will come of this symbol's past.
    """

    symbol: str
    received: int
    until: int = 0
    known: Mapping[Interval, tuple[int, int]] = {}
    bars: tuple[Bar, ...] = ()
    trades: tuple[Trade, ...] = ()
    final: bool = True


Event = Quote | Trade | Stats | Gap | Confirmed | Removed | LinkState | Past
