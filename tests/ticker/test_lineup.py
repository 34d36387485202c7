"""Feeds that come and go. With real ones: tests/integration/test_reload.py."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from feeds.errors import FeedError
from tests.ticker.stage import FakeFeed, Stage
from ticker.lineup import Lineup


class Wanted(NamedTuple):
    """A feed's stanza."""

    name: str
    symbols: tuple[str, ...]


class LastingFeed(FakeFeed):
    """A feed that runs until it is stopped."""

    running = False

    async def run(self) -> None:
        """Run for ever."""
        self.running = True
        try:
            await asyncio.Event().wait()
        finally:
            self.running = False


def build(wanted: Wanted) -> LastingFeed:
    if wanted.name == "broken":
        raise FeedError("it cannot be had")
    return LastingFeed(wanted.name, *wanted.symbols)


@contextlib.asynccontextmanager
async def running(*stanzas: Wanted) -> AsyncIterator[tuple[Stage, Lineup[Wanted]]]:
    """A stage that has these feeds besides its own."""
    stage = Stage()
    lineup = Lineup(build, stanzas, stage.pipeline, stage.clock)
    async with asyncio.TaskGroup() as group:
        lineup.run(group)
        await asyncio.sleep(0)
        yield stage, lineup
        await lineup.take_up((), {})


ONE, TWO = Wanted("one", ("one:A",)), Wanted("two", ("two:A",))


async def test_only_what_changed_is_touched() -> None:
    async with running(ONE, TWO) as (stage, lineup):
        one, two = lineup.feeds
        wanted = (Wanted("three", ("three:A",)), TWO._replace(symbols=("two:A", "two:B")), ONE)
        gone, new = await lineup.take_up(wanted, lineup.prepare(wanted))
        await asyncio.sleep(0)
        assert (gone, [market.instrument.symbol for market in new]) == ([], ["two:B", "three:A"])
        assert [feed.name for feed in lineup.feeds] == ["three", "two", "one"]
        assert lineup.feeds[2] is one
        assert [getattr(feed, "running", None) for feed in (one, two, *lineup.feeds)] == [True, False, True, True, True]
        assert {market.instrument.symbol for market in stage.directory.all()} == {"one:A", "two:A", "two:B", "three:A"}


async def test_what_cannot_be_had_is_found_before_anything_is_stopped() -> None:
    async with running(ONE) as (_, lineup):
        with pytest.raises(FeedError):
            lineup.prepare((TWO, Wanted("broken", ())))
        assert [feed.name for feed in lineup.feeds] == ["one"]
