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
                self._bus.leave_room(market.trades)
            self._known[instrument.symbol] = freshness, market
            self._say(freshness, now)
        self._bus.divide_memory()

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
            market = self._directory[event.symbol]
            self._bars.fill(market, event)
            self._bus.prepend(market.trades, event.trades, event.received)
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
