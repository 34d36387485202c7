"""The feeds that run. They come and go while the service goes on; one whose stanza stays the same is left alone."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from feeds.feed import Clock, Feed, keep_running
from ticker.directory import Market
from ticker.pipeline import Pipeline


class Stanza(Protocol):
    """A feed's settings."""

    @property
    def name(self) -> str:
        """The feed's name, which no other has."""
        ...


S = TypeVar("S", bound=Stanza)


class Lineup(Generic[S]):
    """Each feed, with its stanza and the task that runs it."""

    def __init__(self, build: Callable[[S], Feed], stanzas: Sequence[S], pipeline: Pipeline, clock: Clock) -> None:
        """Raises FeedError where a feed cannot be had."""
        self._build = build
        self._pipeline = pipeline
        self._clock = clock
        self._stanzas = {stanza.name: stanza for stanza in stanzas}
        self.feeds = [build(stanza) for stanza in stanzas]  # this list and no other: who tells of feeds holds it
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        for feed in self.feeds:
            pipeline.add_feed(feed.name, feed.instruments, feed.link_symbols, clock(), has_past=feed.has_past)

    def run(self, group: asyncio.TaskGroup) -> None:
        """Run them as tasks of `group`, and those that come later, too."""
        self._group = group
        for feed in self.feeds:
            self._start(feed)

    def prepare(self, stanzas: Sequence[S]) -> Mapping[str, Feed]:
        """The feeds that these want and that are not there. Raises FeedError where one cannot be had."""
        return {stanza.name: self._build(stanza) for stanza in stanzas if self._stanzas.get(stanza.name) != stanza}

    async def take_up(self, stanzas: Sequence[S], prepared: Mapping[str, Feed]) -> tuple[list[Market], list[Market]]:
        """Run what these want; the markets that are gone, and the new ones."""
        wanted = {stanza.name: stanza for stanza in stanzas}
        ending = [name for name in self._stanzas if name not in wanted or name in prepared]
        for name in ending:
            await self._stop(name)
        gone: list[Market] = []
        new: list[Market] = []
        for name in dict.fromkeys((*ending, *prepared)):
            gone_here, new_here = self._replace(name, prepared.get(name))
            gone += gone_here
            new += new_here
        there = {feed.name: feed for feed in self.feeds} | dict(prepared)
        self.feeds[:] = [there[name] for name in wanted]
        self._stanzas = wanted
        for feed in prepared.values():
            self._start(feed)
        return gone, new

    def _replace(self, name: str, feed: Feed | None) -> tuple[list[Market], list[Market]]:
        instruments, links = (feed.instruments, feed.link_symbols) if feed else ((), ())
        has_past = feed is not None and feed.has_past
        return self._pipeline.replace_feed(name, instruments, links, self._clock(), has_past=has_past)

    async def _stop(self, name: str) -> None:
        """End a feed: when this returns it has said its last."""
        if (task := self._tasks.pop(name, None)) is not None:
            task.cancel()
            await asyncio.wait([task])

    def _start(self, feed: Feed) -> None:
        if self._group is not None:
            running = keep_running(feed, self._pipeline.receive, self._clock)
            self._tasks[feed.name] = self._group.create_task(running)
