"""The symbols there are: looking them up by name and by pattern, and guessing what a wrong name was meant to be."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from rapidfuzz import fuzz, process

from feeds.market import CHANNELS as MARKET_CHANNELS
from feeds.market import Instrument
from ticker.bus import CHANNELS, Bus, ChannelName, Topic
from ticker.rows import Row

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


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was most likely meant to be, None where nothing comes close."""
    found = process.extractOne(name, list(known), scorer=fuzz.ratio, score_cutoff=CLOSE_ENOUGH)
    return found[0] if found else None


class Market:
    """One symbol, with its topics and its row."""

    __slots__ = ("feed", "instrument", "quotes", "row", "stats", "status", "ticker", "topics", "trades")

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

    def match(self, pattern: str) -> list[Market]:
        """The markets that a pattern describes."""
        if pattern == "*":
            return list(self._markets.values())
        fullmatch = _expression(pattern).fullmatch
        return [market for symbol, market in self._markets.items() if fullmatch(symbol)]

    def topics(self, channel: ChannelName, name: str) -> list[Topic]:
        """The topics of a channel that a name or a pattern stands for."""
        if is_pattern(name):
            found = (market.topics.get(channel) for market in self.match(name))
            return [topic for topic in found if topic is not None]
        market = self._markets.get(name)
        topic = market.topics.get(channel) if market else None
        return [] if topic is None else [topic]

    def why_not(self, channel: ChannelName, name: str) -> str:
        """Why a name stands for no topic of a channel, and what may have been meant."""
        if name in self._markets:
            offered = ", ".join(c for c in CHANNELS if c in self._markets[name].topics)
            return f"{name} has no {channel}; it has {offered}"
        guess = nearest(name, self._markets)
        return "no such symbol" + (f"; did you mean {guess}?" if guess else "")
