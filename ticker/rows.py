"""The `ticker` row: the newest known of each figure of a symbol, merged from its quotes, trades and 24-hour stats."""

from feeds.market import Quote, Stats, Trade


class Row:
    """One symbol's row. Changes in place: it is read when it is sent, which is far less often than it changes."""

    __slots__ = ("quote", "received", "stats", "time", "trade")

    def __init__(self) -> None:
        self.received = 0
        self.time: str | None = None
        self.quote: Quote | None = None
        self.trade: Trade | None = None
        self.stats: Stats | None = None

    def take(self, update: Quote | Trade | Stats) -> None:
        """The newest of its kind replaces the one before."""
        self.received = update.received
        self.time = update.time
        if type(update) is Quote:
            self.quote = update
        elif type(update) is Trade:
            self.trade = update
        else:
            assert type(update) is Stats
            self.stats = update

    def forget_trade(self, received: int) -> bool:
        """Trades were lost: the last one we know may not be the last one, the venue's 24-hour figures know better.

        Whether that changes the row.
        """
        if self.trade is None:
            return False
        self.trade, self.received, self.time = None, received, None
        return True

    def figures(self) -> dict[str, str | None]:
        """The row's payload. `last` is the last trade's price; before any, what the venue's 24-hour figures call last.

        Our own figures know no later trade than the one that was forgotten.
        """
        quote, trade, stats = self.quote, self.trade, self.stats
        venues = stats if stats and stats.source == "venue" else None
        return {
            "last": trade.price if trade else venues.last if venues else None,
            "last_time": trade.time if trade else None,
            "bid": quote.bid if quote else None,
            "ask": quote.ask if quote else None,
            "bid_size": quote.bid_size if quote else None,
            "ask_size": quote.ask_size if quote else None,
            "open_24h": stats.open if stats else None,
            "high_24h": stats.high if stats else None,
            "low_24h": stats.low if stats else None,
            "volume_24h": stats.volume if stats else None,
            "change_24h": stats.change if stats else None,
            "change_pct_24h": stats.change_pct if stats else None,
        }
