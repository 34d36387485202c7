"""Server-sent events and long polls from the real service, as a browser's page and a shell script use them."""

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp

from tests.described import Conversation, check_answer
from tests.events import EventSource
from tests.integration.service import Service, serving, table
from tests.requires import program
from tests.ticker.streaming import raw_stream
from tests.waiting import DEADLINE_S

QUERY = "channel=trades&symbols=sim:*"
FEED = table("[[feeds]]", name="sim", adapter="simulated", symbols=5, rate=500, seed=3, channels=["trades"])
BUSY = table("[[feeds]]", name="sim", adapter="simulated", symbols=20, rate=10_000)
QUIET = table("[[feeds]]", name="sim", adapter="simulated", symbols=1, rate=5)
ORIGIN = "http://localhost:3000"  # let in, because the service is on a loopback address


async def test_a_restart_is_told_in_time_and_where_the_trades_went(tmp_path: Path) -> None:
    async with serving(tmp_path, FEED) as service:
        async with raw_stream(service, QUERY) as client:
            await client.message(type="trade")
            service.signal(signal.SIGTERM)
            await client.end()
            assert client.complete
            assert client.source.retry is not None
            assert client.source.retry >= 500
        assert await service.exit_code(within_s=5) == 0
        service.start()
        await asyncio.to_thread(service.wait_until_ready)
        async with raw_stream(service, QUERY, last_id=client.source.last_id) as again:
            gap = await again.message(type="gap")
            assert gap["reason"] == "restart"


async def test_one_that_never_reads_again_is_closed(tmp_path: Path) -> None:
    fanout = table("[fanout]", write_deadline_s=1)
    async with (
        serving(tmp_path, fanout, BUSY) as service,
        raw_stream(service, "channel=quotes&channel=trades&symbols=*", receive_buffer=4_096) as client,
    ):
        await client.message(type="welcome")
        await service.metric_reaches(1, "ticker_client_closes_total", transport="sse", code="4008")
        for name, labels in (
            ("ticker_slow_clients", {}),
            ("ticker_clients", {"transport": "sse"}),
            ("ticker_client_closes_total", {"transport": "sse", "code": "1006"}),
        ):
            assert await service.metric(name, **labels) == 0
        assert await service.metric("ticker_updates_sent_total", transport="sse") > 0
        assert await service.metric("ticker_sent_bytes_total", transport="sse") > 0
        assert await service.metric("ticker_sent_bytes_total", transport="websocket") == 0


async def test_a_quiet_stream_has_heartbeats(tmp_path: Path) -> None:
    quiet = table("[[feeds]]", name="sim", adapter="simulated", symbols=["A"], quiet=["A"])
    async with (
        serving(tmp_path, table("[fanout]", heartbeat_s=0.3), quiet) as service,
        raw_stream(service, "channel=stats&symbols=*") as client,
    ):
        for number in (1, 2):
            await client.until(lambda: client.kinds.count("heartbeat") >= number or None, "heartbeats")  # noqa: B023
        assert client.source.last_id == ""


async def test_curl_shows_it(tmp_path: Path) -> None:
    async with serving(tmp_path, QUIET) as service, curl(service, "channel=quotes&symbols=sim:*&max_rate=10") as read:
        source, kinds, conversation = EventSource(), list[str](), Conversation()
        while kinds.count("quote") < 3:
            for event in source.feed(await read()):
                conversation.received(event.message)
                kinds.append(event.kind)
        assert kinds[:2] == ["welcome", "ack"]


@contextlib.asynccontextmanager
async def curl(service: Service, query: str) -> AsyncIterator[Callable[[], "asyncio.Future[bytes]"]]:
    """What reads the next bytes that curl prints."""
    process = await asyncio.create_subprocess_exec(
        program("curl", "curl"),
        "-sN",
        f"http://127.0.0.1:{service.port}/v1/sse?{query}",
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    output = process.stdout
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield lambda: asyncio.ensure_future(output.read(4096))
    finally:
        process.kill()
        await process.wait()


async def test_a_page_of_another_origin_reads_and_polls_where_it_is_allowed(tmp_path: Path) -> None:
    busy = table("[[feeds]]", name="sim", adapter="simulated", symbols=50, rate=100)
    async with serving(tmp_path, busy) as service:
        base = f"http://127.0.0.1:{service.port}"
        async with aiohttp.ClientSession(base, headers={"Origin": ORIGIN, "Accept-Encoding": "gzip"}) as page:
            path = "/v1/snapshot?channel=ticker&symbols=*&wait=20"
            tags = set()
            headers: dict[str, str] = {}
            for _ in range(3):
                async with page.get(path, headers=headers) as answer:
                    assert answer.status == 200
                    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
                    assert answer.headers["Content-Encoding"] == "gzip"
                    body = await answer.text()
                    check_answer("GET", path, answer.status, answer.headers, body)
                    assert len(json.loads(body)["messages"]) > 50
                    headers["If-None-Match"] = answer.headers["ETag"]
                    tags.add(answer.headers["ETag"])
            assert len(tags) == 3
        async with raw_stream(service, "channel=ticker&symbols=*", headers={"Origin": ORIGIN}) as stream:
            assert stream.headers["access-control-allow-origin"] == ORIGIN
        async with raw_stream(
            service, "channel=ticker&symbols=*", headers={"Origin": "https://dashboard.example"}
        ) as stream:
            assert "access-control-allow-origin" not in stream.headers
