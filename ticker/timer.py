"""The service's one timer: what follows from time alone, seen to ten times a second."""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from feeds.counts import Histogram
from ticker.counts import SHORT_BUCKETS

TICK_S = 0.1
PARTS = 10  # a second's ticks: what need not be done with each is done with one of them, or a tenth of it with each

Duty = Callable[[], None]

log = structlog.get_logger("ticker")


class Timer:
    """Calls the duties of each tick; `duties` names those of a part of the second, from 0 to PARTS - 1."""

    def __init__(self, duties: Callable[[int], Iterable[Duty]]) -> None:
        self.lag = Histogram(SHORT_BUCKETS)  # how late the ticks come, in seconds
        self._duties = duties

    async def run(self) -> None:
        """Tick until cancelled."""
        loop = asyncio.get_running_loop()
        part, at = 0, loop.time()
        while True:
            at += TICK_S
            await asyncio.sleep(at - loop.time())
            late = loop.time() - at
            self.lag.observe(max(0.0, late))
            self.tick(part)
            part = (part + 1) % PARTS
            if late > 1:  # the machine slept, or the loop was held: no burst of ticks to catch up
                at = loop.time()

    def tick(self, part: int) -> None:
        """See to one part of the second."""
        for duty in self._duties(part):
            try:
                duty()
            except Exception:  # a bug in one of them must not end the others, and with them the service
                log.exception("a regular duty failed, which is a bug")
