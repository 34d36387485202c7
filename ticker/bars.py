"""The service's bars: which symbols have them, what they are made of, and what is told of them."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import islice

from msgspec.structs import replace

from feeds.market import Bar, Instrument, Interval, Past, Quote, Trade
from ticker.bus import Bus, Topic
from ticker.candle import exact
from ticker.closings import Closings
from ticker.directory import Market, matches
from ticker.rolling import Rolling
from ticker.series import USUAL, Series, SymbolBars

INTERVALS: tuple[Interval, ...] = ("1m", "5m", "1h", "1d")
AT_ONCE = 500  # closed, or published, between two turns of the loop: some 5 ms
HALF = Decimal("0.5")


class Bars:
    """Makes them of trades, or of the middle of bid and ask where a pattern of `from_quotes` matches the symbol."""

    def __init__(
        self,
        bus: Bus,
        *,
        intervals: Sequence[Interval] = INTERVALS,
        grace_s: float = 5,
        from_quotes: Iterable[str] = (),
    ) -> None:
        self.intervals = intervals
        self.rolling = Rolling()
        self._bus = bus
        self._from_quotes = from_quotes
        self._unheard: dict[Market, None] = {}
        self._closings = Closings(grace_s)
        self._markets: dict[str, Market] = {}
        self.late = self._closings.late  # trades by what became of them

    def add(self, market: Market, *, has_past: bool = False) -> None:
        """A symbol that starts: its topics exist from now on, if it has what its bars are made of.

        `has_past`: the feed will tell what the venue knows from before.
        """
        symbol, made_of = market.instrument.symbol, self._made_of(market.instrument)
        rolls = made_of is Trade and "stats" not in market.instrument.channels
        # Minutes are what is joined to the venue's, and what 24-hour figures are made of.
        intervals = {*self.intervals, "1m"} if rolls or (has_past and self.intervals) else self.intervals
        if made_of is None or not intervals:
            return
        made = SymbolBars(symbol, intervals, self._closings)
        if has_past and made_of is Trade:
            made.expect_past()
        market.add_bars(made_of, made, self._bus, self.intervals)
        self._markets[symbol] = market
        if rolls:
            window = market.add_window(self._bus.minutes)
            self.rolling.add(symbol, window)

    def remove(self, markets: Iterable[Market]) -> None:
        """Symbols that are no more."""
        gone: set[Series] = set()
        for market in markets:
            symbol = market.instrument.symbol
            self._markets.pop(symbol, None)
            self._unheard.pop(market, None)
            self.rolling.remove(symbol)
            if market.made is not None:
                gone.update(market.made.series)
        if gone:
            self._closings.forget(gone)

    def take(self, market: Market, update: Quote | Trade) -> None:
        """What a symbol's bars are made of: publish what follows."""
        price, size = (update.price, update.size) if type(update) is Trade else (_middle(update), None)
        assert market.made is not None
        told = None if price is None else market.made.take(price, size, update.time, update.received)
        if told is None:
            return
        if market.window is not None:
            self.rolling.changed(market.instrument.symbol)
        if told is USUAL and (market in self._unheard or not any(map(_is_heard, market.bars.values()))):
            self._unheard[market] = None
            return
        for bar in told:
            self._tell(market, bar)
        self._publish_open(market, update.received)

    def fill(self, market: Market, past: Past) -> None:
        """Let it have the bars that the venue knows from before, and the open ones what the venue knows of them."""
        if market.made is None or market.made_of is not Trade:
            return
        for interval, topic in market.bars.items():
            assert topic.bars is not None
            bars = [bar for bar in past.bars if bar.interval == interval]
            told = topic.bars.fill(topic.seq, bars)
            if topic.value is None and (newest := topic.bars.latest):
                told = [newest]
            for bar in told:
                self._bus.close_bar(topic, replace(bar, received=past.received))
        if market.window is not None:
            market.window.fill(bar for bar in past.bars if bar.interval == "1m")
            self.rolling.changed(market.instrument.symbol)
        for bar in market.made.join(past, past.received):
            self._tell(market, bar)
        self._publish_open(market, past.received)

    def tick(self, now: int) -> bool:
        """Close the bars whose time is over; whether there is more to do, which the next call does.

        Open bars that nobody gets are published here, too: with each trade that would cost more than making them.
        """
        due, unheard = self._closings.due(now, AT_ONCE), list(islice(self._unheard, AT_ONCE))
        for market in unheard:
            del self._unheard[market]
            self._publish_open(market, now)
        for series in due:
            market = self._markets[series.symbol]
            assert market.made is not None
            for bar in market.made.close(series, now):
                self._tell(market, bar)
        return AT_ONCE in (len(due), len(unheard))

    def _publish_open(self, market: Market, received: int) -> None:
        for topic, series in market.series:
            if series.start is not None:
                series.received = received
                self._bus.publish(topic, series)

    def _tell(self, market: Market, bar: Bar) -> None:
        """A bar is closed, or a closed one corrected."""
        if bar.interval in market.bars:
            self._bus.close_bar(market.bars[bar.interval], bar)
        if bar.interval == "1m" and market.window is not None:
            market.window.keep(bar)

    def _made_of(self, instrument: Instrument) -> type[Quote] | type[Trade] | None:
        if any(matches(pattern, instrument.symbol) for pattern in self._from_quotes):
            return Quote if "quotes" in instrument.channels else None
        return Trade if "trades" in instrument.channels else None


def _is_heard(topic: Topic) -> bool:
    return topic.audience is not None


def _middle(quote: Quote | Trade) -> str | None:
    """Halfway between bid and ask, with one digit more than the finer of them; None where one is missing."""
    if type(quote) is not Quote or quote.bid is None or quote.ask is None:
        return None
    return format(exact.multiply(exact.add(Decimal(quote.bid), Decimal(quote.ask)), HALF), "f")
