"""Where a subscription to trades goes on after its connection was lost: the `since` of the protocol. No I/O.

That is the last trade or gap that was seen, where all before it was seen, too. A place that is too old does no harm:
what comes twice is dropped.
"""

from typing import Literal

from ticker.client.updates import Gap, Trade


class Place:
    """One subscription's.

    Several may share symbols, and the service tells a symbol's trades once. What it tells for the one that it answers
    comes in order for that one; the others have what they share out of order meanwhile, so they keep their place.
    """

    def __init__(self) -> None:
        self._since: str | None = None
        self._newest: str | None = None  # what was seen last
        self._begun = False  # the service has taken the subscription once
        self._phase: Literal["asked", "answered", "live"] = "asked"  # on this connection
        self._another = False  # is asked for, or answered

    def ask(self, time: str) -> str | None:
        """The subscription is asked for: `since`, or None where it begins. `time` is the service's clock."""
        self._phase = "asked"
        if self._begun:
            return self._since
        self._since = time  # a connection that goes before the first trade must not hide one
        return None

    def begin(self) -> None:
        """The service has taken the subscription, and answers it."""
        self._begun, self._phase = True, "answered"

    def synced(self) -> None:
        """All before now was told."""
        self._phase = "live"
        self._catch_up()

    def wait(self, *, another: bool) -> None:
        """Whether another subscription to trades is asked for, or answered."""
        self._another = another
        self._catch_up()

    def lost(self) -> None:
        """The connection is gone."""
        self._phase, self._another = "asked", False

    def wants(self, update: Trade | Gap) -> bool:
        """Whether an update of the symbols is for this subscription: it may be for another one."""
        if self._phase != "live" or isinstance(update, Gap) or not update.snapshot:
            return self._phase != "asked"
        return self._since is None or update.received >= self._since

    def is_early(self, update: Trade | Gap) -> bool:
        """Whether a trade is live before the answer is over, which may still tell of the time before it."""
        return self._phase == "answered" and isinstance(update, Trade) and not update.snapshot

    def saw(self, update: Trade | Gap) -> None:
        """A trade or a gap that was not seen before."""
        self._newest = update.received
        if self._phase == "answered" and isinstance(update, Trade) and update.snapshot:
            self._since = update.received
        else:
            self._catch_up()

    def _catch_up(self) -> None:
        if self._phase == "live" and not self._another and self._newest is not None:
            self._since = self._newest
