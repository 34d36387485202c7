"""Work that is cut in slices."""

import asyncio

from tests.ticker.fakes import ManualClock
from ticker.slices import SLICE, in_slices


async def work(items: range, clock: ManualClock, took: int, done: list[int]) -> None:
    """Something that takes so many nanoseconds for each item."""
    async for item in in_slices(items, clock):
        clock.now += took
        done.append(item)


async def test_the_loop_turns_when_a_slice_is_over() -> None:
    done = list[int]()
    task = asyncio.create_task(work(range(7), ManualClock(), SLICE // 3 + 1, done))
    seen = []
    while not task.done():
        await asyncio.sleep(0)
        seen.append(len(done))
    assert seen[:3] == [3, 6, 7]
    assert done == list(range(7))


async def test_what_fits_in_a_slice_is_done_at_once() -> None:
    done = list[int]()
    task = asyncio.create_task(work(range(1_000), ManualClock(), 1, done))
    await asyncio.sleep(0)
    assert (task.done(), len(done)) == (True, 1_000)


async def test_nothing_to_do() -> None:
    done = list[int]()
    await work(range(0), ManualClock(), 1, done)
    assert done == []
