"""Clients that act all at once, and otherwise read whatever comes, answer pings, and cost as little as can be."""

import asyncio
from collections.abc import Callable, Sequence

import orjson

from ticker.bench import handshake
from ticker.bench.clients import connected
from ticker.bench.messages import Address
from ticker.frames import PING

SYNCED_S = 60.0  # for all of them to have what they subscribed to
SYNCED, REFUSED = b'"type":"synced"', b'"type":"error"'
KEPT = max(map(len, (SYNCED, REFUSED, PING))) - 1  # of what came before, since what we look for may come in two pieces


class Member(asyncio.Protocol):
    """One client."""

    def __init__(self, transport: asyncio.Transport, lost: Callable[[], None]) -> None:
        self._transport = transport
        self._lost = lost
        self._tail = b""
        self._synced: asyncio.Future[None] | None = None

    def subscribe(self, frame: bytes) -> asyncio.Future[None]:
        """Send a subscription; done once it is synced. It fails with RuntimeError where it is refused, or cut off."""
        self._synced = asyncio.get_running_loop().create_future()
        self._transport.write(frame)
        return self._synced

    def leave(self) -> None:
        """Go without a goodbye."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        seen = self._tail + data
        self._tail = seen[-KEPT:]
        if PING in seen:
            self._transport.write(handshake.PONG)
            self._tail = b""
        if self._synced is not None:
            self._look_for_answer(self._synced, seen)

    def connection_lost(self, _: Exception | None) -> None:
        self._lost()
        if self._synced is not None:
            self._synced.set_exception(RuntimeError("the service cut a client off before it had its snapshots"))

    def _look_for_answer(self, synced: asyncio.Future[None], seen: bytes) -> None:
        if SYNCED in seen:
            synced.set_result(None)
        elif REFUSED in seen:
            synced.set_exception(RuntimeError("the service refused a subscription"))
        else:
            return
        self._synced, self._tail = None, b""


class Crowd:
    """The clients of one service."""

    def __init__(self, address: Address) -> None:
        self.lost = 0  # connections that ended, by whomever
        self._address = address
        self._upgrade = handshake.upgrade(address)
        self._members: list[Member] = []

    async def connect(self, clients: int) -> None:
        """So many more, one after the other. Raises BenchError where the service does not let them."""
        for _ in range(clients):
            transport = await connected(self._address.host, self._address.port, self._upgrade, slow=False)
            member = Member(transport, self._lose)
            transport.set_protocol(member)
            self._members.append(member)

    async def subscribe(self, channel: str, symbols: Sequence[str]) -> None:
        """All at once; returns when the last is synced. Raises RuntimeError for a refusal, or TimeoutError."""
        request = orjson.dumps({"op": "subscribe", "channel": channel, "symbols": symbols})
        frame = handshake.text_frame(request)
        waiting = [member.subscribe(frame) for member in self._members]
        async with asyncio.timeout(SYNCED_S):
            await asyncio.gather(*waiting)

    def leave(self) -> None:
        """All at once."""
        for member in self._members:
            member.leave()
        self._members.clear()

    def _lose(self) -> None:
        self.lost += 1
