"""One instrument's make-believe market: a random walk of quotes, the trades on them, and the day's figures."""

from random import Random

from feeds.market import Side
from feeds.profiles import Profile


def decimal(units: int, decimals: int) -> str:
    """An amount in units of its last decimal as a decimal string: `decimal(-5, 2)` is `-0.05`."""
    if units < 0:
        return "-" + decimal(-units, decimals)
    if not decimals:
        return str(units)
    digits = str(units).zfill(decimals + 1)
    return f"{digits[:-decimals]}.{digits[-decimals:]}"


class RandomWalk:
    """The state of one instrument's market. Prices and sizes are integers in the profile's units.

    The day's figures begin with a seeded open and volume, and then follow from the walk; the day never ends.
    """

    __slots__ = (
        "ask", "ask_size", "bid", "bid_size", "high", "last", "last_size", "low", "open", "profile", "side", "symbol",
        "trades", "volume",
    )  # fmt: skip

    def __init__(self, symbol: str, profile: Profile, random: Random) -> None:
        self.symbol = symbol
        self.profile = profile
        self.bid = profile.start
        self.bid_size = 0
        self.trades = 0
        self.open = profile.start + int((random.random() - 0.5) * profile.start / 25)  # up to 2 % away
        self.high = self.low = self.open
        self.volume = int(random.random() * 5_000 * profile.size)
        self.requote(random)
        self.trade(random)
        self.trades = 0

    def requote(self, random: Random) -> None:
        """A new best bid and offer, always different from the last."""
        profile, uniform = self.profile, random.random
        bid = self.bid + int((2 * uniform() - 1) * (profile.volatility + 1))
        if profile.start < 2 * bid < 4 * profile.start:  # half to twice the start: it may run for months
            self.bid = bid
        self.ask = self.bid + 1 + int(uniform() * profile.spread)
        size = 1 + int(uniform() * profile.size)
        self.bid_size = size if size != self.bid_size else size + 1
        self.ask_size = 1 + int(uniform() * profile.size)

    def trade(self, random: Random) -> None:
        """A trade at the bid or the offer, of at most the size shown there."""
        buys = random.random() < 0.5
        self.side: Side = "buy" if buys else "sell"
        self.last = self.ask if buys else self.bid
        self.last_size = 1 + int(random.random() * (self.ask_size if buys else self.bid_size))
        self.trades += 1
        self.volume += self.last_size
        self.high = max(self.high, self.last)
        self.low = min(self.low, self.last)

    def change_pct(self) -> str:
        """The change since the open in per cent, with two decimals, rounded half away from zero."""
        change = self.last - self.open
        hundredths = (20_000 * abs(change) + self.open) // (2 * self.open)
        return decimal(hundredths if change > 0 else -hundredths, 2)
