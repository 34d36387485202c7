"""A load generator's clients: protocols on raw sockets that see to one thing each."""

import asyncio
import os
import re
import socket
from collections.abc import Callable
from typing import cast

from ticker.bench.counting import Tally
from ticker.bench.errors import BenchError
from ticker.bench.handshake import HEAD_END, PONG, refusal
from ticker.frames import PING

HANDSHAKE_S = 30.0
SMALL_BUFFER = 8_192  # bytes that a slow client's kernel takes in: its slowness shows soon
HEAD_MOST = 8_192  # bytes
ANSWERS = re.compile(rb'"type":"synced"|"type":"error"[^}]*?"reason":"([^"]*)"')
ANSWER_MOST = 1_024  # bytes between the beginning and the end of a match

CLOSED = "the service closed a connection before the measurement began: does its [limits] allow this many clients?"


class Opening(asyncio.Protocol):
    """A connection until the answer to its handshake."""

    def __init__(self, request: bytes) -> None:
        self.answered: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.WriteTransport, transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self.answered.done():
            self._head += data
            if HEAD_END in self._head or len(self._head) > HEAD_MOST:
                self.answered.set_result(refusal(self._head))

    def connection_lost(self, _: Exception | None) -> None:
        if not self.answered.done():
            self.answered.set_result("the connection was closed")


class Reader(asyncio.Protocol):
    """A client that reads as fast as it can."""

    def __init__(self, transport: asyncio.Transport, tally: Tally, lost: Callable[[], None]) -> None:
        self._transport = transport
        self._tally = tally
        self._lost = lost
        self._tail = b""

    def data_received(self, data: bytes) -> None:
        # JSON hardly ever has a ping's first byte, which is found ten times as fast as the two together
        if PING[0] in data or self._tail.endswith(PING[:1]):
            self._answer_ping(data)
        self._tail = self._tally.take(self._tail, data)

    def connection_lost(self, _: Exception | None) -> None:
        self._lost()

    def _answer_ping(self, data: bytes) -> None:
        if PING in self._tail[-1:] + data:
            self._transport.write(PONG)


class Subscribing(asyncio.Protocol):
    """A reader until each of its requests is answered."""

    def __init__(self, reader: Reader, requests: int) -> None:
        self.synced: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reader = reader
        self._unanswered = requests
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        self._reader.data_received(data)
        self._rest += data
        end = 0
        for answer in ANSWERS.finditer(self._rest):
            end = answer.end()
            self._take(answer[1])
        self._rest = self._rest[max(end, len(self._rest) - ANSWER_MOST) :]

    def connection_lost(self, error: Exception | None) -> None:
        self._reader.connection_lost(error)
        if not self.synced.done():
            self.synced.set_exception(BenchError(CLOSED))

    def _take(self, refused: bytes | None) -> None:
        self._unanswered -= 1
        if self.synced.done():
            return
        if refused is not None:
            self.synced.set_exception(BenchError(f"the service refused a subscription: {refused.decode()}"))
        elif not self._unanswered:
            self.synced.set_result(None)


async def connected(host: str, port: int, request: bytes, *, slow: bool) -> asyncio.Transport:
    """A WebSocket to the service. Raises BenchError where there is none to be had."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(HANDSHAKE_S):
            transport, opening = await loop.create_connection(
                lambda: Opening(request), sock=await _socket(host, port, slow=slow)
            )
            reason = await opening.answered
    except TimeoutError:
        raise BenchError(f"the service did not answer a handshake within {HANDSHAKE_S:g} s") from None
    except OSError as error:
        raise BenchError(f"cannot connect to {host} port {port}: {os.strerror(error.errno or 0)}") from error
    if reason is not None:
        raise BenchError(f"the service refused a WebSocket: {reason}")
    return transport


async def _socket(host: str, port: int, *, slow: bool) -> socket.socket:
    """A connected socket. The receive buffer of a slow client has to be made small before it connects."""
    loop = asyncio.get_running_loop()
    [family, kind, _, _, address], *_ = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    connection = socket.socket(family, kind)
    try:
        connection.setblocking(False)
        if slow:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        await loop.sock_connect(connection, address)
    except BaseException:
        connection.close()
        raise
    return connection
