"""What clients of the trades have seen, over one connection or many, by WebSocket or as server-sent events."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from tests.ticker.driving import PING, PONG, Listening, RawClient, raw_client
from tests.ticker.streaming import raw_stream
from tests.waiting import Changes

PATTERN = "sim:*"
REWIND = 500  # trades that a client which is not sure of them asks for again: a snapshot that is long enough to be cut

Message = dict[str, Any]
Key = tuple[str, str, int]


class Tape:
    """The trades that a client has seen, in the order in which it first saw them, over all its connections."""

    def __init__(self, since: str) -> None:
        self.since = since
        self.trades: dict[Key, Message] = {}
        self.gaps: list[Message] = []
        self.synced = False
        self._changes = Changes()
        self._received: list[str] = []
        self._last: dict[str, Key] = {}  # of this connection, by symbol

    def connect(self, *, rewind: bool = False) -> str:
        """A new connection; the `since` to ask for: that of what was seen last, or an older one."""
        self._last, self.synced = {}, False
        return self._received[-REWIND:][0] if rewind and self._received else self.since

    async def read(self, client: RawClient) -> None:
        """Read what comes next on a connection. No symbol's trades may repeat or leave one out on it."""
        await client.read()
        for payload in [payload for opcode, payload in client.frames if opcode == PING]:
            await client.send(payload, PONG)
        self._take(client)

    def _take(self, client: RawClient) -> None:
        for message in client.messages:
            if message["type"] == "gap":
                self.gaps.append(message)
                self._last.pop(message["symbol"], None)
            elif message["type"] == "trade":
                self._see(message)
            else:
                self.synced = self.synced or message["type"] == "synced"
                continue
            self.since = message["received"]
        client.frames.clear()
        self._changes.notify()

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Returns once a condition is true, which is looked at after each reading."""
        await self._changes.until(lambda: condition() or None, what, within_s=60)  # it reads whatever the others had

    def _see(self, trade: Message) -> None:
        symbol, epoch, seq = key = trade["symbol"], trade["epoch"], trade["seq"]
        last = self._last.get(symbol)
        assert last in (None, (symbol, epoch, seq - 1)), f"{key} came behind {last}"
        self._last[symbol] = key
        if key not in self.trades:
            self.trades[key] = {name: value for name, value in trade.items() if name != "snapshot"}
            self._received.append(trade["received"])


@contextlib.asynccontextmanager
async def over_websocket(server: Listening, since: str) -> AsyncIterator[RawClient]:
    """A client that has asked for all trades from then on."""
    async with raw_client(server) as client:
        await client.ask(op="subscribe", channel="trades", symbols=[PATTERN], since=since)
        yield client


@contextlib.asynccontextmanager
async def over_sse(server: Listening, since: str) -> AsyncIterator[RawClient]:
    """A client that comes back as a browser does."""
    async with raw_stream(server, f"channel=trades&symbols={PATTERN}", last_id=since) as client:
        yield client
