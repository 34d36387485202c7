"""The stand-in for Coinbase Advanced Trade keeps its rules."""

import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.venues.coinbase import Coinbase, ticker, trades
from tests.venues.server import Timing


async def subscribe(client: ClientConnection, channel: str, *products: str) -> None:
    await client.send(json.dumps({"type": "subscribe", "channel": channel, "product_ids": products}))


async def receive(client: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await client.recv())
    return message


async def test_every_frame_of_a_connection_is_numbered_and_acknowledgements_accumulate() -> None:
    async with Coinbase(timing=Timing(heartbeat=0.02)) as venue, connect(venue.url) as client:
        await subscribe(client, "ticker", "BTC-USD")
        acknowledged = await receive(client)
        assert acknowledged["events"] == [{"subscriptions": {"ticker": ["BTC-USD"]}}]
        await (await venue.session(0, "ticker:BTC-USD")).publish(ticker("BTC-USD", "1", "1", "2"))
        await receive(client)
        await subscribe(client, "heartbeats")
        acknowledged = await receive(client)
        assert acknowledged["events"] == [{"subscriptions": {"heartbeats": ["heartbeats"], "ticker": ["BTC-USD"]}}]
        beats = [await receive(client), await receive(client)]
        assert [beat["channel"] for beat in beats] == ["heartbeats", "heartbeats"]
        assert [acknowledged["sequence_num"], *(beat["sequence_num"] for beat in beats)] == [2, 3, 4]


async def test_lost_frames_leave_a_hole_in_the_numbers() -> None:
    async with Coinbase() as venue, connect(venue.url) as client:
        await subscribe(client, "ticker", "BTC-USD")
        session = await venue.session(0, "ticker:BTC-USD")
        venue.lose(session, 3)
        await session.publish(ticker("BTC-USD", "1", "1", "2"))
        assert [(await receive(client))["sequence_num"] for _ in range(2)] == [0, 4]


async def test_a_subscription_begins_with_the_snapshot_before_its_acknowledgement() -> None:
    async with Coinbase() as venue, connect(venue.url) as client:
        venue.snapshots["market_trades:BTC-USD"] = trades("BTC-USD", 1, 2, kind="snapshot")
        await subscribe(client, "market_trades", "BTC-USD")
        snapshot, acknowledged = await receive(client), await receive(client)
        assert [trade["trade_id"] for trade in snapshot["events"][0]["trades"]] == ["2", "1"]
        assert acknowledged["channel"] == "subscriptions"


async def test_a_usdc_product_is_answered_as_usd() -> None:
    async with Coinbase() as venue, connect(venue.url) as client:
        await subscribe(client, "ticker", "BTC-USDC")
        await venue.session(0, "ticker:BTC-USD")


async def test_unsubscribing_without_products_ends_the_channel() -> None:
    async with Coinbase() as venue, connect(venue.url) as client:
        await subscribe(client, "ticker", "BTC-USD", "ETH-USD")
        await receive(client)
        await client.send('{"type":"unsubscribe","channel":"ticker"}')
        assert (await receive(client))["events"] == [{"subscriptions": {}}]


async def test_errors_are_told_and_not_numbered() -> None:
    async with Coinbase(refused_symbols=frozenset({"NOPE-USD"})) as venue, connect(venue.url) as client:
        for channel, product in (("ticker", "NOPE-USD"), ("prices", "BTC-USD")):
            await subscribe(client, channel, product)
            answer = await receive(client)
            assert answer["type"] == "error"
            assert "sequence_num" not in answer


async def test_a_client_that_does_not_subscribe_in_time_is_closed() -> None:
    async with Coinbase(timing=Timing(subscribe=0.05)) as venue, connect(venue.url) as client:
        await client.wait_closed()
        assert client.close_code == 1008


async def test_a_ninth_message_within_a_second_ends_the_connection() -> None:
    async with Coinbase() as venue, connect(venue.url) as client:
        for _ in range(9):
            await subscribe(client, "ticker", "BTC-USD")
        await client.wait_closed()
        assert client.close_code == 1008


async def test_a_connection_without_heartbeats_ends_when_nothing_is_sent() -> None:
    async with Coinbase(timing=Timing(idle=0.05)) as venue, connect(venue.url) as client:
        await subscribe(client, "ticker", "BTC-USD")
        await client.wait_closed()
