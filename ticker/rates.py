"""The delivery rates on offer, in updates per second and symbol."""

from msgspec import Struct

from ticker.bus import ChannelName

UNTHINNED: tuple[ChannelName, ...] = ("trades", "status")  # each trade matters, and so does each change of state


class Rates(Struct, frozen=True):
    """What config/ticker.toml's section [fanout] says: `offered`, highest first, and `ticker`, which is one of them.

    `ticker` is the rate of that channel where the client names none. A rate of None is every update.
    """

    offered: tuple[float, ...] = (50, 20, 10, 4, 2, 1, 0.5, 0.2)
    ticker: float = 10

    def usual(self, channel: ChannelName) -> float | None:
        """The rate of a channel for which the client names none."""
        return self.ticker if channel == "ticker" else None

    def within(self, most: float) -> float:
        """The highest rate on offer that is no more than `most`; the lowest where all are."""
        return next((rate for rate in self.offered if rate <= most), self.offered[-1])
