"""What `ticker watch` knows: each symbol's newest row and status, what has just changed, and the connection."""

from dataclasses import dataclass, field
from typing import Literal

from feeds.timestamps import SECOND
from ticker.client import Connected, Connection, Lost, Rejected, Status, Ticker, Update

FLASH = SECOND // 2
FLASHING = ("last", "bid", "ask")

Direction = Literal["up", "down"]


@dataclass(slots=True)
class Line:
    """One symbol's. `flashes` has the figures that changed: which way, and until when that shows."""

    row: Ticker | None = None
    status: Status | None = None
    flashes: dict[str, tuple[Direction, int]] = field(default_factory=dict)

    @property
    def stands(self) -> bool:
        """Whether the figures are what the venue says now."""
        return self.status is None or self.status.state in ("live", "quiet")

    def take(self, row: Ticker, now: int) -> None:
        """The row's newest figures, and which of them have changed."""
        before, self.row = self.row or row, row
        for name in FLASHING:
            was, is_ = before.decimal(name), row.decimal(name)
            if was is not None and is_ is not None and was != is_:
                self.flashes[name] = "up" if is_ > was else "down", now + FLASH

    def flash(self, name: str, now: int) -> Direction | None:
        """Which way a figure has changed a moment ago."""
        direction, until = self.flashes.get(name, (None, 0))
        return direction if now < until else None


class Board:
    """All symbols, in the order of their coming. Times in nanoseconds."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.rejected: dict[str, str] = {}  # by symbol: why
        self.connection: Connection | None = None

    @property
    def connected(self) -> bool:
        """Whether what is shown can be new at all."""
        return isinstance(self.connection, Connected)

    def take(self, update: Update, now: int) -> None:
        """An update of the `ticker` channel."""
        match update:
            case Ticker():
                self._line(update.symbol).take(update, now)
            case Status():
                self._line(update.symbol).status = update
            case Rejected():
                self.rejected[update.symbol] = update.reason
            case Connected():
                self.connection = update
                self.rejected.clear()
            case Lost():
                self.connection = update

    def _line(self, symbol: str) -> Line:
        return self.lines.setdefault(symbol, Line())
