"""The figures of one bar while it is made: exact, with the venue's own strings for prices."""

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal

from feeds.market import INTERVALS, Bar, Interval

exact = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)  # never rounds a sum, and keeps the digits of both
add = exact.add


class Candle:
    """The prices and the volume between a first and a last trade, by their times in nanoseconds since 1970.

    Trades may come in any order: those of the earliest and the latest time make `open` and `close`; of equal times the
    one that came last closes. Prices of quotes come without a size: then there is no volume.
    """

    __slots__ = (
        "close", "close_at", "counted", "high", "high_value", "low", "low_value", "open", "open_at", "time", "trades",
        "volume",
    )  # fmt: skip

    def __init__(self, at: int, price: str, size: str | None, time: str | None) -> None:
        self.open = self.high = self.low = self.close = price
        self.open_at = self.close_at = at
        self.high_value = self.low_value = Decimal(price)
        self.volume = None if size is None else Decimal(size)
        self.trades = 1
        self.counted = size is not None  # whether the number of trades is known
        self.time = time

    @classmethod
    def of(cls, bar: Bar) -> "Candle":
        """The trades of a closed bar, of which the times are not known: as if at its beginning and its end."""
        candle = cls(bar.start, bar.open, bar.volume, bar.time)
        candle.high, candle.high_value = bar.high, Decimal(bar.high)
        candle.low, candle.low_value = bar.low, Decimal(bar.low)
        candle.close, candle.close_at = bar.close, bar.start + INTERVALS[bar.interval] - 1
        candle.trades, candle.counted = bar.trades or 0, bar.trades is not None
        return candle

    def take(self, at: int, price: str, size: str | None, time: str | None) -> None:
        """One more trade."""
        # Most trades have the price of the one before, which is neither a new high nor a new low.
        if price != self.close:
            value = Decimal(price)
            if value > self.high_value:
                self.high, self.high_value = price, value
            elif value < self.low_value:
                self.low, self.low_value = price, value
        if at >= self.close_at:
            self.close, self.close_at, self.time = price, at, time
        elif at < self.open_at:
            self.open, self.open_at = price, at
        if size is not None and self.volume is not None:
            self.volume = add(self.volume, Decimal(size))
        self.trades += 1

    def absorb(self, other: "Candle") -> None:
        """The trades of another."""
        if other.high_value > self.high_value:
            self.high, self.high_value = other.high, other.high_value
        if other.low_value < self.low_value:
            self.low, self.low_value = other.low, other.low_value
        if other.close_at >= self.close_at:
            self.close, self.close_at, self.time = other.close, other.close_at, other.time
        if other.open_at < self.open_at:
            self.open, self.open_at = other.open, other.open_at
        if other.volume is not None and self.volume is not None:
            self.volume = add(self.volume, other.volume)
        self.trades += other.trades
        self.counted = self.counted and other.counted

    def copy(self) -> "Candle":
        """One of its own with the same trades."""
        same = Candle.__new__(Candle)
        same.open, same.high, same.low, same.close = self.open, self.high, self.low, self.close
        same.open_at, same.close_at = self.open_at, self.close_at
        same.high_value, same.low_value = self.high_value, self.low_value
        same.volume, same.trades, same.counted = self.volume, self.trades, self.counted
        same.time = self.time
        return same

    def bar(self, symbol: str, interval: Interval, start: int, received: int, *, closed: bool) -> Bar:
        """The figures as they are now."""
        return Bar(
            symbol,
            received,
            self.time,
            interval,
            start,
            self.open,
            self.high,
            self.low,
            self.close,
            None if self.volume is None else format(self.volume, "f"),
            self.trades if self.counted else None,
            closed,
        )
