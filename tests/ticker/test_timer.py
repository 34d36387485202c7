"""The timer: its duties, and a duty that fails. How it drives the service: test_app.py."""

import asyncio
from collections.abc import Iterable

import structlog.testing

from tests.waiting import eventually
from ticker.timer import PARTS, Duty, Timer


async def test_every_part_of_the_second_has_its_turn() -> None:
    parts: list[int] = []

    def duties(part: int) -> Iterable[Duty]:
        return [lambda: parts.append(part)]

    timer = Timer(duties)
    ticking = asyncio.create_task(timer.run())

    async def around() -> bool:
        return len(parts) > PARTS

    await eventually(around, "a second's ticks")
    ticking.cancel()
    await asyncio.wait([ticking])
    assert parts[: PARTS + 1] == [*range(PARTS), 0]
    assert sum(timer.lag.counts) >= PARTS


def test_a_duty_that_fails_ends_no_other() -> None:
    done: list[str] = []

    def broken() -> None:
        raise KeyError("a bug")

    timer = Timer(lambda _: [broken, lambda: done.append("the other")])
    with structlog.testing.capture_logs() as logged:
        timer.tick(0)
    assert [entry["log_level"] for entry in logged] == ["error"]
    assert done == ["the other"]
