"""Clients that others have made get what the venue sent, and resume after a cut: each way in has one."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.integration.foreign import Told, chromium, curl, node, websockets
from tests.integration.relay import Relay
from tests.integration.scenes import BINANCE, INSTRUMENT, bid
from tests.integration.service import Service, feed, serving
from tests.requires import program
from tests.venues.binance import Binance
from tests.venues.session import Session

Follow = Callable[[str, str], AbstractAsyncContextManager[Told]]

SYMBOL = BINANCE.symbol
CLIENTS = [
    pytest.param(partial(client, way), "websocket" if way == "websocket" else "sse", id=f"{client.__name__}-{way}")
    for client, way in (
        (websockets, "websocket"),
        (node, "websocket"),
        (node, "eventsource"),
        (chromium, "websocket"),
        (chromium, "eventsource"),
    )
]


@contextlib.asynccontextmanager
async def market(directory: Path, *others: str) -> AsyncIterator[tuple[Service, Session]]:
    """A service whose venue has sent the first quote and the first trade."""
    async with Binance() as venue, serving(directory, feed("binance", [INSTRUMENT, *others], venue.url)) as service:
        session = await venue.session(0, *BINANCE.subscriptions)
        await publish(session, 1)
        await service.metric_reaches(2, "ticker_updates_received_total", feed="binance")
        yield service, session


async def publish(session: Session, number: int) -> None:
    """The venue sends the n-th quote, and then the n-th trade."""
    await session.publish(BINANCE.quote(number))
    await session.publish(BINANCE.trade(number))


async def has(told: Told, number: int) -> None:
    """The client has the n-th quote and the n-th trade, live, with the venue's own digits."""
    quote = await told.expect(type="quote", symbol=SYMBOL, bid=bid(number), ask="2000.00")
    trade = await told.expect(type="trade", symbol=SYMBOL, trade_id=str(number), price="1500.00")
    assert quote["received"] < trade["received"]


async def begins(told: Told, session: Session) -> None:
    """The client is given what there was, and then what comes."""
    await told.expect(type="quote", symbol=SYMBOL, bid=bid(1), snapshot=True)
    await told.expect(type="trade", symbol=SYMBOL, trade_id="1", snapshot=True)
    await has(told, 1)
    for channel in ("quotes", "trades"):
        await told.expect(type="synced", channel=channel)
    await publish(session, 2)
    await has(told, 2)
    assert told.messages[0]["type"] == "welcome"
    assert not any(m.get("snapshot") for m in told.messages if m.get("trade_id") == "2")


@pytest.mark.parametrize(("follow", "transport"), CLIENTS)
async def test_it_sees_what_the_venue_sent_and_comes_back_after_a_cut(
    tmp_path: Path, follow: Follow, transport: str
) -> None:
    async with (
        market(tmp_path) as (service, session),
        Relay(service.port) as relay,
        follow(f"http://127.0.0.1:{relay.port}", SYMBOL) as told,
    ):
        await begins(told, session)
        assert await service.metric("ticker_clients", transport=transport) == 1
        relay.cut()
        for number in (3, 4):
            await publish(session, number)
        await has(told, 4)
        await publish(session, 5)
        await has(told, 5)
        assert told.tape == ["1", "2", "3", "4", "5"]
        assert await service.metric("ticker_resumes_total", result="complete") == 1


async def test_curl_follows_and_resumes(tmp_path: Path) -> None:
    async with market(tmp_path) as (service, session):
        base = f"http://127.0.0.1:{service.port}"
        async with curl(base, SYMBOL) as told:
            await begins(told, session)
            seen = (await told.expect(type="trade", trade_id="2"))["received"]
        await publish(session, 3)
        async with curl(base, SYMBOL, "-H", f"Last-Event-ID: {seen}") as again:
            await has(again, 3)
            assert again.tape == ["2", "3"]


async def test_curl_asks_for_the_newest_compressed(tmp_path: Path) -> None:
    async with market(tmp_path, *(f"S{number}-USD" for number in range(30))) as (service, _):
        url = f"http://127.0.0.1:{service.port}/v1/snapshot?channel=quotes&symbols=*"
        process = await asyncio.create_subprocess_exec(
            program("curl", "curl"), "-sSi", "--compressed", url, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        head, body = output.split(b"\r\n\r\n")
        assert b"content-encoding: gzip" in head.lower()
        messages = json.loads(body)["messages"]
        [quote] = [m for m in messages if m["type"] == "quote"]
        assert (quote["symbol"], quote["bid"], quote["ask"]) == (SYMBOL, bid(1), "2000.00")
