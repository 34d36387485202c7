"""A running feed, whatever it reads: the shape the service starts, watches and stops."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from feeds.backoff import Backoff
from feeds.counts import FeedCounts
from feeds.market import Event, Instrument, LinkState
from feeds.timestamps import SECOND

Publish = Callable[[Event], None]
Clock = Callable[[], int]  # nanoseconds since 1970, never going back

RAN_WELL = 60 * SECOND  # a feed that fails after that has not been failing all along


class Feed(Protocol):
    """One source of updates. It calls its `publish` synchronously, never from another thread."""

    name: str
    instruments: tuple[Instrument, ...]
    link_symbols: tuple[tuple[str, ...], ...]  # our symbols by link; a link is one connection's share
    counts: FeedCounts
    has_past: bool  # whether it tells of the time before: of each symbol in one or more `Past`, the last one final

    @property
    def tried(self) -> bool:
        """Whether each link has been tried once, with success or not: the service may call itself ready."""
        ...

    async def run(self) -> None:
        """Read and publish until cancelled. Returns by itself only where a source ends (a replay)."""
        ...


async def keep_running(feed: Feed, publish: Publish, clock: Clock) -> None:
    """Run a feed until its source ends. One that fails is disconnected, so its symbols go stale, and starts anew."""
    backoff = Backoff(1, 30)
    while True:
        started = clock()
        try:
            await feed.run()
            return
        except Exception:
            if clock() - started > RAN_WELL:
                backoff.reset()
            wait = backoff.next()
            structlog.get_logger("feed").exception(
                "the feed failed, which is a bug; starting it anew", feed=feed.name, next_try_s=round(wait, 2)
            )
        for link, symbols in enumerate(feed.link_symbols):
            publish(LinkState(feed.name, link, "disconnected", clock(), symbols))
        await asyncio.sleep(wait)
