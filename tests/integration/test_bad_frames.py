"""Venues that send what they should not: nothing wrong comes out, nothing twice, and the rest goes on."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.client import watched
from tests.integration.scenes import (
    BINANCE,
    COINBASE,
    INSTRUMENT,
    SCENES,
    WITH_SNAPSHOTS,
    Scene,
    bid,
)
from tests.venues.binance import Binance
from tests.venues.coinbase import Coinbase

NOT_MESSAGES: list[str | bytes] = ["garbage", "", "{", "[[[[", "null", "7", '"text"', b"\x00\xff\xfe", b"\xc3\x28"]


def damaged(frame: str) -> list[str]:
    """The frame cut in half, and with prices that are none."""
    price = '"1000.50"' if '"1000.50"' in frame else "1000.50"
    return [frame[: len(frame) // 2], *(frame.replace(price, wrong) for wrong in ('"NaN"', '"1,5"', "{}", "[1000.5]"))]


@pytest.mark.parametrize("scene", SCENES)
async def test_what_cannot_be_understood_costs_nothing_else(tmp_path: Path, scene: Scene) -> None:
    async with scene.venue() as venue, watched(tmp_path, scene.name, venue, INSTRUMENT) as (service, client):
        session = await venue.session(0, *scene.subscriptions)
        bad = [*NOT_MESSAGES, *damaged(scene.quote(0))]
        for number, frame in enumerate(bad, 1):
            await session.send(frame)
            await session.publish(scene.quote(number))
            await client.expect("quote", scene.symbol, bid=bid(number))
        assert client.values("quote", scene.symbol, "bid") == [bid(number) for number in range(1, len(bad) + 1)]
        assert len(venue.sessions) == 1
        counted = await service.metric("ticker_feed_decode_errors_total", feed=scene.name)
        assert len(damaged(scene.quote(0))) <= counted <= len(bad)
        await session.send(scene.news)
        await service.metric_reaches(1, "ticker_feed_unknown_messages_total", feed=scene.name)
        assert await service.metric("ticker_feed_decode_errors_total", feed=scene.name) == counted


async def test_a_kind_of_damage_is_logged_once(tmp_path: Path) -> None:
    async with Binance() as venue, watched(tmp_path, "binance", venue, INSTRUMENT) as (service, client):
        session = await venue.session(0, *BINANCE.subscriptions)
        for _ in range(3):
            await session.send(BINANCE.quote(0).replace(bid(0), "NaN"))
        await session.publish(BINANCE.quote(1))
        await client.expect("quote", BINANCE.symbol, bid=bid(1))
        assert await service.metric("ticker_feed_decode_errors_total", feed="binance") == 3
        assert service.log.count("NaN") in (1, 2)  # one line; the problem and the frame may both stand in it


async def test_half_a_message_and_then_the_end(tmp_path: Path) -> None:
    async def fragments() -> AsyncIterator[str]:
        yield BINANCE.quote(1)[:40]
        first.drop()
        yield BINANCE.quote(1)[40:]

    async with Binance() as venue, watched(tmp_path, "binance", venue, INSTRUMENT) as (_, client):
        first = await venue.session(0, *BINANCE.subscriptions)
        await first.send(fragments())
        second = await venue.session(1, *BINANCE.subscriptions)
        await second.publish(BINANCE.quote(2))
        await client.expect("quote", BINANCE.symbol, bid=bid(2))
        assert client.values("quote", BINANCE.symbol, "bid") == [bid(2)]


async def test_a_frame_beyond_the_limit_ends_the_connection(tmp_path: Path) -> None:
    async with (
        Binance() as venue,
        watched(tmp_path, "binance", venue, INSTRUMENT, frame_limit_bytes=2048) as (_, client),
    ):
        first = await venue.session(0, *BINANCE.subscriptions)
        await first.send(json.dumps({"stream": "x" * 4096}))
        second = await venue.session(1, *BINANCE.subscriptions)
        await second.publish(BINANCE.quote(1))
        await client.expect("quote", BINANCE.symbol, bid=bid(1))


@pytest.mark.parametrize("scene", SCENES)
async def test_trades_come_once_and_in_order_or_their_loss_is_announced(tmp_path: Path, scene: Scene) -> None:
    async with scene.venue() as venue, watched(tmp_path, scene.name, venue, INSTRUMENT) as (service, client):
        session = await venue.session(0, *scene.subscriptions)
        for number in (1, 2, 2, 1, 3, 5, 4, 5, 6, 9):
            await session.publish(scene.trade(number))
        await client.expect("trade", scene.symbol, trade_id="9")
        assert client.tape(scene.symbol) == [1, 2, 3, 4, 5, 6, "feed 2", 9]
        assert client.values("trade", scene.symbol, "seq") == list(range(1, 8))
        assert await service.metric("ticker_gaps_total", reason="feed") == 1


@pytest.mark.parametrize("scene", SCENES)
async def test_a_late_or_repeated_quote_is_no_news(tmp_path: Path, scene: Scene) -> None:
    async with scene.venue() as venue, watched(tmp_path, scene.name, venue, INSTRUMENT) as (_, client):
        session = await venue.session(0, *scene.subscriptions)
        for number in (10, 11, 11, 9, 12):
            await session.publish(scene.quote(number))
        await client.expect("quote", scene.symbol, bid=bid(12))
        assert client.values("quote", scene.symbol, "bid") == [bid(10), bid(11), bid(12)]
        assert client.values("quote", scene.symbol, "seq") == [1, 2, 3]


async def test_lost_late_and_repeated_frames_of_a_numbered_connection(tmp_path: Path) -> None:
    async with Coinbase() as venue, watched(tmp_path, "coinbase", venue, INSTRUMENT) as (service, client):
        session = await venue.session(0, *COINBASE.subscriptions)
        await session.publish(COINBASE.trade(1))
        repeated = venue.on_the_wire(session, COINBASE.trade(2))
        await session.send(repeated)
        await session.send(repeated)
        venue.lose(session, 2)
        await session.publish(COINBASE.trade(5))
        await client.expect("trade", COINBASE.symbol, trade_id="5")
        assert client.tape(COINBASE.symbol) == [1, 2, "feed 2", 5]
        assert await service.metric("ticker_feed_sequence_gaps_total", feed="coinbase") == 1


@pytest.mark.parametrize("scene", WITH_SNAPSHOTS)
async def test_a_refused_symbol_leaves_the_others_alone(tmp_path: Path, scene: Scene) -> None:
    refused = frozenset({"NOPE-USD", "NOPE/USD"})
    async with (
        scene.venue(refused_symbols=refused) as venue,
        watched(tmp_path, scene.name, venue, "NOPE-USD", INSTRUMENT) as (service, client),
    ):
        session = await venue.session(0, *scene.subscriptions)
        await session.publish(scene.quote(1))
        await session.publish(scene.trade(1))
        await client.expect("quote", scene.symbol, bid=bid(1))
        await client.expect("trade", scene.symbol, trade_id="1")
        await client.expect("status", f"{scene.name}:NOPE-USD", state="closed", reason="removed")
        assert client.values("status", scene.symbol, "state") == ["unknown", "live"]
        assert await service.metric("ticker_feed_rejected_symbols_total", feed=scene.name) == 1
        assert len(venue.sessions) == 1
        assert any("NOPE-USD" in line and "refuse" in line for line in service.log.splitlines())
