import asyncio
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from feeds.counts import FeedCounts
from feeds.feed import Feed
from feeds.market import Event, Instrument, LinkState, LinkStatus, Quote
from feeds.playback import STEPS_A_TURN, Playback
from feeds.timestamps import SECOND, clock

DEADLINE_S = 10
SYMBOL = "fake:BTC-USD"


class Scripted:
    """A source whose steps are given: when each is due, and what makes its events."""

    def __init__(self, steps: Sequence[tuple[float, Callable[[int], list[Event]]]]) -> None:
        self.name = "fake"
        self.instruments = (Instrument(SYMBOL),)
        self.counts = FeedCounts()
        self.has_past = False
        self._steps = list(steps)

    @property
    def next_at(self) -> float | None:
        return self._steps[0][0] if self._steps else None

    def step(self, received: int) -> list[Event]:
        _, make = self._steps.pop(0)
        return make(received)


def quote(received: int) -> list[Event]:
    return [Quote(SYMBOL, received, None, "1", "1", "2", "1")]


def link(state: LinkStatus) -> Callable[[int], list[Event]]:
    return lambda received: [LinkState("fake", 0, state, received, (SYMBOL,))]


async def played(source: Scripted, now: Callable[[], int] | None = None) -> list[Event]:
    published: list[Event] = []
    async with asyncio.timeout(DEADLINE_S):
        await Playback(source, published.append, now or clock()).run()
    return published


def test_is_a_feed_of_one_link() -> None:
    feed: Feed = Playback(Scripted([]), lambda _: None, clock())

    assert feed.name == "fake"
    assert feed.link_symbols == ((SYMBOL,),)
    assert not feed.tried


async def test_publishes_each_step_when_it_is_due_and_returns_at_the_end() -> None:
    started = clock()()

    published = await played(Scripted([(0, quote), (0.02, quote), (0.02, quote), (0.03, quote)]))

    due = [started + int(at * SECOND) for at in (0, 0.02, 0.02, 0.03)]
    received = [event.received for event in published]
    assert len(received) == len(due)
    assert all(at <= actual for at, actual in zip(due, received, strict=True))


async def test_received_is_the_clock_s_time_at_each_publication() -> None:
    now = clock()
    at_publication: list[tuple[int, int]] = []
    source = Scripted([(0, quote)] * 20)

    await Playback(source, lambda event: at_publication.append((event.received, now())), now).run()

    assert all(before[1] <= after[0] <= after[1] for before, after in pairwise(at_publication))


async def test_has_been_tried_after_the_first_turn() -> None:
    published = asyncio.Event()
    feed = Playback(Scripted([(0, quote), (3_600, quote)]), lambda _: published.set(), clock())

    run = asyncio.create_task(feed.run())
    async with asyncio.timeout(DEADLINE_S):
        await published.wait()
        await asyncio.sleep(0)
    assert feed.tried
    run.cancel()

    with pytest.raises(asyncio.CancelledError):
        await run


async def test_the_loop_turns_while_there_is_a_lot_to_publish() -> None:
    turns = 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        asyncio.get_running_loop().call_soon(turn)

    turn()
    published = await played(Scripted([(0, quote)] * STEPS_A_TURN * 5))

    assert len(published) == STEPS_A_TURN * 5
    assert turns >= 5


async def test_goes_on_at_its_pace_after_falling_far_behind() -> None:
    real = clock()
    held_up = 0
    at_start = real()

    def hold_up(received: int) -> list[Event]:
        nonlocal held_up
        held_up = 60 * SECOND
        return quote(received)

    published = await played(
        Scripted([(0, hold_up), (0.01, quote), (0.02, quote), (0.03, quote)]), lambda: real() + held_up
    )

    assert len(published) == 4
    second, last = published[1].received, published[3].received
    assert second >= at_start + 60 * SECOND
    assert last - second > 0.015 * SECOND


async def test_catches_up_after_falling_a_little_behind() -> None:
    real = clock()
    held_up = 0

    def hold_up(received: int) -> list[Event]:
        nonlocal held_up
        held_up = SECOND // 2
        return quote(received)

    at_start = real()
    published = await played(
        Scripted([(0, hold_up), (0.3, quote), (0.4, quote), (0.55, quote)]), lambda: real() + held_up
    )

    assert [event.received >= at_start + SECOND // 2 for event in published] == [False, True, True, True]
    assert published[2].received - published[1].received < 0.1 * SECOND
    assert published[3].received >= at_start + 0.55 * SECOND


async def test_counts_the_connection_and_notes_the_newest_data() -> None:
    seen: list[tuple[int, int]] = []
    source = Scripted([(0, link("connected")), (0, quote), (0, link("disconnected"))])
    published: list[Event] = []

    def publish(event: Event) -> None:
        published.append(event)
        seen.append((source.counts.connections, source.counts.last_data))

    await Playback(source, publish, clock()).run()

    data = published[1].received
    assert seen == [(1, 0), (1, data), (0, data)]
