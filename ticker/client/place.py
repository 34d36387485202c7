"""Where a subscription to trades goes on after its connection was lost: the `since` of the protocol. No I/O.

That is the last trade or gap that was seen, where all before it was seen, too. A place that is too old does no harm:
what comes twice is dropped.
"""

from ticker.client.updates import Gap, Trade


class Place:
    """One subscription's.

    Several may share symbols, and the service tells a symbol's trades once: while it answers one of them, the others
    get the shared symbols' trades out of order. So they keep their place until that is over.
    """

    def __init__(self) -> None:
        self._since: str | None = None
        self._newest: str | None = None  # what was seen last
        self._again = False  # asked with `since`
        self._live = False  # on this connection
        self._is_answered: bool | None = None  # whether it is this one, of those that are not live; None: all are

    def ask(self, time: str) -> str | None:
        """The subscription is asked for: `since`, or None the first time. `time` is the service's clock."""
        since = self._since
        self._again = since is not None
        if since is None:  # a connection that goes before the first trade must not hide one
            self._since = time
        return since

    def synced(self) -> None:
        """All before now was told."""
        self._live = True
        self._catch_up()

    def wait(self, is_answered: bool | None) -> None:
        """Some are not live yet, and this one is the first of them or not; None: all are."""
        self._is_answered = is_answered
        self._catch_up()

    def lost(self) -> None:
        """The connection is gone: what others get on the next one, before this one is answered, is no place."""
        self._live = False
        self._is_answered = None

    def saw(self, update: Trade | Gap) -> None:
        """A trade or a gap that was not seen before."""
        self._newest = update.received
        if self._is_answered and self._again and isinstance(update, Trade) and update.snapshot:
            self._since = update.received  # retained ones come in order
        else:
            self._catch_up()

    def _catch_up(self) -> None:
        if self._live and self._is_answered is None and self._newest is not None:
            self._since = self._newest
