"""Work in turns of the loop."""

import asyncio

from tests.ticker.fakes import ManualClock
from ticker.turns import SLICE, WOKEN, Turns


async def work(turns: Turns, clock: ManualClock, done: list[int], number: int) -> None:
    """What takes half a slice."""
    await turns.take()
    clock.now += SLICE // 2 + 1
    done.append(number)


async def test_so_much_is_done_in_a_turn_and_the_rest_in_the_next_ones_in_order() -> None:
    clock, done = ManualClock(), list[int]()
    turns = Turns(clock)
    async with asyncio.TaskGroup() as group:
        for number in range(6):
            group.create_task(work(turns, clock, done, number))
        await asyncio.sleep(0)
        assert done == [0, 1]
    assert done == list(range(6))


async def test_work_that_fits_is_not_delayed() -> None:
    turns, began = Turns(ManualClock()), asyncio.get_running_loop().time()
    for _ in range(1_000):
        await turns.take()  # would never come back if it waited: nothing else turns the loop
    assert asyncio.get_running_loop().time() - began < 1


async def test_who_gives_up_waiting_does_not_keep_the_others() -> None:
    clock, done = ManualClock(), list[int]()
    turns = Turns(clock)
    tasks = [asyncio.create_task(work(turns, clock, done, number)) for number in range(2 * WOKEN)]
    await asyncio.sleep(0)
    for task in tasks[2:-1]:
        task.cancel()
    await asyncio.wait(tasks)
    assert done == [0, 1, len(tasks) - 1]


async def test_however_long_the_turns_are_some_is_done_in_each_and_newcomers_do_not_push_in() -> None:
    clock, done = ManualClock(), list[int]()
    turns, number = Turns(clock), 2 * WOKEN

    async def others() -> None:
        while len(done) < number:
            clock.now += 2 * SLICE
            await asyncio.sleep(0)

    busy = asyncio.create_task(others())
    first = [asyncio.create_task(work(turns, clock, done, at)) for at in range(number // 2)]
    await asyncio.sleep(0)
    rest = [asyncio.create_task(work(turns, clock, done, at)) for at in range(number // 2, number)]
    async with asyncio.timeout(5):
        await asyncio.wait([busy, *first, *rest])
    assert done == list(range(number))
