"""The parts put together: from a feed to a client, and from start to stop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog.testing
from aiohttp import WSCloseCode
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from feeds.timestamps import SECOND
from tests.ticker.stage import FakeFeed
from tests.waiting import eventually
from ticker.app import READY_AFTER_S, Service
from ticker.loop import schedule_on
from ticker.settings import Settings

FEED: dict[str, Any] = {"name": "sim", "adapter": "simulated", "symbols": ["BTC-USDT", "ETH-USDT"], "rate": 200}
UNREACHABLE: dict[str, Any] = {
    "name": "down",
    "adapter": "binance",
    "symbols": ["BTC-USDT"],
    "url": "ws://127.0.0.1:9",
    "backoff_min_s": 60,
    "backoff_max_s": 60,
}

Client = TestClient[Request, Application]


@contextlib.asynccontextmanager
async def running(*feeds: dict[str, Any], **sections: dict[str, Any]) -> AsyncIterator[tuple[Service, Client]]:
    """A service, and an HTTP client for it."""
    settings = Settings.model_validate({"feeds": feeds or (FEED,), **sections})
    service = Service(settings, schedule_on(asyncio.get_running_loop()))
    async with TestClient(TestServer(service.application())) as client:
        feeding = asyncio.create_task(service.run_feeds())
        try:
            yield service, client
        finally:
            feeding.cancel()
            await asyncio.wait([feeding])


async def status(client: Client, path: str) -> int:
    async with client.get(path) as answer:
        return answer.status


async def ready(client: Client) -> None:
    async def so() -> bool:
        return await status(client, "/readyz") == 200

    await eventually(so, "the service to be ready")


async def test_it_is_ready_when_every_feed_was_tried_whether_it_can_be_reached_or_not() -> None:
    async with running(FEED, UNREACHABLE) as (service, client):
        assert await status(client, "/readyz") == 503
        await ready(client)
        assert (service.feed_names, service.example_symbol) == (["sim", "down"], "sim:BTC-USDT")


async def test_it_is_ready_after_a_while_though_a_feed_was_not_even_tried() -> None:
    async with running() as (service, _):
        service._feeds[:] = [FakeFeed("sim")]
        states = []
        for seconds in (READY_AFTER_S - 1, READY_AFTER_S):
            service._note_readiness(service._started + int(seconds * SECOND))
            states.append(service._readiness.state)
        assert states == ["starting", "ready"]


async def test_what_a_feed_brings_reaches_a_client() -> None:
    async with running() as (_, client), client.ws_connect("/v1/ws") as ws:
        await ws.receive_json()
        await ws.send_json({"op": "subscribe", "channel": "ticker", "symbols": ["sim:*"]})
        async with asyncio.timeout(10):
            seen: set[str] = set()
            while len(seen) < 2:
                message = await ws.receive_json()
                if message["type"] == "ticker" and "snapshot" not in message:
                    seen.add(message["symbol"])


async def test_settings_reach_the_parts() -> None:
    sections = {"limits": {"clients": 7, "symbols_per_client": 1}, "fanout": {"heartbeat_s": 3}}
    async with running(**sections) as (_, client), client.ws_connect("/v1/ws") as ws:
        welcome = await ws.receive_json()
        assert (welcome["heartbeat_ms"], welcome["limits"]["symbols"]) == (3_000, 1)
        assert await status(client, "/v1/snapshot?channel=status&symbols=*") == 413
        async with client.get("/metrics") as answer:
            assert "ticker_clients_limit 7.0" in await answer.text()


async def test_a_pattern_has_its_own_time_until_quiet() -> None:
    by_pattern = {"quiet_s": 60, "quiet_by_pattern": {"sim:B*": 5, "*": 9}}
    async with running(FEED, UNREACHABLE, freshness=by_pattern) as (service, _):
        times = {symbol: state.quiet_after // 10**9 for symbol, state in service._watch.symbols.items()}
        assert times == {"sim:BTC-USDT": 5, "sim:ETH-USDT": 9, "down:BTC-USDT": 9}


async def test_a_quiet_connection_hears_a_heartbeat() -> None:
    async with running(UNREACHABLE, fanout={"heartbeat_s": 0.3}) as (_, client), client.ws_connect("/v1/ws") as ws:
        async with asyncio.timeout(10):
            assert [(await ws.receive_json())["type"] for _ in range(3)] == ["welcome", "heartbeat", "heartbeat"]


async def test_a_duty_that_fails_ends_neither_the_others_nor_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(fanout={"heartbeat_s": 0.3}) as (service, client):
        await ready(client)

        def broken(*_: Any) -> None:
            raise KeyError("a bug")

        monkeypatch.setattr(service._fanout, "heartbeat", broken)
        with structlog.testing.capture_logs() as logged:
            service._readiness.state = "starting"
            service._timer.tick(0)
        assert [entry["log_level"] for entry in logged] == ["error"]
        assert await status(client, "/readyz") == 200


async def test_closing_turns_readiness_and_sends_clients_away() -> None:
    async with running() as (service, client), client.ws_connect("/v1/ws") as ws:
        await ready(client)
        await ws.receive_json()
        closing = asyncio.create_task(service.close())
        async with asyncio.timeout(10):
            closed = await ws.receive()
        assert (closed.data, str(closed.extra)[:15]) == (WSCloseCode.SERVICE_RESTART, "retry_after_ms=")
        await closing
        assert await status(client, "/readyz") == 503
        async with client.get("/metrics") as answer:
            assert "ticker_draining 1.0" in await answer.text()


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/symbols", "/v1/status", "/metrics"])
async def test_paths_that_answer_from_the_start(path: str) -> None:
    async with running() as (_, client):
        assert await status(client, path) == 200
