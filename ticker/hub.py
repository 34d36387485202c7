"""What all conversations share."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct, field

from feeds.feed import Clock
from ticker.counts import ClientCounts
from ticker.directory import Directory, Market
from ticker.fanout import Fanout
from ticker.fields import FieldSets
from ticker.history import Retention
from ticker.rates import Rates
from ticker.readiness import Readiness
from ticker.requests import Limits


class Follower(Protocol):
    """Who wants to know of new symbols."""

    def appeared(self, markets: Sequence[Market]) -> None:
        """There are new markets."""


class Hub(Struct, eq=False):
    """The service, as a conversation with one client sees it."""

    directory: Directory
    fanout: Fanout
    counts: ClientCounts
    limits: Limits
    rates: Rates
    heartbeat_s: float
    clock: Clock
    retention: Retention
    field_sets: FieldSets
    readiness: Readiness
    followers: dict[Follower, None] = field(default_factory=dict)

    def vanished(self, markets: Sequence[Market]) -> None:
        """Markets are gone, whose status says so and stands behind all else of theirs: nobody gets more of them."""
        for market in markets:
            self.fanout.end(market.status, list(market.all_topics()))

    def appeared(self, markets: Sequence[Market]) -> None:
        """Tell all that there are new markets, which are in the directory by now."""
        for follower in list(self.followers):
            follower.appeared(markets)
