"""The service's WebSocket, which says to a client what it hears from it: as the Autobahn testsuite wants it.

The driver, its socket, the fan-out and the way to the transport are the service's own; what a message means is not.
"""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import WSMsgType, web

from tests.ticker.driving import Driven, driven
from ticker.clients import Client
from ticker.encodings import text_frame
from ticker.fanout import Fanout
from ticker.requests import Limits
from ticker.session import Session
from ticker.websocket import ServerSocket, WebSocketConnection, WebSocketServer

MESSAGE_BYTES = 16 * 1_048_576  # the largest in the testsuite
BINARY = b"\x82"  # a whole message (RFC 6455, section 5.2)


class EchoSession(Session):
    """A conversation in which each request is its own reply."""

    def receive(self, text: bytes) -> None:
        """Say it again."""
        self._hub.fanout.send(self._client, text_frame(text))


class EchoServer(WebSocketServer):
    """The service's driver with such conversations, in which binary messages are nothing wrong."""

    async def _serve(self, ws: ServerSocket, request: web.Request) -> None:
        connection = WebSocketConnection(ws, request, self._hub.clock())
        with self._connections.conversation(connection, request.remote) as (client, _):
            echo_binary(ws, self._hub.fanout, client)
            await self._converse(connection, client, EchoSession(self._hub, client))


def echo_binary(ws: ServerSocket, fanout: Fanout, client: Client) -> None:
    """Have a socket's binary messages answered before anybody else sees them."""
    receive = ws.receive

    async def without_binary() -> Any:
        while (message := await receive()).type is WSMsgType.BINARY:
            fanout.send(client, BINARY + text_frame(message.data)[1:])
        return message

    ws.receive = without_binary  # type: ignore[method-assign, assignment]


@contextlib.asynccontextmanager
async def echoing() -> AsyncIterator[Driven]:
    """A running server."""
    async with driven(websockets=EchoServer, limits=Limits(message_bytes=MESSAGE_BYTES)) as server:
        yield server
