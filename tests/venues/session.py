"""One client's connection to a stand-in venue, as the venue sees it: what the tests hold and drive."""

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Protocol

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed


class Wire(Protocol):
    """What a session must know of its venue."""

    def subscription_of(self, frame: str) -> str:
        """Which subscription a frame of market data belongs to."""
        ...

    def on_the_wire(self, session: "Session", frame: str) -> str:
        """The frame as this session gets it."""
        ...


class MessageLimit:
    """At most `most` messages in any second, counted as they come."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._times: deque[float] = deque()

    def exceeded(self) -> bool:
        """Counts one message; whether it is one too many."""
        now = time.monotonic()
        self._times.append(now)
        while now - self._times[0] >= 1:
            self._times.popleft()
        return len(self._times) > self._most


class Session:
    """What the client said and subscribed to on one connection, and what a test can do with that connection."""

    def __init__(self, wire: Wire, connection: ServerConnection, limit: MessageLimit) -> None:
        assert connection.request is not None
        self.limit = limit
        self.path = connection.request.path
        self.messages: list[str] = []
        self.subscriptions: set[str] = set()
        self.pongs = 0  # answers to our pings; unsolicited ones do not count
        self.ended = False
        self.last_frame = time.monotonic()
        self.too_many_messages = asyncio.Event()
        self._wire = wire
        self._connection = connection

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The client's messages, parsed."""
        return [json.loads(message) for message in self.messages]

    async def send(self, frame: str | bytes | AsyncIterator[str]) -> None:
        """Send a frame as it is; an iterator's items become the fragments of one message."""
        self.last_frame = time.monotonic()
        with contextlib.suppress(ConnectionClosed):
            await self._connection.send(frame)

    async def publish(self, frame: str) -> bool:
        """Send a frame of market data if the client subscribed to it; whether it did."""
        if self._wire.subscription_of(frame) not in self.subscriptions:
            return False
        await self.send(self._wire.on_the_wire(self, frame))
        return True

    def drop(self) -> None:
        """Cut the connection without a word."""
        self._connection.transport.abort()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """End the connection with a close frame."""
        await self._connection.close(code, reason)
