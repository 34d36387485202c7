"""The stand-in for Kraken v2 keeps Kraken's rules."""

import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.venues.kraken import Kraken, ticker, trade
from tests.venues.server import Timing


async def subscribe(client: ClientConnection, channel: str, *symbols: str, **params: object) -> None:
    request = {"method": "subscribe", "params": {"channel": channel, "symbol": symbols} | params, "req_id": 9}
    await client.send(json.dumps(request))


async def receive(client: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await client.recv())
    return message


async def test_status_comes_first_and_each_symbol_has_its_answer() -> None:
    async with Kraken(refused_symbols=frozenset({"NOPE/USD"})) as venue, connect(venue.url) as client:
        assert (await receive(client))["channel"] == "status"
        await subscribe(client, "trade", "BTC/USD", "NOPE/USD", "ETH/USD")
        answers = [await receive(client) for _ in range(3)]
        assert [answer["success"] for answer in answers] == [True, False, True]
        assert [answer["req_id"] for answer in answers] == [9, 9, 9]
        assert answers[1]["symbol"] == "NOPE/USD"
        assert (await venue.session(0)).subscriptions == {"trade:BTC/USD", "trade:ETH/USD"}


async def test_quotes_come_only_with_the_bbo_trigger() -> None:
    async with Kraken() as venue, connect(venue.url) as client:
        await subscribe(client, "ticker", "BTC/USD")
        await subscribe(client, "ticker", "ETH/USD", event_trigger="bbo")
        session = await venue.session(0, "ticker/trades:BTC/USD", "ticker:ETH/USD")
        assert not await session.publish(ticker("BTC/USD", "1.0", "2.0", last="1.0"))
        assert await session.publish(ticker("ETH/USD", "1.0", "2.0", last="1.0"))


async def test_snapshots_come_by_default_for_ticker_alone() -> None:
    async with Kraken() as venue, connect(venue.url) as client:
        venue.snapshots["ticker:BTC/USD"] = ticker("BTC/USD", "1.0", "2.00", last="1.0", kind="snapshot")
        venue.snapshots["trade:BTC/USD"] = trade("BTC/USD", 1, kind="snapshot")
        await receive(client)
        await subscribe(client, "trade", "BTC/USD")
        await subscribe(client, "ticker", "BTC/USD", event_trigger="bbo")
        assert ["result" in await receive(client), "result" in await receive(client)] == [True, True]
        assert '"ask":2.00,' in str(await client.recv())


async def test_a_heartbeat_comes_once_subscribed_and_a_ping_is_answered() -> None:
    async with Kraken(timing=Timing(heartbeat=0.02)) as venue, connect(venue.url) as client:
        await receive(client)
        await client.send('{"method":"ping","req_id":5}')
        assert (await receive(client))["req_id"] == 5
        await subscribe(client, "trade", "BTC/USD")
        await receive(client)
        assert await receive(client) == {"channel": "heartbeat"}


async def test_too_many_messages_are_answered_with_an_error() -> None:
    async with Kraken() as venue, connect(venue.url) as client:
        await receive(client)
        for _ in range(venue.messages_per_second + 1):
            await client.send('{"method":"ping"}')
        answers = [await receive(client) for _ in range(venue.messages_per_second + 1)]
        assert answers[-1] == {"Error": "Exceeded msg rate"}


async def test_an_idle_connection_ends() -> None:
    async with Kraken(timing=Timing(idle=0.05)) as venue, connect(venue.url) as client:
        await client.wait_closed()
