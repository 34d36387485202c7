"""The JavaScript client at a stand-in of a service that wants a token, which this one does not yet: the op `auth`."""

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.integration.javascript import page
from tests.waiting import eventually

STAMP = "2026-08-09T21:05:48.026294000Z"
WELCOME = {
    "type": "welcome",
    "protocol": 1,
    "server": "ticker/0.1.0",
    "session": "k3f9",
    "time": STAMP,
    "heartbeat_ms": 10_000,
    "rates": [1],
    "limits": {"symbols": 2_000, "message_bytes": 65_536, "requests_per_second": 20},
    "auth": "required",
}


class Guarded:
    """Lets in who has the token `good`, and tells them at once that it expires. Whoever subscribes is thrown out."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.ops: list[tuple[str, Any]] = []

    async def renewed(self) -> bool:
        """Whether the token has come twice."""
        return self.ops.count(("auth", "good")) == 2

    async def serve(self, client: ServerConnection) -> None:
        """One connection."""
        assert client.request is not None
        self.paths.append(client.request.path)
        with contextlib.suppress(ConnectionClosed):
            await client.send(json.dumps(WELCOME))
            while True:
                await self._answer(client, json.loads(await client.recv()))

    async def _answer(self, client: ServerConnection, request: dict[str, Any]) -> None:
        self.ops.append((request["op"], request.get("token")))
        answer = {"id": request["id"], "op": request["op"]}
        if request["op"] == "auth" and request["token"] == "good":
            await client.send(json.dumps({"type": "ack", "expires": STAMP, **answer}))
            if self.ops.count(("auth", "good")) == 1:
                expiring = {"type": "auth", "state": "expiring", "expires": STAMP, "grace_ms": 25_000}
                await client.send(json.dumps(expiring))
        elif request["op"] == "auth":
            await client.close(4401, "no such token")
        elif request["op"] == "subscribe":
            await client.close(4403, "not for you")


@pytest.fixture
async def guarded() -> AsyncIterator[tuple[Guarded, str]]:
    stand_in = Guarded()
    server: Server
    async with serve(stand_in.serve, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield stand_in, f"ws://127.0.0.1:{port}/v1/ws"


async def test_tokens_are_fetched_sent_renewed_and_never_part_of_an_address(guarded: tuple[Guarded, str]) -> None:
    service, url = guarded
    async with page(url, token=["bad", "good", "good"]) as told:
        assert "no such token" in (await told.expect(type="state", state="waiting", code=4401))["reason"]
        await told.expect(type="state", state="live")
        await eventually(service.renewed, "the token to be renewed")
        assert [op for op in service.ops if op[0] == "auth"] == [("auth", "bad"), ("auth", "good"), ("auth", "good")]
        assert set(service.paths) == {"/v1/ws"}


async def test_a_token_that_is_no_good_is_the_end(guarded: tuple[Guarded, str]) -> None:
    service, url = guarded
    async with page(url, token="bad") as told:
        await told.expect(type="error", code=4401)
        assert service.ops == [("auth", "bad")]


async def test_a_token_that_does_not_allow_it_is_not_tried_again(guarded: tuple[Guarded, str]) -> None:
    _, url = guarded
    async with page(url, token="good") as told:
        await told.expect(type="state", state="live")
        told.do(("subscribe", "row", "ticker", "sim:BTC-USDT"))
        assert (await told.expect(type="error", code=4403))["reason"] == "the token does not allow it: not for you"
        assert len([m for m in told.messages if m["type"] == "welcome"]) == 1
