"""A number is never silently old: what the service says of each symbol while venues come, go and fall silent."""

import asyncio
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.integration.client import connected, watched
from tests.integration.scenes import (
    BINANCE,
    BRISK,
    INSTRUMENT,
    WITH_SNAPSHOTS,
    Scene,
    as_snapshot,
    bid,
)
from tests.integration.service import Service, feed, refusing, serving, table
from tests.venues.binance import Binance, book_ticker
from tests.waiting import DEADLINE_S, eventually


@pytest.mark.parametrize("scene", WITH_SNAPSHOTS)
async def test_a_venue_that_is_mute_while_its_heartbeats_go_on(tmp_path: Path, scene: Scene) -> None:
    async with (
        scene.venue(timing=BRISK) as venue,
        watched(tmp_path, scene.name, venue, INSTRUMENT, silence_s=2) as (service, client),
    ):
        first = await venue.session(0, *scene.subscriptions)
        await first.publish(scene.quote(1))
        status = await client.expect_state(scene.symbol, "unknown", "live", "stale")
        assert status["reason"] == "feed_silent"
        await venue.until(lambda: first.ended, "the mute connection to be given up")
        await venue.session(1, *scene.subscriptions)
        await venue.publish(scene.quote(2))
        await client.expect_state(scene.symbol, "stale", "live")
        await client.expect("quote", scene.symbol, bid=bid(2))
        assert await service.metric("ticker_feed_reconnects_total", feed=scene.name, reason="silent") == 1


async def test_stale_is_said_within_two_seconds_and_live_again_with_data(tmp_path: Path) -> None:
    async with Binance() as venue, watched(tmp_path, "binance", venue, INSTRUMENT) as (service, client):
        first = await venue.session(0, *BINANCE.subscriptions)
        await first.publish(BINANCE.quote(1))
        await client.expect_state(BINANCE.symbol, "unknown", "live")
        venue.accepting = False
        venue.drop_all()
        dropped = time.time()
        status = await client.expect_state(BINANCE.symbol, "live", "stale")
        assert datetime.fromisoformat(status["received"]).timestamp() - dropped < 2
        assert status["reason"] == "feed_disconnected"
        assert await service.metric("ticker_feed_symbols", feed="binance", state="stale") == 1
        snapshot = (await service.get(f"/v1/snapshot?channel=quotes&symbols={BINANCE.symbol}")).json["messages"]
        assert [m.get("state") for m in snapshot if m["type"] == "status"] == ["stale"]
        venue.accepting = True
        second = await venue.session(1, *BINANCE.subscriptions)
        await second.publish(BINANCE.quote(2))
        status = await client.expect_state(BINANCE.symbol, "stale", "live")
        assert status["reason"] is None
        await client.expect("quote", BINANCE.symbol, bid=bid(2))
        assert client.values("quote", BINANCE.symbol, "bid") == [bid(1), bid(2)]


async def test_a_dead_venue_keeps_nothing_from_being_ready(tmp_path: Path) -> None:
    with refusing() as url:
        async with serving(tmp_path, feed("binance", [INSTRUMENT], url)) as service, connected(service) as client:
            await client.subscribe("status", BINANCE.symbol)
            status = await client.expect("status", BINANCE.symbol, state="unknown", reason="feed_disconnected")
            assert status["last_received"] is None

            async def told() -> bool:
                return "feed_disconnected" in (await service.get("/v1/status")).body

            await eventually(told, "/v1/status to tell of it")
            await service.metric_reaches(2, "ticker_feed_reconnects_total", feed="binance", reason="connect")


async def test_a_venue_that_is_down_at_first_is_found_later(tmp_path: Path) -> None:
    async with Binance() as venue:
        venue.accepting = False
        async with watched(tmp_path, "binance", venue, INSTRUMENT) as (_, client):
            venue.accepting = True
            await (await venue.session(0, *BINANCE.subscriptions)).publish(BINANCE.quote(1))
            await client.expect("quote", BINANCE.symbol, bid=bid(1))


async def test_a_symbol_without_change_is_quiet_while_others_prove_the_feed_alive(tmp_path: Path) -> None:
    still, lively = "binance:ETH-USD", BINANCE.symbol
    async with Binance() as venue:
        stanza = feed("binance", ["ETH-USD", INSTRUMENT], venue.url)
        freshness = table("[freshness]", quiet_s=0.5, quiet_by_pattern={"*:BTC-*": 60})
        async with serving(tmp_path, stanza, freshness) as service, connected(service) as client:
            await client.subscribe("quotes", still, lively)
            session = await venue.session(0, *BINANCE.subscriptions, "ethusd@bookTicker")
            await session.publish(book_ticker("ETHUSD", 1, "1.00", "2.00"))
            await client.expect_state(still, "unknown", "live")
            number = 0
            async with asyncio.timeout(DEADLINE_S):
                while not client.last("status", still, state="quiet", reason=None):
                    number += 1
                    await session.publish(BINANCE.quote(number))
                    await client.expect("quote", lively, bid=bid(number))
            await session.publish(book_ticker("ETHUSD", 2, "1.00", "2.50"))
            await client.expect_state(still, "quiet", "live")
            assert client.values("status", lively, "state") == ["unknown", "live"]


async def test_connections_that_come_and_go_without_data_are_an_outage(tmp_path: Path) -> None:
    async with Binance() as venue, watched(tmp_path, "binance", venue, INSTRUMENT) as (_, client):
        session = await venue.session(0, *BINANCE.subscriptions)
        await session.publish(BINANCE.quote(1))
        await client.expect_state(BINANCE.symbol, "unknown", "live")
        async with asyncio.timeout(DEADLINE_S):
            while not client.last("status", BINANCE.symbol, state="stale"):
                session.drop()
                session = await venue.session(len(venue.sessions))
                await client.request("ping")


async def state_of(service: Service, symbol: str) -> object:
    """The symbol's state now."""
    (status,) = (await service.get(f"/v1/snapshot?channel=status&symbols={symbol}")).json["messages"]
    return status["state"]


@pytest.mark.parametrize("scene", WITH_SNAPSHOTS)
async def test_an_old_snapshot_makes_nothing_live(tmp_path: Path, scene: Scene) -> None:
    old = {scene.subscriptions[0]: as_snapshot(scene.quote(1))}
    async with (
        scene.venue(snapshots=old) as venue,
        watched(tmp_path, scene.name, venue, INSTRUMENT) as (service, client),
    ):
        first = await venue.session(0, *scene.subscriptions)
        await first.publish(scene.quote(2))
        await client.expect("quote", scene.symbol, bid=bid(2))
        venue.accepting = False
        venue.drop_all()
        await client.expect_state(scene.symbol, "live", "stale")
        venue.accepting = True
        second = await venue.session(1, *scene.subscriptions)
        await second.send(scene.news)
        await service.metric_reaches(1, "ticker_feed_unknown_messages_total")
        assert await state_of(service, scene.symbol) == "stale"
        await second.publish(scene.quote(3))
        await client.expect_state(scene.symbol, "stale", "live")
        await client.expect("quote", scene.symbol, bid=bid(3))


@pytest.mark.parametrize("scene", WITH_SNAPSHOTS)
async def test_a_mute_venue_that_repeats_its_last_snapshot_stays_stale(tmp_path: Path, scene: Scene) -> None:
    last = {scene.subscriptions[0]: as_snapshot(scene.quote(1))}
    async with (
        scene.venue(snapshots=last, timing=BRISK) as venue,
        watched(tmp_path, scene.name, venue, INSTRUMENT, silence_s=1.5) as (service, client),
    ):
        await client.expect_state(scene.symbol, "live", "stale")
        second = await venue.session(1, *scene.subscriptions)
        await second.send(scene.news)
        await service.metric_reaches(1, "ticker_feed_unknown_messages_total")
        assert await state_of(service, scene.symbol) == "stale"
        await second.publish(scene.quote(2))
        await client.expect_state(scene.symbol, "stale", "live")
