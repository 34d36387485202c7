"""What follows from an update: feed -> freshness -> bus -> ticker row. And, by `tick`, what follows from time."""

from collections.abc import Iterable

from feeds.market import CHANNEL_OF, Confirmed, Event, Gap, Instrument, LinkState, Past, Quote, Removed, Stats, Trade
from ticker.bars import Bars
from ticker.bus import Bus
from ticker.directory import Directory, Market
from ticker.freshness import Freshness, Watch

ROLLED_AT_ONCE = 200  # symbols whose own 24-hour figures are worked out at one look: some 5 ms


class Pipeline:
    """Takes the feeds' events, one after the other, and publishes what follows before it returns."""

    def __init__(self, bus: Bus, directory: Directory, watch: Watch, bars: Bars) -> None:
        self._bus = bus
        self._directory = directory
        self._watch = watch
        self._known: dict[str, tuple[Freshness, Market]] = {}  # by symbol: each update asks for both
        self._bars = bars
        self._awaiting_past: set[str] = set()  # symbols of which the feed will tell what was before

    def add_feed(
        self,
        feed: str,
        instruments: Iterable[Instrument],
        links: Iterable[Iterable[str]],
        now: int,
        *,
        has_past: bool = False,
    ) -> None:
        """A feed that starts: its symbols exist from now on, as unknown. `has_past`: it tells of what was before."""
        for index, symbols in enumerate(links):
            self._watch.add_link(feed, index, symbols, now)
        for instrument in instruments:
            market, freshness = Market(feed, instrument, self._bus), self._watch.symbols[instrument.symbol]
            self._directory.add(market)
            self._bars.add(market, has_past=has_past)
            if has_past:
                self._awaiting_past.add(instrument.symbol)
                self._bus.leave_room(market.trades)
            self._known[instrument.symbol] = freshness, market
            self._say(freshness, now)
        self._bus.divide_memory()

    def replace_feed(
        self,
        feed: str,
        instruments: Iterable[Instrument],
        links: Iterable[Iterable[str]],
        now: int,
        *,
        has_past: bool = False,
    ) -> tuple[list[Market], list[Market]]:
        """A feed that has stopped, and another in its place, or none: the symbols that are gone, and the new ones.

        Those that both have go on, with all that is known of them. Those that are gone have told so.
        """
        wanted = {instrument.symbol: instrument for instrument in instruments}
        had = [market for market in self._directory.all() if market.feed == feed]
        kept = {market.instrument.symbol for market in had if wanted.get(market.instrument.symbol) == market.instrument}
        gone = [market for market in had if market.instrument.symbol not in kept]
        for market in gone:
            self._remove(market, now)
        self._bars.remove(gone)
        self._watch.remove_links(feed)
        for symbol in kept & self._awaiting_past:  # what was on its way will not come, and another's would not fit
            self.receive(Past(symbol, now))
        new = [instrument for symbol, instrument in wanted.items() if symbol not in kept]
        self.add_feed(feed, new, links, now, has_past=has_past)
        return gone, [self._directory[instrument.symbol] for instrument in new]

    def _remove(self, market: Market, now: int) -> None:
        symbol = market.instrument.symbol
        freshness, _ = self._known.pop(symbol)
        if freshness.become("closed", "removed", now):
            self._say(freshness, now)
        self._directory.remove(market)
        self._watch.remove(symbol)
        self._awaiting_past.discard(symbol)
        self._bus.forget(market.all_topics())

    def receive(self, event: Event) -> None:
        """Publish what follows from an event."""
        if type(event) is Quote or type(event) is Trade or type(event) is Stats:
            self._update(event)
        elif type(event) is Confirmed:
            self._watch.symbols[event.symbol].confirm(event.channel, event.received)
        elif type(event) is Gap:
            market = self._directory[event.symbol]
            self._bus.announce(market.trades, event)
            self._forget_trade(market, event.received)
        elif type(event) is LinkState:
            self._link(event)
        elif type(event) is Past:
            self._fill(event)
        else:
            assert type(event) is Removed
            freshness = self._watch.symbols[event.symbol]
            if freshness.become("closed", "removed", event.received):
                self._say(freshness, event.received)

    def tick(self, now: int) -> None:
        """Publish what follows from time alone, but for the bars' ends, which come more often: `Bars.tick`."""
        for changed in self._watch.tick(now):
            self._say(changed, now)
        for stats in self._bars.rolling.due(now, ROLLED_AT_ONCE):
            market = self._directory[stats.symbol]
            if not _unchanged(market.stats.value, stats):
                self._bus.publish(market.stats, stats)
                market.row.take(stats)
                self._bus.publish(market.ticker, market.row)

    def _update(self, update: Quote | Trade | Stats) -> None:
        """Market data: if it makes its symbol live, the status goes out before it."""
        channel = CHANNEL_OF[type(update)]
        freshness, market = self._known[update.symbol]
        if freshness.data(channel, update.received):
            self._say(freshness, update.received)
        topic = market.topics[channel]
        if type(update) is Stats and _unchanged(topic.value, update):
            return
        self._bus.publish(topic, update)
        market.row.take(update)
        self._bus.publish(market.ticker, market.row)
        if type(update) is market.made_of:
            self._bars.take(market, update)

    def _fill(self, past: Past) -> None:
        """What was before, of a symbol that has not had it yet: one that goes on under another feed has."""
        if past.symbol in self._awaiting_past:
            market = self._directory[past.symbol]
            self._bars.fill(market, past)
            self._bus.prepend(market.trades, past.trades, past.received)
            if past.final:
                self._awaiting_past.discard(past.symbol)

    def _link(self, event: LinkState) -> None:
        for changed in self._watch.link_state(event):
            self._say(changed, event.received)
        if event.state == "connected":
            for symbol in event.symbols:
                self._forget_trade(self._directory[symbol], event.received)

    def _forget_trade(self, market: Market, now: int) -> None:
        """Trades were missed, or may have been: the last one we know may not be the last one."""
        if market.row.forget_trade(now):
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
