"""Sharing the event loop: what a thousand clients ask at once is not done in one turn of it."""

import asyncio
from collections import deque

from feeds.feed import Clock
from feeds.timestamps import SECOND

SLICE = SECOND // 333  # 3 ms for the work of conversations, in one turn of the loop
WOKEN = 32  # of those that wait, in a turn: some 0.1 ms a piece, which is what a small request takes


class Turns:
    """Lets so much work be done in one turn of the loop; who comes later waits for one of the next."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: int | None = None  # this turn's end; None: nobody has asked in it
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Until there is time for some work."""
        loop = asyncio.get_running_loop()
        while True:
            if self._until is None:
                self._until = self._clock() + SLICE
                loop.call_soon(self._next_turn)
                return
            if self._clock() < self._until:
                return
            waiting = loop.create_future()
            self._waiting.append(waiting)
            await waiting

    def _next_turn(self) -> None:
        self._until = None
        for _ in range(min(WOKEN, len(self._waiting))):
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
        if self._waiting:
            self._until = self._clock() + SLICE
            asyncio.get_running_loop().call_soon(self._next_turn)
