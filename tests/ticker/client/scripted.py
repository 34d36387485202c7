"""A stand-in for the service that does what a test says, where the real one is too well-behaved."""

import http
import json
from collections.abc import Callable
from typing import Any, Self, TypeVar

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.ticker.client.messages import Message, ack, at, synced, welcome
from tests.waiting import Changes

T = TypeVar("T")


class Session:
    """One connection of a client, whose requests are answered."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.requests: list[Message] = []
        self.ended = False

    def asked(self, op: str, **fields: Any) -> list[Message]:
        """The requests of a kind so far."""
        return [r for r in self.requests if r["op"] == op and fields.items() <= r.items()]

    async def send(self, *messages: Message) -> None:
        """Say something."""
        for message in messages:
            await self.connection.send(json.dumps(message))

    async def close(self, code: int, reason: str = "") -> None:
        """End it with a close frame."""
        await self.connection.close(code, reason)

    def drop(self) -> None:
        """End it without a word."""
        self.connection.transport.abort()


class Scripted:
    """The stand-in, while its `async with` block runs."""

    def __init__(self) -> None:
        self.sessions: list[Session] = []
        self.status = http.HTTPStatus.SWITCHING_PROTOCOLS  # or another to answer with in place of a WebSocket
        self.welcome = welcome()
        self.mute = False  # takes connections, and says nothing
        self._changes = Changes()
        self._server: Server

    @property
    def url(self) -> str:
        """Where a client connects to."""
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1/ws"

    async def session(self, number: int, subscriptions: int = 0) -> Session:
        """The connection of that number, from 0, once it has asked for so many subscriptions."""

        def ready() -> Session | None:
            session = self.sessions[number] if number < len(self.sessions) else None
            return session if session and len(session.asked("subscribe")) >= subscriptions else None

        return await self._changes.until(ready, f"connection {number} with {subscriptions} subscriptions")

    async def until(self, condition: Callable[[], T | None], what: str) -> T:
        """The condition's first true value."""
        return await self._changes.until(condition, what)

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._serve, "127.0.0.1", 0, process_request=self._refuse, close_timeout=1, ping_interval=None
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in self.sessions:
            session.drop()
        self._server.close()
        await self._server.wait_closed()

    def _refuse(self, connection: ServerConnection, request: Request) -> Response | None:
        if self.status != http.HTTPStatus.SWITCHING_PROTOCOLS:
            return connection.respond(self.status, "no\n")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        session = Session(connection)
        self.sessions.append(session)
        try:
            if not self.mute:
                await session.send(self.welcome)
            async for text in connection:
                request = json.loads(text)
                if not self.mute:
                    await session.send(*_answer(request))
                session.requests.append(request)
                self._changes.notify()
        except ConnectionClosed:
            pass
        finally:
            session.ended = True
            self._changes.notify()


def _answer(request: Message) -> list[Message]:
    match request["op"]:
        case "ping":
            return [{"type": "pong", "id": request["id"], "time": at(0)}]
        case "subscribe":
            return [ack(request), synced(request)]
        case _:
            return [ack(request)]
