"""The past on the real service: bars from before it was started, or just the live ones where none are to be had."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from feeds.timestamps import SECOND, clock, nanoseconds
from tests.integration.client import connected
from tests.integration.scenes import BINANCE
from tests.integration.service import Service, feed, running, serving, table
from tests.venues.binance import agg_trade
from tests.venues.rest import Print, RestVenue, binance
from tests.venues.session import Session
from tests.waiting import eventually

SYMBOL = BINANCE.symbol


def tape() -> list[Print]:
    """A trade each half a minute for four hours, up to two minutes ago."""
    now = clock()()
    return [Print(now - n * 30 * SECOND, f"{1_000 + n}.50", 1_000 - n) for n in range(480, 3, -1)]


async def bars(service: Service, symbol: str, interval: str, least: int) -> list[Any]:
    """The retained bars, once there are so many of them."""

    async def found() -> list[Any] | None:
        answer = await service.get(f"/v1/bars?symbol={symbol}&interval={interval}&limit=1000")
        assert answer.status == 200, answer.body
        messages = answer.json["messages"]
        return messages if len(messages) >= least else None

    return await eventually(found, f"{least} bars of {interval}")


@contextlib.asynccontextmanager
async def asking(
    directory: Path, answer: Callable[[web.Request], web.StreamResponse], *, stalls: bool = False
) -> AsyncIterator[tuple[Service, Session, RestVenue]]:
    """A service whose venue answers so about the past, and the connection over which it gets live data."""
    async with BINANCE.venue() as venue, RestVenue(answer) as rest:
        rest.stalls = stalls
        stanza = feed("binance", ["BTC-USD"], venue.url, history_url=rest.url)
        async with serving(directory, stanza) as service:
            yield service, await venue.session(0, *BINANCE.subscriptions), rest


async def test_bars_and_trades_of_before_are_served_beside_the_live_ones(tmp_path: Path) -> None:
    before = tape()
    async with asking(tmp_path, binance({"BTCUSD": before})) as (service, session, _):
        await session.publish(agg_trade("BTCUSD", 1_000, "7.00"))
        minutes = await bars(service, SYMBOL, "1m", 200)
        starts = [nanoseconds(bar["start"]) for bar in minutes]
        assert starts == sorted(set(starts))
        whole = [bar for bar in minutes if bar["closed"]]
        assert {bar["trades"] for bar in whole[1:-1]} == {2}
        at = nanoseconds(whole[-2]["start"])
        mine = [one.price for one in before if at <= one.at < at + 60 * SECOND]
        assert (whole[-2]["open"], whole[-2]["close"]) == (mine[0], mine[-1])
        assert len(await bars(service, SYMBOL, "1h", 4)) >= 4
        async with connected(service) as client:
            await client.subscribe("bars", SYMBOL, interval="5m", snapshot=300)
            assert len(client.of("bar", SYMBOL)) >= 48
            await session.publish(agg_trade("BTCUSD", 1_001, "8.00"))
            await client.subscribe("trades", SYMBOL, snapshot=1_000)
            await client.expect("trade", SYMBOL, trade_id="1001")
            ids = [int(message["trade_id"]) for message in client.of("trade", SYMBOL)]
            assert ids[-2:] == [1_000, 1_001]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[[1]]"])
async def test_without_a_good_answer_live_data_goes_on_and_the_operator_is_told(tmp_path: Path, body: bytes) -> None:
    async with asking(tmp_path, lambda _: web.Response(body=body)) as (service, session, _):
        await trade_comes(service, session)
        assert (await service.get(f"/v1/bars?symbol={SYMBOL}&interval=1m")).status == 200


async def test_a_ban_is_in_the_log_and_in_the_metrics(tmp_path: Path) -> None:
    async with asking(tmp_path, lambda _: web.Response(status=418)) as (service, _, rest):
        await service.metric_reaches(1, "ticker_feed_histories_total", feed="binance", result="failed")
        assert service.log.count("history is incomplete") == 1
        assert "history_url" in service.log
        assert len(rest.asked) == 1


async def test_a_venue_that_does_not_answer_holds_nobody_up(tmp_path: Path) -> None:
    async with asking(tmp_path, lambda _: web.Response(), stalls=True) as (service, session, rest):
        await asyncio.wait_for(rest.stalled.wait(), 10)
        await trade_comes(service, session)


async def trade_comes(service: Service, session: Session) -> None:
    """A live trade reaches a client."""
    async with connected(service) as client:
        await client.subscribe("trades", SYMBOL)
        await session.publish(BINANCE.trade(1))
        await client.expect("trade", SYMBOL, trade_id="1")


def test_the_demo_has_a_past_of_its_own_soon_after_its_start(tmp_path: Path) -> None:
    stanza = table("[[feeds]]", name="demo", adapter="simulated", symbols=["BTC-USDT"], rate=50.0, history=True)

    async def look(service: Service) -> None:
        for interval in ("1m", "5m", "1h", "1d"):
            assert len(await bars(service, "demo:BTC-USDT", interval, 301)) == 301

    with running(tmp_path, stanza) as service:
        service.wait_until_ready()
        asyncio.run(look(service))
