"""Spacing what must not come too fast: requests to a venue, and connection attempts."""

from feeds.timestamps import SECOND


class Gate:
    """Lets one through each `spacing_s` seconds in the long run, and `burst` at once. Times in nanoseconds."""

    def __init__(self, spacing_s: float, burst: int = 1) -> None:
        self._spacing = int(spacing_s * SECOND)
        self._slack = (burst - 1) * self._spacing
        self._next = 0  # when the next one would be due if they came evenly

    @property
    def opens_at(self) -> int:
        """When the next one may pass."""
        return self._next - self._slack

    def close_until(self, at: int) -> None:
        """Let nothing through before that time."""
        self._next = max(self._next, at + self._slack)

    def passes(self, now: int) -> bool:
        """Whether one may pass now; if so, the next one waits."""
        if now < self.opens_at:
            return False
        self.reserve(now)
        return True

    def reserve(self, now: int) -> int:
        """Take the next place, whenever that is; when one that has it may pass."""
        at = max(now, self.opens_at)
        self._next = max(self._next, now) + self._spacing
        return at
