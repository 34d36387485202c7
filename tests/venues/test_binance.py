"""The stand-in for Binance keeps Binance's rules."""

import asyncio
import json
import time

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.venues.binance import Binance, agg_trade, book_ticker
from tests.venues.server import Timing


async def ask(client: ClientConnection, method: str, *params: str) -> dict[str, object]:
    await client.send(json.dumps({"method": method, "params": params, "id": 7}))
    answer: dict[str, object] = json.loads(await client.recv())
    return answer


async def test_a_request_is_acknowledged_and_its_streams_flow() -> None:
    async with Binance() as venue, connect(venue.url) as client:
        assert await ask(client, "SUBSCRIBE", "btcusdt@aggTrade") == {"result": None, "id": 7}
        assert await ask(client, "LIST_SUBSCRIPTIONS") == {"result": ["btcusdt@aggTrade"], "id": 7}
        session = await venue.session(0, "btcusdt@aggTrade")
        assert not await session.publish(book_ticker("BTCUSDT", 1, "1.0", "1.1"))
        assert await session.publish(agg_trade("BTCUSDT", 1, "1.0"))
        assert json.loads(await client.recv())["data"]["a"] == 1
        assert await ask(client, "UNSUBSCRIBE", "btcusdt@aggTrade") == {"result": None, "id": 7}
        assert not await session.publish(agg_trade("BTCUSDT", 2, "1.0"))


async def test_the_address_may_name_streams() -> None:
    async with Binance() as venue, connect(f"{venue.url}?streams=a@trade/b@trade"):
        assert (await venue.session(0)).subscriptions == {"a@trade", "b@trade"}


async def test_a_raw_connection_gets_the_event_alone() -> None:
    async with Binance() as venue, connect(venue.url.replace("/stream", "/ws/btcusdt@aggTrade")) as client:
        await (await venue.session(0, "btcusdt@aggTrade")).publish(agg_trade("BTCUSDT", 5, "1.0"))
        assert json.loads(await client.recv())["a"] == 5


async def test_an_upper_case_name_is_acknowledged_and_silent() -> None:
    async with Binance() as venue, connect(venue.url) as client:
        assert await ask(client, "SUBSCRIBE", "BTCUSDT@aggTrade") == {"result": None, "id": 7}
        assert not await (await venue.session(0)).publish(agg_trade("BTCUSDT", 1, "1.0"))


@pytest.mark.parametrize(("message", "code"), [('{"method":"NOPE","id":7}', 2), ("{", 3)])
async def test_a_bad_request_is_told_what_is_wrong(message: str, code: int) -> None:
    async with Binance() as venue, connect(venue.url) as client:
        await client.send(message)
        assert json.loads(await client.recv())["error"]["code"] == code


async def test_a_connection_carries_1024_streams() -> None:
    names = [f"s{number}usdt@trade" for number in range(1025)]
    async with Binance() as venue, connect(venue.url) as client:
        assert "error" in await ask(client, "SUBSCRIBE", *names)
        assert "error" not in await ask(client, "SUBSCRIBE", *names[:-1])


async def test_a_sixth_message_within_a_second_ends_the_connection() -> None:
    async with Binance() as venue, connect(venue.url) as client:
        for _ in range(4):
            await client.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
        await client.ping()
        await client.pong()
        await client.wait_closed()
        assert client.close_code == 1008


async def test_a_ping_wants_its_pong() -> None:
    async with Binance(timing=Timing(ping=0.05, pong=0.05)) as venue:
        async with connect(venue.url):
            await venue.until(lambda: venue.sessions[0].pongs > 0, "a pong")
        _, mute = await asyncio.open_connection("127.0.0.1", int(venue.url.split(":")[2].split("/")[0]))
        mute.write(
            b"GET /stream HTTP/1.1\r\nHost: venue\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        session = await venue.session(1)
        began = time.monotonic()
        await venue.until(lambda: session.ended, "the end of a connection without pongs")
        assert time.monotonic() - began < 5
        mute.close()
        await mute.wait_closed()


async def test_a_shutdown_is_announced() -> None:
    async with Binance() as venue, connect(venue.url) as client:
        await venue.session(0)
        await venue.shut_down()
        assert json.loads(await client.recv())["data"]["e"] == "serverShutdown"


async def test_a_venue_that_is_down_refuses_and_drops() -> None:
    async with Binance() as venue, connect(venue.url) as client:
        await venue.session(0)
        venue.drop_all()
        with pytest.raises(ConnectionClosed):
            await client.recv()
        await venue.until(lambda: not venue.open_sessions, "the end of all connections")
