"""The symbols there are: looking them up by name and by pattern, and guessing what a wrong name was meant to be."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from rapidfuzz import fuzz, process

from feeds.market import CHANNELS as MARKET_CHANNELS
from feeds.market import Instrument, Interval, Quote, Trade
from ticker.bus import CHANNELS, Bus, ChannelName, Topic
from ticker.rolling import Window
from ticker.room import Room
from ticker.rows import Row
from ticker.series import Series, SymbolBars

CLOSE_ENOUGH = 70  # of 100, by rapidfuzz's ratio: below it a suggestion confuses more than it helps


@lru_cache(maxsize=1024)
def _expression(pattern: str) -> re.Pattern[str]:
    first, *rest = map(re.escape, pattern.split("*"))
    if not rest:
        return re.compile(first)
    # Atomic groups: where a part is found first is as good as where it is found later, so no step is tried again.
    between = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return re.compile(f"{first}{between}.*{rest[-1]}", re.DOTALL)


def is_pattern(name: str) -> bool:
    """Whether a name in a subscription stands for many symbols."""
    return "*" in name


def matches(pattern: str, symbol: str) -> bool:
    """Whether `symbol` is what `pattern` describes; `*` stands for any run of characters."""
    return _expression(pattern).fullmatch(symbol) is not None


def by_pattern(figures: Mapping[str, float], usual: float) -> Callable[[str], float]:
    """Each symbol's figure: that of the first pattern that matches it, else the usual one."""
    return lambda symbol: next((figure for pattern, figure in figures.items() if matches(pattern, symbol)), usual)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was most likely meant to be, None where nothing comes close."""
    found = process.extractOne(name, list(known), scorer=fuzz.ratio, score_cutoff=CLOSE_ENOUGH)
    return found[0] if found else None


class Market:
    """One symbol, with its topics and its row.

    `bars` are its topics of that channel by interval, each in `series` with the open bar; `made_of` is the kind of
    update that `made` makes them of. A symbol without bars has none of these. `window` is there where the venue sends
    no 24-hour figures and the symbol's own minutes give them.
    """

    __slots__ = (
        "bars",
        "feed",
        "instrument",
        "made",
        "made_of",
        "quotes",
        "row",
        "series",
        "stats",
        "status",
        "ticker",
        "topics",
        "trades",
        "window",
    )

    def __init__(self, feed: str, instrument: Instrument, bus: Bus) -> None:
        self.feed = feed
        self.instrument = instrument
        self.row = Row()
        self.ticker = bus.topic("ticker", instrument.symbol)
        self.quotes = bus.topic("quotes", instrument.symbol)
        self.trades = bus.topic("trades", instrument.symbol)
        self.stats = bus.topic("stats", instrument.symbol)
        self.status = bus.topic("status", instrument.symbol)
        topics = (self.ticker, self.quotes, self.trades, self.stats, self.status)
        missing = set(MARKET_CHANNELS) - set(instrument.channels)
        self.topics: Mapping[str, Topic] = {topic.channel: topic for topic in topics if topic.channel not in missing}
        self.bars: Mapping[Interval, Topic] = {}
        self.made: SymbolBars | None = None
        self.made_of: type[Quote] | type[Trade] | None = None
        self.series: Sequence[tuple[Topic, Series]] = ()
        self.window: Window | None = None

    @property
    def channels(self) -> list[ChannelName]:
        """The channels on which it can be subscribed to."""
        return [channel for channel in CHANNELS if channel in self.topics or (channel == "bars" and self.bars)]

    def add_bars(
        self, made_of: type[Quote] | type[Trade], made: SymbolBars, bus: Bus, offered: Collection[Interval]
    ) -> None:
        """Let it have bars, and topics for those on offer."""
        self.made_of, self.made = made_of, made
        told = [series for series in made.series if series.interval in offered]
        self.series = [(bus.topic("bars", series.symbol, series.interval), series) for series in told]
        self.bars = {series.interval: topic for topic, series in self.series}

    def add_window(self, room: Room) -> Window:
        """Let it have 24-hour figures of its own minutes."""
        assert self.made is not None
        [minutes] = [series for series in self.made.series if series.interval == "1m"]
        self.window = Window(minutes, room)
        self.topics = {**self.topics, "stats": self.stats}
        return self.window

    def topic(self, channel: ChannelName, interval: Interval | None) -> Topic | None:
        """The topic of a channel, for bars of an interval; None where it has none."""
        return self.topics.get(channel) if interval is None else self.bars.get(interval)

    def all_topics(self) -> Iterator[Topic]:
        """Every topic, of bars each interval."""
        yield from self.topics.values()
        yield from self.bars.values()


class Directory:
    """Every symbol that the service serves."""

    def __init__(self) -> None:
        self._markets: dict[str, Market] = {}

    def __len__(self) -> int:
        return len(self._markets)

    def __getitem__(self, symbol: str) -> Market:
        return self._markets[symbol]

    def get(self, symbol: str) -> Market | None:
        """The market of a symbol, None where there is none."""
        return self._markets.get(symbol)

    def all(self) -> Iterable[Market]:
        """Every market, in the order of the settings."""
        return self._markets.values()

    def add(self, market: Market) -> None:
        """A symbol that the service serves from now on."""
        self._markets[market.instrument.symbol] = market

    def remove(self, market: Market) -> None:
        """A symbol that the service does not serve any more."""
        del self._markets[market.instrument.symbol]

    def has(self, topic: Topic) -> bool:
        """Whether a topic is that of a symbol that there is."""
        market = self._markets.get(topic.symbol)
        return market is not None and market.topic(topic.channel, topic.interval) is topic

    def match(self, pattern: str) -> list[Market]:
        """The markets that a pattern describes."""
        if pattern == "*":
            return list(self._markets.values())
        fullmatch = _expression(pattern).fullmatch
        return [market for symbol, market in self._markets.items() if fullmatch(symbol)]

    def topics(self, channel: ChannelName, name: str, interval: Interval | None = None) -> list[Topic]:
        """The topics of a channel, for bars of an interval, that a name or a pattern stands for."""
        if is_pattern(name):
            found = (market.topic(channel, interval) for market in self.match(name))
            return [topic for topic in found if topic is not None]
        market = self._markets.get(name)
        topic = market.topic(channel, interval) if market else None
        return [] if topic is None else [topic]

    def why_not(self, channel: ChannelName, name: str) -> str:
        """Why a name stands for no topic of a channel, and what may have been meant."""
        if name in self._markets:
            offered = ", ".join(self._markets[name].channels)
            return f"{name} has no {channel}; it has {offered}"
        guess = nearest(name, self._markets)
        return "no such symbol" + (f"; did you mean {guess}?" if guess else "")
