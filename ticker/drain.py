"""Sending clients away a few at a time: all at once they would come back all at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

Departure = Callable[[], Awaitable[None]]

log = structlog.get_logger("ticker")


async def spread(departures: Sequence[Departure], *, per_second: float, within_s: float) -> None:
    """Let each begin at its time, so many a second, or as many as the time needs; until all are over."""
    loop = asyncio.get_running_loop()
    began, leaving = loop.time(), set()
    rate = max(per_second, len(departures) / within_s) if within_s > 0 else float("inf")
    for number, departure in enumerate(departures):
        if (wait := began + number / rate - loop.time()) > 0:
            await asyncio.sleep(wait)
        leaving.add(asyncio.create_task(_leave(departure)))
    await asyncio.gather(*leaving)


async def _leave(departure: Departure) -> None:
    try:
        await departure()
    except Exception:
        log.exception("a client could not be sent away, which is a bug; the others are")
