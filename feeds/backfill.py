"""Filling in what a venue knows from before we came, beside the live feed, which does not wait for it.

Twice for each symbol: at once, for a chart to show, all closed bars and the newest trades; and once a whole minute has
come live, the bars up to then, which take the place of those that we only saw a part of. From that minute on the live
trades count, up to it the venue's bars: no trade counts twice, and none is missing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import aiohttp
import structlog

from feeds.adapter import Adapter, VenueOptions
from feeds.archive import NOTHING, TRADES_MOST, Archive, Wanted, planned, span
from feeds.counts import FeedCounts
from feeds.errors import DecodeError, FetchError
from feeds.feed import Clock, Publish
from feeds.fetching import Fetcher, Sleep
from feeds.market import INTERVALS, Bar, Interval, Past, Trade
from feeds.masking import masked
from feeds.ordering import Ordering
from feeds.timestamps import SECOND

MINUTE, HOUR, DAY = INTERVALS["1m"], INTERVALS["1h"], INTERVALS["1d"]
SETTLED = 5 * SECOND  # a venue's bar may change for a moment after its end; clocks differ
AT_ONCE = 4  # requests under way
SETTLES_WITHIN_S = 120  # a link that still waits for an answer then does not keep the others from being joined


class Settling(Protocol):
    """One connection's share of the feed."""

    @property
    def settled(self) -> bool:
        """Whether everything that was subscribed to comes."""
        ...


class Live(Protocol):
    """The live feed, as far as it matters here: what it has, its orders and the shares of its connections."""

    @property
    def adapter(self) -> Adapter: ...
    @property
    def options(self) -> VenueOptions: ...
    @property
    def publish(self) -> Publish: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def log(self) -> structlog.stdlib.BoundLogger: ...
    @property
    def counts(self) -> FeedCounts: ...
    @property
    def ordering(self) -> Ordering: ...
    @property
    def links(self) -> Sequence[Settling]: ...


def backfill(feed: Live, wanted: Wanted, sleep: Sleep = asyncio.sleep) -> "Backfill | None":
    """What fills in a feed's past; None where nobody wants that, or the venue has nothing."""
    archive = feed.adapter.history()
    if archive is None or wanted == NOTHING or "trades" not in feed.options.channels:
        return None
    parts = [part for link in feed.adapter.links() for part in link.subscriptions]
    symbols = {name: feed.adapter.symbol_of(name) for part in parts for name in part.venue_symbols}
    return Backfill(feed, archive, wanted, {ours: name for name, ours in symbols.items() if ours is not None}, sleep)


class _Found:
    """What is left to do for one symbol."""

    def __init__(self, venue_symbol: str) -> None:
        self.venue_symbol = venue_symbol
        self.until = 0  # what has been told of the past reaches so far
        self.today: list[Bar] = []  # the day's hours, to join the day with
        self.trades: Sequence[Trade] = ()  # those that wait for the first live one
        self.lacks_trades = False
        self.done = False


class Backfill:
    """One feed's. `symbols` are the venue's names by ours."""

    def __init__(self, feed: Live, archive: Archive, wanted: Wanted, symbols: Mapping[str, str], sleep: Sleep) -> None:
        self._feed = feed
        self._archive = archive
        self._trades_most = min(wanted.trades, TRADES_MOST)
        self._plan = planned(wanted, archive.intervals)
        self._found = {symbol: _Found(venue_symbol) for symbol, venue_symbol in symbols.items()}
        self._sleep = sleep
        self._problem = ""  # the first, for the log
        self._over = False  # nothing more is to be had
        self._fetcher: Fetcher
        self.done = False

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Fill in what can be had, and tell each symbol when nothing more will come. A failure costs just that."""
        self._fetcher = Fetcher(session, self._archive.spacing_s, self._feed.clock, self._sleep)
        try:
            await self._each(self._tell_what_was)
            whole = await self._whole_minute()
            await self._each(lambda symbol, found: self._join(symbol, found, whole))
        except Exception:
            self._feed.log.exception("history cannot be filled in, which is a bug; live data goes on")
        self._end()

    def _end(self) -> None:
        feed, self.done = self._feed, True
        failed = [symbol for symbol, found in self._found.items() if not found.done]
        for symbol in failed:
            feed.publish(Past(symbol, feed.clock()))
        feed.counts.histories["complete"] += len(self._found) - len(failed)
        feed.counts.histories["failed"] += len(failed)
        if failed:
            feed.log.warning(
                "history is incomplete; live data goes on. Check history_url, or set history = false",
                symbols=len(failed),
                example=failed[0],
                problem=self._problem,
            )
        else:
            feed.log.info("history is filled in", symbols=len(self._found))

    async def _each(self, work: Callable[[str, _Found], Awaitable[None]]) -> None:
        """Do work for each symbol that nothing has failed for yet, some at once."""
        waiting = iter([(symbol, found) for symbol, found in self._found.items() if not self._over])

        async def take_turns() -> None:
            for symbol, found in waiting:
                if self._over:
                    return
                try:
                    await work(symbol, found)
                except (FetchError, DecodeError) as error:
                    self._note(error)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(take_turns())

    def _note(self, error: FetchError | DecodeError) -> None:
        self._problem = self._problem or masked(str(error))
        self._over |= isinstance(error, FetchError) and error.lasting

    async def _tell_what_was(self, symbol: str, found: _Found) -> None:
        until = _minute(self._feed.clock() - SETTLED)
        known = {interval: span(interval, number, until) for interval, number in self._plan.items()}
        bars = [bar for interval in known for bar in await self._bars(symbol, found, interval, known[interval])]
        if self._trades_most:
            found.trades = await self._trades(symbol, found)
        today = until - until % DAY
        found.until, found.today = until, [bar for bar in bars if bar.interval == "1h" and bar.start >= today]
        past = Past(
            symbol, self._feed.clock(), until, known, tuple(bars), self._take_trades(found, final=False), final=False
        )
        self._feed.publish(past)

    async def _join(self, symbol: str, found: _Found, whole: int) -> None:
        """The minutes up to a time from which all came live, and the longer bars that have ended in the meantime."""
        if not found.until:
            return
        until = max(_minute(self._feed.clock() - SETTLED), whole)
        await self._sleep(max(0, until + SETTLED - self._feed.clock()) / SECOND)
        first = until - until % HOUR - HOUR
        known: dict[Interval, tuple[int, int]] = {"1m": (first, until)} if self._plan else {}
        for interval in self._plan:
            begins, ends = found.until - found.until % INTERVALS[interval], until - until % INTERVALS[interval]
            if interval != "1m" and ends > begins:
                known[interval] = begins, ends
        bars = [bar for interval in known for bar in await self._bars(symbol, found, interval, known[interval])]
        if self._plan.get("1h"):
            today = until - until % DAY
            known["1h"] = today, known["1h"][1] if "1h" in known else found.until - found.until % HOUR
            bars += [bar for bar in found.today if bar.start >= today]
        self._feed.publish(
            Past(symbol, self._feed.clock(), until, known, tuple(bars), self._take_trades(found, final=True))
        )
        found.done = not found.lacks_trades

    async def _bars(self, symbol: str, found: _Found, interval: Interval, times: tuple[int, int]) -> list[Bar]:
        """The bars of an interval that begin in a span of time, oldest first."""
        first, end = times
        answer = await self._fetcher.get(self._archive.bars_url(found.venue_symbol, interval, first, end))
        read = self._archive.read_bars(answer, symbol, interval, self._feed.clock())
        by_start = {bar.start: bar for bar in read if first <= bar.start < end}
        return [by_start[start] for start in sorted(by_start) if start % INTERVALS[interval] == 0]

    async def _trades(self, symbol: str, found: _Found) -> Sequence[Trade]:
        """The newest, oldest first; that there are none to be had does not cost the bars."""
        try:
            answer = await self._fetcher.get(self._archive.trades_url(found.venue_symbol, self._trades_most))
            read = self._archive.read_trades(answer, symbol, self._feed.clock())
            return sorted(read, key=_number)[-self._trades_most :]
        except (FetchError, DecodeError) as error:
            self._note(error)
            found.lacks_trades = True
            return ()

    def _take_trades(self, found: _Found, *, final: bool) -> tuple[Trade, ...]:
        """Those that can be told: once the first live one is known, or in the end."""
        older = self._feed.ordering.older(found.trades)
        if older is None and not final:
            return ()
        trades, found.trades = tuple(found.trades if older is None else older), ()
        return trades

    async def _whole_minute(self) -> int:
        """The first minute that comes live from its beginning."""
        for _ in range(SETTLES_WITHIN_S):
            if self._over or all(link.settled for link in self._feed.links):
                break
            await self._sleep(1)
        return _minute(self._feed.clock() + MINUTE + SECOND)


def _minute(at: int) -> int:
    """When the minute of a time begins."""
    return at - at % MINUTE


def _number(trade: Trade) -> int:
    return trade.number or 0
