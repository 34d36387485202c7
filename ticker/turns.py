"""Sharing the event loop: what a thousand clients ask at once is not done in one turn of it."""

import asyncio
from collections import deque
from collections.abc import MutableSequence

from feeds.feed import Clock
from feeds.timestamps import SECOND

SLICE = SECOND // 333  # 3 ms for the work of conversations, in one turn of the loop
WOKEN = 32  # of those that wait, in a turn: some 0.1 ms a piece, which is what a small request takes


class Turns:
    """Lets so much work be done in one turn of the loop; who comes later waits for one of the next.

    A turn's time begins with the first work in it, so that some is done in each, however long the turns are.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: int | None = None  # the end of this turn's time; None: nobody has worked in it
        self._waiting: deque[asyncio.Future[None]] = deque()  # in line
        self._again: list[asyncio.Future[None]] = []  # those whose turn it was, and for whom there was no time left
        self._asked = False  # whether the next turn is asked for
        self._called = 0  # those whose turn it is, and who have not come yet

    async def take(self) -> None:
        """Until there is time for some work."""
        if self._waiting or self._again or self._called:
            await self._wait(self._waiting)
        while not self._has_time():
            await self._wait(self._again)

    def _has_time(self) -> bool:
        if self._until is not None:
            return self._clock() < self._until
        self._until = self._clock() + SLICE
        self._ask_for_the_next()
        return True

    def _ask_for_the_next(self) -> None:
        if not self._asked:
            self._asked = True
            asyncio.get_running_loop().call_soon(self._next_turn)

    async def _wait(self, line: MutableSequence[asyncio.Future[None]]) -> None:
        waiting = asyncio.get_running_loop().create_future()
        line.append(waiting)
        self._ask_for_the_next()
        try:
            await waiting
        finally:
            if waiting.done() and not waiting.cancelled():
                self._called -= 1

    def _next_turn(self) -> None:
        self._until, self._asked = None, False
        self._waiting.extendleft(reversed(self._again))
        self._again.clear()
        for _ in range(min(WOKEN, len(self._waiting))):
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
                self._called += 1
        if self._waiting:
            self._ask_for_the_next()
