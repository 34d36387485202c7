"""Sending clients away in order. The whole way, with a signal: tests/integration/test_drain.py."""

import asyncio

import pytest
import structlog.testing

from ticker.drain import Departure, spread


def noting(times: list[float]) -> Departure:
    async def leave() -> None:
        times.append(asyncio.get_running_loop().time())

    return leave


async def test_so_many_a_second() -> None:
    times: list[float] = []
    await spread([noting(times)] * 10, per_second=50, within_s=60)
    assert times[-1] - times[0] >= 9 / 50 - 0.001


async def test_as_many_as_the_time_needs() -> None:
    times: list[float] = []
    async with asyncio.timeout(10):
        await spread([noting(times)] * 100, per_second=1, within_s=0.1)
    assert len(times) == 100


@pytest.mark.parametrize("within_s", [0, -1])
async def test_all_at_once_where_there_is_no_time(within_s: float) -> None:
    times: list[float] = []
    async with asyncio.timeout(10):
        await spread([noting(times)] * 100, per_second=1, within_s=within_s)
    assert len(times) == 100


async def test_nobody_is_nothing_to_wait_for() -> None:
    await spread([], per_second=1, within_s=1)


async def test_one_that_cannot_be_sent_away_holds_up_no_other() -> None:
    times: list[float] = []

    async def broken() -> None:
        raise KeyError("a bug")

    with structlog.testing.capture_logs() as logged:
        await spread([broken, noting(times)], per_second=1, within_s=0)
    assert [entry["log_level"] for entry in logged] == ["error"]
    assert len(times) == 1
