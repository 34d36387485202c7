"""The one socket loop, for every venue: connect, subscribe, watch, back off, roll over.

A link is one connection's share of a feed's symbols. It has one connection, or for the moment of a rollover two: the
new one is up and has data before the old one goes. Nothing here knows a venue or decides what a message means.
"""

import asyncio
import random
from collections.abc import Callable, Sequence

import aiohttp
import structlog

from feeds.adapter import Adapter, Link, Notice, VenueOptions
from feeds.archive import NOTHING, Wanted
from feeds.backfill import backfill
from feeds.backoff import Backoff
from feeds.connection import Connection
from feeds.conversation import Conversation, Rejection
from feeds.counts import FeedCounts
from feeds.feed import Clock, Publish
from feeds.gate import Gate
from feeds.market import Confirmed, Instrument, LinkState, LinkStatus, Removed
from feeds.masking import masked
from feeds.ordering import Ordering
from feeds.reader import Complaints, Reader
from feeds.timestamps import SECOND

FEW_SYMBOLS = 5  # with fewer than these, silence is likelier and gets longer
CONNECT_BURST = 10  # connection attempts that may come at once, after a quiet time
SILENCE_S, SILENCE_FEW_S = 10.0, 30.0


class WebSocketFeed:
    """A venue's feed: its links kept up for ever, what they say put in order and published."""

    def __init__(
        self,
        adapter: Adapter,
        options: VenueOptions,
        publish: Publish,
        clock: Clock,
        uniform: Callable[[], float] = random.random,
        *,
        wanted: Wanted = NOTHING,
    ) -> None:
        self.name = options.name
        self.instruments: tuple[Instrument, ...] = adapter.instruments
        self.counts = FeedCounts()
        self.adapter, self.options, self.clock, self.uniform = adapter, options, clock, uniform
        self.log = structlog.get_logger("feed").bind(feed=options.name)
        self.complaints = Complaints(self.log)
        self.publish = publish
        self._gate = Gate(adapter.request_spacing_s)
        self._connect_gate = Gate(adapter.connect_spacing_s, CONNECT_BURST)
        self._refused: set[str] = set()
        self.ordering = Ordering()
        self._expiry: asyncio.TimerHandle | None = None
        self.links = [KeptLink(self, index, link) for index, link in enumerate(adapter.links())]
        self.link_symbols, self._backfill = tuple(link.symbols for link in self.links), backfill(self, wanted)
        self.has_past = self._backfill is not None

    @property
    def tried(self) -> bool:
        """Whether each link has been tried once, with success or not."""
        return all(link.tried for link in self.links)

    async def run(self) -> None:
        """Keep every link up until cancelled."""
        no_timeout = aiohttp.ClientTimeout()  # each connection has its own
        try:
            async with (
                aiohttp.ClientSession(timeout=no_timeout, trust_env=True) as session,
                asyncio.TaskGroup() as group,
            ):
                for link in self.links:
                    group.create_task(link.keep(session, group))
                if self._backfill is not None and not self._backfill.done:
                    group.create_task(self._backfill.run(session))
        finally:
            if self._expiry is not None:
                self._expiry.cancel()
                self._expiry = None

    def receive(
        self, reader: Reader, conversation: Conversation, frame: bytes, *, overlapping: bool
    ) -> Sequence[Notice]:
        """Publish what a frame says of the market; what it says of the conversation is returned.

        Data that is not new says nothing for a connection, unless another one of the link brings it first.
        """
        now = self.clock()
        updates, notices = reader.read(frame, now)
        if updates and updates[0].time is not None:
            self.counts.note_delay(now, updates[0].time)
        proven = overlapping and bool(updates)
        for update in updates:
            events = self.ordering.accept(update)
            if events is None:
                continue
            if not events or type(events[0]) is not Confirmed:  # something new; so is a trade that waits for others
                self.counts.last_data, proven = now, True
            for event in events:
                self.publish(event)
        if proven:
            conversation.data(now)
        if self.ordering.holding and self._expiry is None:
            self._schedule_expiry()
        return notices

    def gate(self) -> Gate:
        """What spaces a new connection's messages."""
        return self._gate if self.adapter.spacing_per_address else Gate(self.adapter.request_spacing_s)

    async def may_connect(self) -> None:
        """Until a connection may be tried: the venue counts the attempts from our address."""
        now = self.clock()
        await asyncio.sleep((self._connect_gate.reserve(now) - now) / SECOND)

    def say(self, link: int, state: LinkStatus, symbols: tuple[str, ...]) -> None:
        """Publish that a link changed its state."""
        self.publish(LinkState(self.name, link, state, self.clock(), symbols))

    def remove(self, rejection: Rejection) -> None:
        """A symbol that the venue does not serve: said in the log and to whoever holds it, and the rest goes on."""
        symbol = rejection.venue_symbol and self.adapter.symbol_of(rejection.venue_symbol)
        if symbol:
            known = symbol in self._refused  # it is asked for again now and then, and on each new connection
            self._refused.add(symbol)
            self.counts.rejected_symbols = len(self._refused)
            (self.log.debug if known else self.log.warning)(
                "the venue refuses a symbol; the others go on. Check its name, or remove it from this feed",
                symbol=symbol,
                venue_symbol=rejection.venue_symbol,
                reason=rejection.reason,
            )
            self.publish(Removed(symbol, self.clock()))
        else:
            self.log.warning("the venue refuses a request", channel=rejection.channel, reason=rejection.reason)

    def _schedule_expiry(self) -> None:
        if (at := self.ordering.next_expiry()) is not None:
            wait = max(0, at - self.clock()) / SECOND
            self._expiry = asyncio.get_running_loop().call_later(wait, self._expire)

    def _expire(self) -> None:
        self._expiry = None
        for event in self.ordering.expire(self.clock()):
            self.publish(event)
        self._schedule_expiry()


class KeptLink:
    """One link: its connection, the next one while they roll over, and the wait between two tries."""

    def __init__(self, feed: WebSocketFeed, index: int, link: Link) -> None:
        self.feed, self.index, self.link = feed, index, link
        found = (feed.adapter.symbol_of(s) for subscription in link.subscriptions for s in subscription.venue_symbols)
        self.symbols = tuple(dict.fromkeys(symbol for symbol in found if symbol is not None))
        self.tried = False
        self.backoff = Backoff(feed.options.backoff_min_s, feed.options.backoff_max_s, feed.uniform)
        self.news = asyncio.Event()  # something to look at: one of the connections has changed
        self._open: set[Connection] = set()

    def silence_s(self) -> float:
        """How long the whole link may be without market data."""
        if self.feed.options.silence_s is not None:
            return self.feed.options.silence_s
        return SILENCE_S if len(self.symbols) >= FEW_SYMBOLS else SILENCE_FEW_S

    @property
    def settled(self) -> bool:
        """Whether everything that was subscribed to comes."""
        return any(connection.settled for connection in self._open)

    @property
    def overlapping(self) -> bool:
        """Whether two connections carry the link's symbols, during a rollover."""
        return len(self._open) > 1

    def opened(self, connection: Connection) -> None:
        """A connection is up."""
        self.tried = True
        self.feed.counts.connections += 1
        self._open.add(connection)
        if not self.overlapping:
            self.feed.say(self.index, "connected", self.symbols)

    def silent(self, connection: Connection) -> None:
        """A connection has no data; so has the link, unless the one beside it does."""
        if not any(other.proven for other in self._open if other is not connection):
            self.feed.say(self.index, "silent", self.symbols)

    def closed(self, connection: Connection) -> None:
        """A connection has ended."""
        self.feed.counts.connections -= 1
        self._open.discard(connection)
        if not self._open:
            self.feed.say(self.index, "disconnected", self.symbols)

    async def keep(self, session: aiohttp.ClientSession, group: asyncio.TaskGroup) -> None:
        """Hold the link up for ever; the connections are tasks of `group`."""
        current = await self._connect(session, group)
        while True:
            while not (current.over or current.leaving):
                await self._wait_for_news()
            if current.over:
                await self._pause(current)
                current = await self._connect(session, group)
            else:
                current = await self._roll_over(current, session, group)

    async def _roll_over(self, old: Connection, session: aiohttp.ClientSession, group: asyncio.TaskGroup) -> Connection:
        """The connection that has taken over from `old`, which is left then; it stays while no new one can be had."""
        await asyncio.sleep(self.backoff.next())  # one that sends every connection away is not to be flooded
        while True:
            new = await self._connect(session, group)
            while not (new.settled or new.over or old.over):
                await self._wait_for_news()
            if old.over or not new.over:
                break
            await self._pause(new)
        if old.over:
            self._note_loss(old, next_try_s=0)
        await old.leave()
        return new

    async def _connect(self, session: aiohttp.ClientSession, group: asyncio.TaskGroup) -> Connection:
        await self.feed.may_connect()
        return Connection(self, session, group)

    async def _wait_for_news(self) -> None:
        await self.news.wait()
        self.news.clear()

    async def _pause(self, ended: Connection) -> None:
        wait = self.backoff.next()
        self._note_loss(ended, next_try_s=wait)
        await asyncio.sleep(wait)

    def _note_loss(self, ended: Connection, next_try_s: float) -> None:
        self.tried = True
        self.feed.counts.reconnects[ended.reason] += 1
        self.feed.log.warning(
            "connection lost; trying again",
            url=masked(self.link.url),
            reason=ended.reason,
            detail=masked(ended.detail),
            next_try_s=round(next_try_s, 2),
        )
