"""A client of the service that shares no code with it: the `websockets` package and the protocol's words."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.described import Conversation
from tests.integration.service import Service, Value, feed, serving
from tests.venues.server import Venue
from tests.waiting import DEADLINE_S

T = TypeVar("T")
Message = dict[str, Any]

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")


class Client:
    """Keeps every message in the order of its coming; reads while something is waited for.

    What is sent and received has to be as described; only what `ask` sends need not.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.messages: list[Message] = []
        self._replies: list[Message] = []
        self._requests = 0
        self._conversation = Conversation()

    async def until(self, condition: Callable[[], T | None], what: str, within_s: float = DEADLINE_S) -> T:
        """Reads until `condition` is true. Raises AssertionError that names `what` when the time is over."""
        try:
            async with asyncio.timeout(within_s):
                while not (value := condition()):
                    self._take(json.loads(await self.socket.recv()))
        except TimeoutError:
            last = "\n".join(map(str, self.messages[-20:]))
            raise AssertionError(f"waited {within_s} s in vain for {what}; the last messages:\n{last}") from None
        return value

    async def closed(self) -> tuple[int | None, str | None]:
        """Reads until the service closes the connection; the code and reason it gave."""
        with contextlib.suppress(ConnectionClosed):
            await self.until(lambda: False, "the connection's end")
        return self.socket.close_code, self.socket.close_reason

    async def request(self, op: str, **fields: object) -> Message:
        """The reply to a request."""
        request = self._numbered(op, fields)
        self._conversation.sent(request)
        return await self.ask(json.dumps(request))

    async def mistake(self, op: str, **fields: object) -> Message:
        """The reply to a request that is wrong on purpose."""
        return await self.ask(json.dumps(self._numbered(op, fields)))

    async def ask(self, text: str) -> Message:
        """The reply to a message, which need not be a good one: the next ack, error or pong."""
        seen = len(self.replies())
        await self.socket.send(text)
        await self.until(lambda: len(self.replies()) > seen, f"a reply to {text[:200]}")
        return self.replies()[seen]

    def replies(self) -> list[Message]:
        """The acks, errors and pongs that came so far, oldest first."""
        return self._replies

    async def subscribe(self, channel: str, *symbols: str, **fields: object) -> Message:
        """Subscribes and reads until it is live; the ack."""
        ack = await self.request("subscribe", channel=channel, symbols=symbols, **fields)
        assert ack["type"] == "ack", ack
        await self.until(lambda: self.last("synced", id=ack["id"]), f"synced {channel}")
        return ack

    async def subscribe_all(self, *symbols: str) -> None:
        """Every quote, trade and 24-hour figure of the symbols, and their rows."""
        for channel in ("quotes", "trades", "stats", "ticker"):
            await self.subscribe(channel, *symbols)

    def _take(self, message: Message) -> None:
        self._conversation.received(message)
        self.messages.append(message)
        if message["type"] in ("ack", "error", "pong"):
            self._replies.append(message)

    def _numbered(self, op: str, fields: dict[str, object]) -> Message:
        self._requests += 1
        return {"op": op, "id": self._requests} | fields

    def of(self, kind: str, symbol: str | None = None) -> list[Message]:
        """The messages of a type that came so far, oldest first."""
        return [m for m in self.messages if m["type"] == kind and symbol in (None, m.get("symbol"))]

    def last(self, kind: str, symbol: str | None = None, **fields: object) -> Message | None:
        """The newest message of a type that has those fields."""
        found = (m for m in reversed(self.of(kind, symbol)) if fields.items() <= m.items())
        return next(found, None)

    async def expect(self, kind: str, symbol: str | None = None, **fields: object) -> Message:
        """Reads until there was a message of a type that has those fields."""
        return await self.until(lambda: self.last(kind, symbol, **fields), f"{kind} {symbol} {fields}")

    async def expect_state(self, symbol: str, *states: str) -> Message:
        """Reads until those were the symbol's newest states; the newest status."""
        expected = list(states)
        await self.until(
            lambda: self.values("status", symbol, "state")[-len(states) :] == expected, f"{symbol} {states}"
        )
        return self.of("status", symbol)[-1]

    async def more(self, kind: str, symbol: str | None, count: int = 5) -> None:
        """Reads until `count` more messages of a type have come."""
        enough = len(self.of(kind, symbol)) + count
        await self.until(lambda: len(self.of(kind, symbol)) >= enough, f"{enough} {kind} of {symbol}")

    def tape(self, symbol: str) -> list[int | str]:
        """What was said of the symbol's trades, in order: ids, and a gap's reason and how many are missing."""
        told = (m for m in self.messages if m["type"] in ("trade", "gap") and m["symbol"] == symbol)
        return [int(m["trade_id"]) if m["type"] == "trade" else f"{m['reason']} {m['missed']}" for m in told]

    def values(self, kind: str, symbol: str, field: str) -> list[Any]:
        """One field of all messages of a type, oldest first."""
        return [message[field] for message in self.of(kind, symbol)]


@contextlib.asynccontextmanager
async def connected(service: Service, max_queue: int | None = None) -> AsyncIterator[Client]:
    """A client that has been welcomed. With `max_queue` it takes in no more frames than that while nobody reads."""
    address, secure = service.websocket, service.secure
    async with connect(
        address, max_queue=max_queue, compression=None, proxy=None, close_timeout=1, ssl=secure
    ) as socket:
        client = Client(socket)
        await client.expect("welcome")
        yield client


@contextlib.asynccontextmanager
async def watched(
    directory: Path, name: str, venue: Venue, *instruments: str, **options: Value
) -> AsyncIterator[tuple[Service, Client]]:
    """A service with one feed, and a client that is subscribed to everything of its instruments."""
    stanza = feed(name, list(instruments), venue.url, **options)
    async with serving(directory, stanza) as service, connected(service) as client:
        await client.subscribe_all(*(f"{name}:{instrument}" for instrument in instruments))
        yield service, client
