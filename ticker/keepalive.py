"""Finding dead peers: when to ping a connection, and when an unanswered ping means that nobody is there."""

from typing import Literal

from feeds.timestamps import SECOND


class Pulse:
    """One connection's pings. Times in nanoseconds.

    Neither limit counts while the client is paused, whose pong stands behind data that it has not read yet (the write
    deadline sees to it then), nor while we are the ones who do not read: its pong stands behind its own requests.
    """

    __slots__ = ("_asked", "_last")

    def __init__(self, now: int) -> None:
        self._last = now
        self._asked: int | None = None

    def answered(self) -> None:
        """A pong came."""
        self._asked = None

    def beat(self, now: int, *, paused: bool, ping_s: float, pong_timeout_s: float) -> Literal["ping", "dead"] | None:
        """What is to be done now; nothing, mostly. The first ping goes out a period after the start."""
        if paused:
            self._asked = None
            return None
        if self._asked is not None:
            return "dead" if now - self._asked >= pong_timeout_s * SECOND else None
        if now - self._last < ping_s * SECOND:
            return None
        self._last = self._asked = now
        return "ping"
