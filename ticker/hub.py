"""What all conversations share."""

from msgspec import Struct

from feeds.feed import Clock
from ticker.counts import ClientCounts
from ticker.directory import Directory
from ticker.fanout import Fanout
from ticker.rates import Rates
from ticker.requests import Limits


class Hub(Struct, frozen=True):
    """The service, as a conversation with one client sees it."""

    directory: Directory
    fanout: Fanout
    counts: ClientCounts
    limits: Limits
    rates: Rates
    heartbeat_s: float
    clock: Clock
