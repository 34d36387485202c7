"""The service keeps the venues' rules: it answers pings, asks within their limits, and keeps its connections alive."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.client import connected, watched
from tests.integration.scenes import BINANCE, COINBASE, INSTRUMENT, KRAKEN, Scene, bid
from tests.integration.service import feed, serving
from tests.venues.binance import Binance
from tests.venues.coinbase import Coinbase
from tests.venues.kraken import Kraken
from tests.venues.server import Timing


async def test_a_venues_pings_are_answered(tmp_path: Path) -> None:
    timing = Timing(ping=0.1, pong=5)
    async with (
        Binance(timing=timing, messages_per_second=100) as venue,
        watched(tmp_path, "binance", venue, INSTRUMENT) as (_, client),
    ):
        session = await venue.session(0, *BINANCE.subscriptions)
        await venue.until(lambda: session.pongs >= 3, "three pongs")
        await session.publish(BINANCE.quote(1))
        await client.expect("quote", BINANCE.symbol, bid=bid(1))


async def test_heartbeats_keep_a_connection_that_has_nothing_to_say(tmp_path: Path) -> None:
    timing = Timing(heartbeat=0.1, idle=0.5)
    async with Coinbase(timing=timing) as venue, watched(tmp_path, "coinbase", venue, INSTRUMENT) as (service, _):
        await venue.session(0, *COINBASE.subscriptions, "heartbeats")
        await service.metric_reaches(1, "ticker_feed_connections", feed="coinbase")
        assert len(venue.sessions) == 1


@pytest.mark.parametrize(
    ("scene", "count", "subscription"),
    [
        pytest.param(BINANCE, 600, lambda number: f"c{number}usd@aggTrade", id="binance"),
        pytest.param(COINBASE, 600, lambda number: f"market_trades:C{number}-USD", id="coinbase"),
        pytest.param(KRAKEN, 600, lambda number: f"trade:C{number}/USD", id="kraken"),
    ],
)
async def test_a_long_list_is_asked_for_within_the_venues_limits(
    tmp_path: Path, scene: Scene, count: int, subscription: Callable[[int], str]
) -> None:
    wanted = {subscription(number) for number in range(count)}
    async with scene.venue() as venue:
        instruments = [f"C{number}-USD" for number in range(count)]
        stanza = feed(scene.name, instruments, venue.url, channels=["quotes", "trades"])
        async with serving(tmp_path, stanza) as service:

            def subscribed() -> bool:
                return wanted <= set().union(*(session.subscriptions for session in venue.open_sessions))

            await venue.until(subscribed, "everything to be subscribed to")
            assert await service.metric("ticker_feed_reconnects_total") == 0
            assert await service.metric("ticker_feed_rejected_symbols_total") == 0
            assert "Exceeded" not in service.log


async def test_asking_too_fast_costs_no_symbol(tmp_path: Path) -> None:
    async with (
        Kraken(messages_per_second=1) as venue,
        watched(tmp_path, "kraken", venue, INSTRUMENT) as (service, client),
    ):

        def subscribed() -> bool:
            return any(session.subscriptions.issuperset(KRAKEN.subscriptions) for session in venue.open_sessions)

        await venue.until(subscribed, "quotes and trades to be subscribed to in spite of the limit")
        await venue.publish(KRAKEN.trade(1))
        await client.expect("trade", KRAKEN.symbol, trade_id="1")
        assert client.values("status", KRAKEN.symbol, "state") == ["unknown", "live"]
        assert await service.metric("ticker_feed_rejected_symbols_total") == 0


async def test_raw_streams_are_understood_too(tmp_path: Path) -> None:
    async with Binance() as venue:
        stanza = feed("binance", [INSTRUMENT], venue.url.replace("/stream", "/ws"))
        async with serving(tmp_path, stanza) as service, connected(service) as client:
            await client.subscribe_all(BINANCE.symbol)
            session = await venue.session(0, *BINANCE.subscriptions)
            await session.publish(BINANCE.quote(1))
            await session.publish(BINANCE.trade(1))
            await client.expect("quote", BINANCE.symbol, bid=bid(1))
            await client.expect("trade", BINANCE.symbol, trade_id="1")


async def test_a_usdc_product_keeps_its_name(tmp_path: Path) -> None:
    async with Coinbase() as venue, watched(tmp_path, "coinbase", venue, "BTC-USDC") as (_, client):
        session = await venue.session(0, *COINBASE.subscriptions)
        await session.publish(COINBASE.quote(1))
        await session.publish(COINBASE.trade(1))
        await client.expect("quote", "coinbase:BTC-USDC", bid=bid(1))
        await client.expect("trade", "coinbase:BTC-USDC", trade_id="1")
