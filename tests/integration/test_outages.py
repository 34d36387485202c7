"""Connections that go: the service comes back by itself, says `stale` meanwhile, and no trade is lost unsaid."""

from pathlib import Path

import pytest

from tests.integration.client import connected, watched
from tests.integration.scenes import (
    BINANCE,
    INSTRUMENT,
    SCENES,
    WITH_SNAPSHOTS,
    Scene,
    as_snapshot,
    bid,
)
from tests.integration.service import feed, serving
from tests.venues.binance import Binance


@pytest.mark.parametrize("scene", SCENES)
async def test_a_dropped_connection_comes_back(tmp_path: Path, scene: Scene) -> None:
    async with scene.venue() as venue, watched(tmp_path, scene.name, venue, INSTRUMENT) as (service, client):
        first = await venue.session(0, *scene.subscriptions)
        await first.publish(scene.trade(1))
        await client.expect("trade", scene.symbol, trade_id="1")
        first.drop()
        second = await venue.session(1, *scene.subscriptions)
        await second.publish(scene.trade(2))
        await client.expect("trade", scene.symbol, trade_id="2")
        assert client.tape(scene.symbol) == [1, 2]
        assert await service.metric("ticker_feed_reconnects_total", feed=scene.name) == 1
        assert await service.metric("ticker_feed_connections", feed=scene.name) == 1


async def test_a_closed_connection_comes_back(tmp_path: Path) -> None:
    async with Binance() as venue, watched(tmp_path, "binance", venue, INSTRUMENT) as (service, client):
        first = await venue.session(0, *BINANCE.subscriptions)
        await first.close(1001, "maintenance")
        second = await venue.session(1, *BINANCE.subscriptions)
        await second.publish(BINANCE.trade(1))
        await client.expect("trade", BINANCE.symbol, trade_id="1")
        assert await service.metric("ticker_feed_reconnects_total", feed="binance", reason="closed") == 1


@pytest.mark.parametrize("scene", SCENES)
async def test_trades_lost_over_a_reconnect_are_announced(tmp_path: Path, scene: Scene) -> None:
    async with scene.venue() as venue, watched(tmp_path, scene.name, venue, INSTRUMENT) as (service, client):
        first = await venue.session(0, *scene.subscriptions)
        await first.publish(scene.trade(1))
        await client.expect("trade", scene.symbol, trade_id="1")
        first.drop()
        second = await venue.session(1, *scene.subscriptions)
        await second.publish(scene.trade(5))
        await client.expect("trade", scene.symbol, trade_id="5")
        assert client.tape(scene.symbol) == [1, "feed 3", 5]
        assert await service.metric("ticker_gaps_total", reason="feed") == 1
        assert await service.metric("ticker_events_lost_total", reason="feed") == 3


async def test_all_connections_closed_at_once_come_back(tmp_path: Path) -> None:
    names = ["one", "two", "three"]
    async with Binance() as venue:
        feeds = [feed(name, [INSTRUMENT], venue.url, adapter="binance") for name in names]
        async with serving(tmp_path, *feeds) as service, connected(service) as client:
            await client.subscribe("trades", *(f"{name}:{INSTRUMENT}" for name in names))
            for number in range(3):
                await venue.session(number, *BINANCE.subscriptions)
            venue.drop_all()
            for number in range(3, 6):
                await venue.session(number, *BINANCE.subscriptions)
            await venue.publish(BINANCE.trade(1))
            for name in names:
                await client.expect("trade", f"{name}:{INSTRUMENT}", trade_id="1")
                assert await service.metric("ticker_feed_reconnects_total", feed=name) == 1


@pytest.mark.parametrize("scene", WITH_SNAPSHOTS)
async def test_the_same_old_snapshot_after_each_reconnect_is_no_news(tmp_path: Path, scene: Scene) -> None:
    quotes, trades = scene.subscriptions
    old = {quotes: as_snapshot(scene.quote(1)), trades: as_snapshot(scene.trade(1))}
    async with (
        scene.venue(snapshots=old, messages_per_second=100) as venue,
        watched(tmp_path, scene.name, venue, INSTRUMENT) as (_, client),
    ):
        for number in range(3):
            session = await venue.session(number, *scene.subscriptions)
            await session.publish(scene.quote(10 + number))
            await session.publish(scene.trade(10 + number))
            await client.expect("quote", scene.symbol, bid=bid(10 + number))
            await client.expect("trade", scene.symbol, trade_id=str(10 + number))
            session.drop()
        assert client.values("quote", scene.symbol, "bid") in (
            [bid(1), bid(10), bid(11), bid(12)],
            [bid(10), bid(11), bid(12)],  # the first snapshot came before the client did
        )
        assert client.tape(scene.symbol) == [10, 11, 12]


async def test_a_venue_that_announces_its_shutdown_is_left_for_a_new_connection(tmp_path: Path) -> None:
    async with Binance() as venue, watched(tmp_path, "binance", venue, INSTRUMENT) as (service, client):
        first = await venue.session(0, *BINANCE.subscriptions)
        await first.publish(BINANCE.trade(1))
        await venue.shut_down()
        second = await venue.session(1, *BINANCE.subscriptions)
        assert not first.ended
        await first.publish(BINANCE.trade(2))
        await client.expect("trade", BINANCE.symbol, trade_id="2")
        await venue.publish(BINANCE.trade(3))
        await venue.until(lambda: first.ended, "the old connection to be left")
        assert not second.ended
        await second.publish(BINANCE.trade(4))
        await client.expect("trade", BINANCE.symbol, trade_id="4")
        assert client.tape(BINANCE.symbol) == [1, 2, 3, 4]
        assert client.values("status", BINANCE.symbol, "state") == ["unknown", "live"]
        assert await service.metric("ticker_feed_connections", feed="binance") == 1


async def test_an_old_connection_is_replaced_before_it_goes(tmp_path: Path) -> None:
    async with Binance() as venue, watched(tmp_path, "binance", venue, INSTRUMENT, rollover_s=2) as (_, client):
        await venue.session(0, *BINANCE.subscriptions)
        number = 0
        while len(venue.sessions) < 3 or len(venue.open_sessions) > 1:
            number += 1
            assert venue.open_sessions
            await venue.publish(BINANCE.quote(number))
            await venue.publish(BINANCE.trade(number))
            await client.expect("quote", BINANCE.symbol, bid=bid(number))
            await client.expect("trade", BINANCE.symbol, trade_id=str(number))
        assert client.tape(BINANCE.symbol) == list(range(1, number + 1))
        assert client.values("quote", BINANCE.symbol, "bid") == [bid(n) for n in range(1, number + 1)]
        assert client.values("status", BINANCE.symbol, "state") == ["unknown", "live"]


async def test_a_broken_feed_does_not_touch_another(tmp_path: Path) -> None:
    async with Binance() as broken, Binance() as sound:
        feeds = [
            feed(name, [INSTRUMENT], venue.url, adapter="binance") for name, venue in (("a", broken), ("b", sound))
        ]
        async with serving(tmp_path, *feeds) as service, connected(service) as client:
            await client.subscribe("trades", f"a:{INSTRUMENT}", f"b:{INSTRUMENT}")
            session = await sound.session(0, *BINANCE.subscriptions)
            for number in range(1, 6):
                wreck = await broken.session(number - 1)
                await wreck.send(b"\x00 garbage")
                wreck.drop()
                await session.publish(BINANCE.trade(number))
                await client.expect("trade", f"b:{INSTRUMENT}", trade_id=str(number))
            assert len(sound.sessions) == 1
            assert client.values("status", f"b:{INSTRUMENT}", "state") == ["unknown", "live"]
            await service.metric_reaches(4, "ticker_feed_reconnects_total", feed="a")
            assert await service.metric("ticker_feed_reconnects_total", feed="b") == 0
