"""What follows from an update: feed -> freshness -> bus -> ticker row. And, by `tick`, what follows from time."""

from collections.abc import Iterable

from feeds.market import Confirmed, Event, Gap, Instrument, LinkState, Quote, Removed, Stats, Trade
from ticker.bus import Bus, Topic
from ticker.directory import Directory, Market
from ticker.freshness import Freshness, Watch


class Pipeline:
    """Takes the feeds' events, one after the other, and publishes what follows before it returns."""

    def __init__(self, bus: Bus, directory: Directory, watch: Watch) -> None:
        self._bus = bus
        self._directory = directory
        self._watch = watch

    def add_feed(self, feed: str, instruments: Iterable[Instrument], links: Iterable[Iterable[str]], now: int) -> None:
        """A feed that starts: its symbols exist from now on, as unknown."""
        for index, symbols in enumerate(links):
            self._watch.add_link(feed, index, symbols, now)
        for instrument in instruments:
            self._directory.add(Market(feed, instrument, self._bus))
            self._say(self._watch.symbols[instrument.symbol], now)

    def receive(self, event: Event) -> None:
        """Publish what follows from an event."""
        if type(event) is Quote:
            market = self._alive(event)
            self._take(market, market.quotes, event)
        elif type(event) is Trade:
            market = self._alive(event)
            self._take(market, market.trades, event)
        elif type(event) is Stats:
            market = self._alive(event)
            if not _unchanged(market.stats.value, event):
                self._take(market, market.stats, event)
        elif type(event) is Confirmed:
            self._watch.symbols[event.symbol].confirmed = event.received
        elif type(event) is Gap:
            self._lose(event)
        elif type(event) is LinkState:
            for changed in self._watch.link_state(event):
                self._say(changed, event.received)
        else:
            assert type(event) is Removed
            freshness = self._watch.symbols[event.symbol]
            if freshness.become("closed", "removed", event.received):
                self._say(freshness, event.received)

    def tick(self, now: int) -> None:
        """Publish what follows from time alone."""
        for changed in self._watch.tick(now):
            self._say(changed, now)

    def _alive(self, event: Quote | Trade | Stats) -> Market:
        """The market of the event, which is live now; its status goes out before the data."""
        freshness = self._watch.symbols[event.symbol]
        if freshness.data(event.received):
            self._say(freshness, event.received)
        return self._directory[event.symbol]

    def _take(self, market: Market, topic: Topic, update: Quote | Trade | Stats) -> None:
        self._bus.publish(topic, update)
        market.row.take(update)
        self._bus.publish(market.ticker, market.row)

    def _lose(self, gap: Gap) -> None:
        market = self._directory[gap.symbol]
        self._bus.announce(market.trades, gap)
        if market.row.forget_trade(gap.received):
            self._bus.publish(market.ticker, market.row)

    def _say(self, freshness: Freshness, now: int) -> None:
        self._bus.publish(self._directory[freshness.symbol].status, freshness.status(now))


def _unchanged(last: object, new: Stats) -> bool:
    """Whether the figures are the last ones again: some venues send them along with each quote."""
    return type(last) is Stats and _figures(last) == _figures(new)


def _figures(stats: Stats) -> tuple[str | None, ...]:
    return (
        stats.open,
        stats.high,
        stats.low,
        stats.last,
        stats.volume,
        stats.change,
        stats.change_pct,
    )
