"""A feed that runs against a venue in the same event loop, and what it has published."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from feeds.market import Event, LinkState, Trade
from feeds.timestamps import clock
from feeds.websocket import WebSocketFeed
from tests.feeds.fakes import FakeAdapter, link, options
from tests.waiting import Changes, eventually

NO_SPREAD = 0.5  # of what is spread to both sides; also half of each wait


class Published(Changes):
    """What a feed has published, in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        """Publish an event."""
        self.events.append(event)
        self.notify()

    @property
    def states(self) -> list[str]:
        """What was said of the link, or of link number n as `n state`."""
        states = [event for event in self.events if isinstance(event, LinkState)]
        return [f"{event.link} {event.state}" if event.link else event.state for event in states]

    @property
    def tape(self) -> list[str | None]:
        """The ids of the trades."""
        return [event.trade_id for event in self.events if isinstance(event, Trade)]

    async def trade(self, number: int) -> None:
        """Returns once the trade of that number was published."""
        await self.until(lambda: str(number) in self.tape, f"trade {number}")

    async def state(self, *states: str) -> None:
        """Returns once these states, and none but these, were said in this order."""
        await self.until(lambda: len(self.states) >= len(states), f"the states {states}, not just {self.states}")
        assert self.states == list(states)


def feed_of(
    url: str,
    publish: Callable[[Event], None],
    *subscriptions: str,
    adapter: type[FakeAdapter] = FakeAdapter,
    uniform: float = NO_SPREAD,
    **others: Any,
) -> WebSocketFeed:
    """A feed of one link that asks for `subscriptions`, by default for the trades of A."""
    wanted = link(*(subscriptions or ("trades A",)), url=url)
    return WebSocketFeed(adapter(wanted), options(url, **others), publish, clock(), lambda: uniform)


@contextlib.asynccontextmanager
async def running(*feeds: WebSocketFeed) -> AsyncIterator[None]:
    """Feeds that run until the block ends, and leave nothing running behind."""
    runs = [asyncio.create_task(feed.run()) for feed in feeds]
    try:
        yield
    finally:
        for run in runs:
            run.cancel()
        await asyncio.wait(runs)
    assert all(run.cancelled() for run in runs)
    assert tasks_of_feeds() == []
    assert all(feed.counts.connections == 0 for feed in feeds)


def tasks_of_feeds() -> list[str]:
    """The names of all coroutines of this project's feeds that still run as tasks."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith(("Connection.", "KeptLink.", "WebSocketFeed."))]


async def comes_true(condition: Callable[[], bool], what: str) -> None:
    """Returns once a condition is true whose change nobody tells of."""

    async def ask() -> bool:
        return condition()

    await eventually(ask, what)
