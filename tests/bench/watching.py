"""A client that keeps a watchlist up to date in one of the ways, and what it has had when."""

import asyncio
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager

import aiohttp

from feeds.timestamps import nanoseconds
from tests.bench.sockets import Sockets
from tests.bench.watchlists import BROWSER, Way
from tests.integration.client import Message
from tests.waiting import Changes

COMPLETE_S = 10.0  # for a watchlist to be complete

Change = tuple[str, int]  # symbol and seq


class Watchlist:
    """What was shown of some symbols. Times are wall clock, in nanoseconds since 1970, as the service's own."""

    def __init__(self, symbols: Sequence[str]) -> None:
        self.received: dict[Change, int] = {}  # when the service had what was shown
        self.sockets = Sockets()
        self._shown: dict[str, list[tuple[int, int]]] = {symbol: [] for symbol in symbols}  # (seq, when), both rising
        self._changes = Changes()

    def show(self, message: Message) -> None:
        """Take a message: a row counts when it is first seen."""
        if message["type"] != "ticker":
            return
        symbol, seq = message["symbol"], message["seq"]
        shown = self._shown[symbol]
        if not shown or shown[-1][0] < seq:
            shown.append((seq, time.time_ns()))
            self.received[symbol, seq] = nanoseconds(message["received"])
            self._changes.notify()

    async def complete(self) -> None:
        """Returns once there is a row for each symbol."""
        await self._changes.until(lambda: all(self._shown.values()), "a complete watchlist", COMPLETE_S)

    def delay(self, change: Change, received: int) -> int:
        """Nanoseconds until that change or a newer one was shown. Raises IndexError where none was."""
        symbol, seq = change
        shown = self._shown[symbol]
        return shown[bisect_left(shown, (seq, 0))][1] - received


@asynccontextmanager
async def watching(port: int, symbols: Sequence[str], way: Way) -> AsyncIterator[Watchlist]:
    """A complete watchlist, kept up to date until the end of the block. Raises what ends it before that."""
    watchlist = Watchlist(symbols)
    connector = aiohttp.TCPConnector(socket_factory=watchlist.sockets.make, limit=1)
    async with (
        aiohttp.ClientSession(f"http://127.0.0.1:{port}", connector=connector, headers=BROWSER) as session,
        asyncio.TaskGroup() as group,
    ):
        task = group.create_task(_endless(way(session, symbols, watchlist.show)))
        await watchlist.complete()
        yield watchlist
        task.cancel()


async def _endless(going: Awaitable[None]) -> None:
    await going
    raise AssertionError("the service ended the connection")
