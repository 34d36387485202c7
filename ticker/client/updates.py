"""What a subscription brings: the service's data messages as types, and the client's own news.

Prices, sizes and percentages are decimal strings with the venue's digits, as in docs/protocol.md; to calculate there is
`update.decimal("bid")`. Times are RFC 3339 strings in UTC. None is unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, ClassVar, Literal

from ticker.client.errors import ProtocolError

State = Literal["live", "quiet", "stale", "halted", "closed", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """What all data has. `received` is when the service read it, `time` the venue's own time."""

    channel: ClassVar[str]

    symbol: str
    seq: int
    time: str | None
    received: str
    snapshot: bool

    def decimal(self, field: str) -> Decimal | None:
        """A price, a size or a percentage to calculate with, exactly as the venue wrote it; None where unknown."""
        value = getattr(self, field)
        return None if value is None else Decimal(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker(Data):
    """One row for a watchlist: the newest known of each figure."""

    channel = "ticker"

    last: str | None
    last_time: str | None
    bid: str | None
    ask: str | None
    bid_size: str | None
    ask_size: str | None
    open_24h: str | None
    high_24h: str | None
    low_24h: str | None
    volume_24h: str | None
    change_24h: str | None
    change_pct_24h: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote(Data):
    """The best bid and offer."""

    channel = "quotes"

    bid: str | None
    bid_size: str | None
    ask: str | None
    ask_size: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade(Data):
    """A print. `side` is the taker's; `epoch` names the run of numbering that `seq` belongs to."""

    channel = "trades"

    epoch: str
    price: str
    size: str
    side: Literal["buy", "sell"] | None
    trade_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar(Data):
    """One candle. An open one comes again with each change; a closed one, once more where a late trade corrects it."""

    channel = "bars"

    interval: str
    start: str
    open: str
    high: str
    low: str
    close: str
    volume: str | None
    trades: int | None
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats(Data):
    """Figures over 24 hours; `source` is `venue`, or `ticker` where the service worked them out."""

    channel = "stats"

    open: str | None
    high: str | None
    low: str | None
    last: str | None
    volume: str | None
    change: str | None
    change_pct: str | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Data):
    """How fresh a symbol is. It comes with every subscription, before the symbol's first data and on each change."""

    channel = "status"

    state: State
    reason: str | None
    since: str | None
    last_received: str | None
    until: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Trades that will not come, `from_seq` to `to_seq` inclusive; None where it cannot be known.

    `reason` is the service's, `slow_consumer` also where this program did not take them in time.
    """

    channel: str
    symbol: str
    epoch: str | None
    received: str
    from_seq: int | None
    to_seq: int | None
    missed: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A symbol that the service does not serve; the subscription's others go on."""

    channel: str
    symbol: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The service has welcomed us; current values follow. `session` stands in the service's log."""

    server: str
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """There is no connection, so every value is old. The next try comes in `retry_s` seconds, without being asked.

    `code` is the WebSocket's close code, None where there was no connection to close.
    """

    reason: str
    code: int | None
    retry_s: float


Connection = Connected | Lost
Published = Ticker | Quote | Trade | Bar | Stats | Status | Gap  # what the service sends of the market
Update = Published | Rejected | Connected | Lost

_KINDS: Mapping[str, type[Published]] = {
    "ticker": Ticker,
    "quote": Quote,
    "trade": Trade,
    "bar": Bar,
    "stats": Stats,
    "status": Status,
    "gap": Gap,
}
_NAMES = {kind: tuple(field.name for field in fields(kind)) for kind in _KINDS.values()}


def read(message: Mapping[str, Any]) -> Published | None:
    """The update that a message of the service is; None for messages of other types, known or not.

    Fields that are not known are left out. Raises ProtocolError for data of no symbol or time.
    """
    kind = _KINDS.get(message["type"])
    if kind is None:
        return None
    if not (isinstance(message.get("symbol"), str) and isinstance(message.get("received"), str)):
        raise ProtocolError(f"the service sent a {message['type']} without symbol and received; is it a ticker?")
    given: dict[str, Any] = {name: message.get(name) for name in _NAMES[kind]}
    if kind is not Gap:
        given["snapshot"] = bool(given["snapshot"])
    return kind(**given)
