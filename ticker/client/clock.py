"""The service's clock, as told by what it says: ages are shown by it, and not by the clock of this machine."""

from feeds.timestamps import nanoseconds


class ServerClock:
    """Times in nanoseconds since 1970; `now` is this machine's clock, which must never go back."""

    def __init__(self) -> None:
        self._ahead = 0  # of ours

    def told(self, time: str, now: int, asked: int | None = None) -> None:
        """The service said its time; where it was asked for it, halfway between question and answer.

        Raises ValueError for what is no time.
        """
        self._ahead = nanoseconds(time) - (now if asked is None else (asked + now) // 2)

    def at(self, now: int) -> int:
        """The service's time when ours is `now`."""
        return now + self._ahead
