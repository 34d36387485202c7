"""Waiting for a thing to become true, with a deadline: no test sleeps for a fixed time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

DEADLINE_S = 15.0
POLL_S = 0.02

T = TypeVar("T")


class Changes:
    """Wakes whoever waits for something that this object's owner can change."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def notify(self) -> None:
        """Something changed: let everyone who waits look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, condition: Callable[[], T | None], what: str, within_s: float = DEADLINE_S) -> T:
        """The condition's first true value. Raises AssertionError that names `what` when the time is over."""
        try:
            async with asyncio.timeout(within_s):
                while not (value := condition()):
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"waited {within_s} s in vain for {what}") from None
        return value


async def eventually(ask: Callable[[], Awaitable[T | None]], what: str, within_s: float = DEADLINE_S) -> T:
    """The first true answer of `ask`, asked again and again: for what can only be polled, like a metric."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                if answer := await ask():
                    return answer
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise AssertionError(f"waited {within_s} s in vain for {what}") from None
