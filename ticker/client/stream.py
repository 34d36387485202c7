"""The updates of one subscription, as the caller takes them."""

import asyncio
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Self

from ticker.client.subscription import Subscription
from ticker.client.updates import Update


class Stream:
    """An async iterator of updates.

    It never holds more than the newest value of each symbol and the newest 1,000 trades, however slowly it is read: of
    the others a `Gap` tells. It ends with the client, or with `close()`; used as `with`, and when nobody has it any
    more, it closes by itself. Raises SubscribeError where the service refuses the subscription, and whatever other
    ClientError ends the client.
    """

    def __init__(self, subscription: Subscription, leave: Callable[[Subscription], None]) -> None:
        self._subscription = subscription
        self._news = asyncio.Event()
        self._closed = False
        # A loop over a stream that only the loop has is left by `break` or an error: nobody could close it.
        self._leave = weakref.finalize(self, leave, subscription)
        self._leave.atexit = False
        subscription.on_news = self._news.set

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Update:
        while not self._closed:
            if (update := self._subscription.take()) is not None:
                return update
            if (error := self._subscription.error) is not None:
                self.close()
                raise error
            self._news.clear()
            await self._news.wait()
        raise StopAsyncIteration

    def close(self) -> None:
        """Give the subscription up: the iteration ends, and the service sends it no more."""
        if not self._closed:
            self._closed = True
            self._news.set()
            self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
