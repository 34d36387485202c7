"""How the service lets its clients go when it is told to stop."""

import asyncio
import contextlib
import re
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

from tests.integration.client import Client, connected
from tests.integration.service import Service, serving, table
from tests.ticker.streaming import raw_stream

FEED = table("[[feeds]]", name="sim", adapter="simulated", symbols=3, rate=300)
QUERY = "channel=quotes&symbols=*"
RETRY_AFTER = re.compile(r"retry_after_ms=(\d+)")


@contextlib.asynccontextmanager
async def many(service: Service, number: int) -> AsyncIterator[list[Client]]:
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(connected(service)) for _ in range(number)]


async def ready(service: Service) -> int:
    return (await service.get("/readyz")).status


async def test_first_it_is_not_ready_then_clients_go_a_few_at_a_time(tmp_path: Path) -> None:
    drain = table("[drain]", wait_s=1.5, closes_per_second=10, total_s=20)
    async with serving(tmp_path, FEED, drain) as service, many(service, 8) as clients:
        told = time.monotonic()
        service.signal(signal.SIGTERM)
        await service.metric_reaches(1, "ticker_draining")
        assert await ready(service) == 503
        async with connected(service) as late:  # taken as if nothing was
            await late.subscribe("quotes", "sim:*")
            await late.more("quote", None)
            goodbyes = await asyncio.gather(*(client.closed() for client in [*clients, late]))
        assert await service.exit_code(within_s=10) == 0
        took = time.monotonic() - told
    assert {code for code, _ in goodbyes} == {1012}
    waits = [int(found[1]) for _, reason in goodbyes if (found := RETRY_AFTER.fullmatch(reason or ""))]
    assert len(set(waits)) > 4
    assert len(waits) == 9
    assert took >= 1.5 + 8 / 10


async def test_streams_and_long_polls_end_as_promised(tmp_path: Path) -> None:
    idle = table("[[feeds]]", name="idle", adapter="simulated", symbols=1, quiet=["SYM0"], quiet_every_s=3600)
    async with serving(tmp_path, idle) as service, raw_stream(service, QUERY) as stream:
        await stream.message(type="synced")
        path = "/v1/snapshot?channel=quotes&symbols=*"
        tag = (await service.get(path)).headers["ETag"]
        poll = asyncio.create_task(service.get(f"{path}&wait=30", **{"If-None-Match": tag}))
        await service.metric_reaches(1, "ticker_clients", transport="poll")
        service.signal(signal.SIGTERM)
        await stream.end()
        assert stream.complete
        assert stream.source.retry is not None
        assert 500 <= stream.source.retry <= 5_000
        assert (await poll).status == 304
        assert await service.exit_code(within_s=5) == 0


async def test_what_was_published_before_the_goodbye_arrives_before_it(tmp_path: Path) -> None:
    async with serving(tmp_path, table("[fanout]", flush_interval_ms=1000), FEED) as service:
        async with connected(service) as client:
            await client.subscribe("trades", "sim:*")
            await client.more("trade", None, 50)
            service.signal(signal.SIGTERM)
            await client.closed()
        for symbol in ("sim:SYM0", "sim:SYM1"):
            seqs = client.values("trade", symbol, "seq")
            assert seqs == list(range(seqs[0], seqs[-1] + 1))
        assert await service.exit_code(within_s=5) == 0


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path, FEED, table("[drain]", wait_s=60, total_s=90)) as service, connected(service):
        service.signal(signal.SIGTERM)
        await service.metric_reaches(1, "ticker_draining")
        service.signal(signal.SIGTERM)
        assert await service.exit_code(within_s=5) == -signal.SIGTERM


async def test_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    async with serving(tmp_path, FEED, table("[drain]", wait_s=60, total_s=90)) as service, connected(service):
        service.signal(signal.SIGINT)
        assert await service.exit_code(within_s=5) == 0


async def test_many_clients_go_within_the_time(tmp_path: Path) -> None:
    drain = table("[drain]", wait_s=0, closes_per_second=1, total_s=5)
    async with serving(tmp_path, FEED, drain) as service, many(service, 30) as clients:
        service.signal(signal.SIGTERM)
        assert {code for code, _ in await asyncio.gather(*(client.closed() for client in clients))} == {1012}
        assert await service.exit_code(within_s=6) == 0
