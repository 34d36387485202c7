"""Long polls: requests that wait for a change. The change wakes them; nobody looks."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from aiohttp import web

from ticker.admission import Admission
from ticker.bus import Topic
from ticker.directory import Market
from ticker.drain import Departure
from ticker.errors import RequestError
from ticker.hub import Hub
from ticker.turns import Turns
from ticker.waiters import Waiter

Change = asyncio.Future[None]

WAIT_MOST_S = 30.0  # below the time after which proxies cut a connection on which nothing happens


class Polls:
    """The requests that wait. They count as clients."""

    def __init__(self, hub: Hub, admission: Admission, turns: Turns) -> None:
        self._fanout = hub.fanout
        self._admission = admission
        self._turns = turns
        self._waiting: dict[Change, web.Request] = {}
        hub.followers[self] = None

    def __len__(self) -> int:
        return len(self._waiting)

    @contextmanager
    def watching(self, topics: Collection[Topic]) -> Iterator[Change]:
        """What is done once one of the topics has changed."""
        changed = asyncio.get_running_loop().create_future()
        waiter = Waiter(topics, lambda: _wake(changed))
        self._fanout.wait(waiter)
        try:
            yield changed
        finally:
            self._fanout.forget(waiter)

    async def wait(self, request: web.Request, changed: Change, seconds: float) -> None:
        """Until that, or the time is over. Raises RequestError 503 where too many wait."""
        if (refusal := self._admission.admit_request()) is not None:
            reason = "too many clients, or the service stops; come back later"
            raise RequestError(503, reason, refusal.retry_after_ms)
        self._waiting[changed] = request
        self._admission.connected["poll"] += 1
        try:
            async with asyncio.timeout(seconds):
                await changed
        except TimeoutError:
            pass
        finally:
            self._admission.connected["poll"] -= 1
            del self._waiting[changed]
        await self._turns.take()  # a change may wake thousands

    def appeared(self, markets: Sequence[Market]) -> None:  # noqa: ARG002
        """There are new symbols, which a pattern may cover."""
        self.close()

    def tick(self) -> None:
        """Let those go whose client has gone: nothing tells them."""
        for changed, request in list(self._waiting.items()):
            if request.transport is None or request.transport.is_closing():
                _wake(changed)

    def departures(self) -> list[Departure]:
        """What answers each, with what there is."""
        return [partial(self._answer, changed) for changed in self._waiting]

    async def _answer(self, changed: Change) -> None:
        _wake(changed)

    def close(self) -> None:
        """Answer all at once."""
        for changed in list(self._waiting):
            _wake(changed)


def parse_wait(given: str | None) -> float:
    """How long a request wants to wait, in seconds. Raises RequestError 400."""
    if given is None:
        return 0.0
    try:
        wait = float(given)
    except ValueError:
        wait = -1.0
    if 0 <= wait <= WAIT_MOST_S:
        return wait
    raise RequestError(400, f"wait: seconds, from 0 to {WAIT_MOST_S:g}")


def _wake(changed: Change) -> None:
    if not changed.done():
        changed.set_result(None)
