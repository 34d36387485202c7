"""When open bars are over, and what became of trades that came after that."""

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

from feeds.timestamps import SECOND

if TYPE_CHECKING:
    from ticker.series import Series


class Closings:
    """When open bars are to be closed, and how late trades may come. One for all symbols."""

    def __init__(self, grace_s: float) -> None:
        self.grace = int(grace_s * SECOND)
        self.late: Counter[str] = Counter(corrected=0, dropped=0)
        self._due: dict[int, list[Series]] = {}

    def add(self, end: int, series: "Series") -> None:
        """A bar is open that ends then."""
        self._due.setdefault(end, []).append(series)

    def forget(self, gone: Collection["Series"]) -> None:
        """The bars of these are closed by nobody."""
        for end, series in list(self._due.items()):
            self._due[end] = [one for one in series if one not in gone]

    def due(self, now: int, most: int) -> list["Series"]:
        """Series whose open bar is over, at most so many, each told once: they are to be closed."""
        found: list[Series] = []
        for end in sorted(end for end in self._due if end <= now):
            series = self._due[end]
            while series and len(found) < most:
                if (last := series.pop()).end == end:
                    found.append(last)
            if series:
                break
            del self._due[end]
        return found
