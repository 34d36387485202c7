"""Long work in slices, between which the event loop turns: an answer about ten thousand symbols holds nobody up."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

from feeds.feed import Clock
from feeds.timestamps import SECOND

SLICE = SECOND // 333  # 3 ms

T = TypeVar("T")


async def in_slices(items: Iterable[T], clock: Clock) -> AsyncIterator[T]:
    """The items, one after the other; the loop turns whenever what was done with them has taken a slice of time."""
    until = clock() + SLICE
    for item in items:
        yield item
        if clock() >= until:
            await asyncio.sleep(0)
            until = clock() + SLICE
