"""The drivers in a real server, and WebSocket clients that see every byte and read only when they are told to."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from aiohttp import web

from feeds.timestamps import clock
from tests.described import Conversation
from tests.ticker.fakes import Message
from tests.ticker.stage import Deciders, quote, trade
from tests.waiting import DEADLINE_S
from ticker.admission import Admission
from ticker.answers import errors
from ticker.connection import write_all
from ticker.connections import SocketOptions
from ticker.drain import spread
from ticker.loop import schedule_on
from ticker.sse import EventServer
from ticker.turns import Turns
from ticker.websocket import WebSocketServer

T = TypeVar("T")

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
UPGRADE = (
    b"GET /v1/ws HTTP/1.1\r\nHost: ticker\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
MASK = b"\x01\x02\x03\x04"
OPEN_FILES = Path("/proc/self/fd")


def open_files() -> int:
    """How many files this process has open."""
    return len(list(OPEN_FILES.iterdir()))


class Driven:
    """A server on a free port of the loopback, with the deciders behind it."""

    def __init__(
        self, deciders: Deciders, server: WebSocketServer, streams: EventServer, runner: web.AppRunner
    ) -> None:
        self.deciders, self.server, self.streams, self.runner = deciders, server, streams, runner
        self.clock = deciders.hub.clock
        self.counts = deciders.hub.counts

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.runner.addresses[0][1])

    @property
    def sockets(self) -> int:
        """Connections that cost the process something, whether their client still counts or not."""
        assert self.runner.server is not None
        return len(self.runner.server.connections)

    def quote(self, symbol: str, bid: str = "1.10") -> None:
        """The feed brings a quote."""
        self.deciders.pipeline.receive(quote(symbol, self.clock(), bid))

    def trade(self, symbol: str) -> None:
        """The feed brings a trade."""
        self.deciders.pipeline.receive(trade(symbol, self.clock()))

    async def send_away(self) -> None:
        """Send everybody away at once."""
        await spread([*self.server.departures(), *self.streams.departures()], per_second=1, within_s=0)

    def tick(self, seconds: float = 0) -> None:
        """Let the server look after all its clients, as if so many seconds had passed."""
        self.server.tick(self.clock() + round(seconds * 10**9), 0, 1)


@contextlib.asynccontextmanager
async def driven(
    *symbols: str,
    clients: int = 100,
    ping_s: float = 20,
    pong_timeout_s: float = 10,
    websockets: type[WebSocketServer] = WebSocketServer,
    **fanout: Any,
) -> AsyncIterator[Driven]:
    """A running server."""
    deciders = Deciders(symbols, clock(), schedule_on(asyncio.get_running_loop()), write_all, **fanout)
    hub = deciders.hub
    admission = Admission(hub.counts, hub.clock, clients=clients)
    turns, options = Turns(hub.clock), SocketOptions(32_768, 16_384)
    server = websockets(hub, admission, turns, ping_s=ping_s, pong_timeout_s=pong_timeout_s, options=options)
    streams = EventServer(hub, admission, turns, options=options, silence_s=40)
    app = web.Application(middlewares=[errors])
    app.router.add_get("/v1/ws", server.handle)
    app.router.add_get("/v1/sse", streams.handle, allow_head=False)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield Driven(deciders, server, streams, runner)
    finally:
        await runner.cleanup()


class RawClient:
    """A client's socket. It reads nothing but while a test waits for something."""

    def __init__(self, peer: socket.socket) -> None:
        self._socket = peer
        self._unparsed = b""
        self.frames: list[tuple[int, bytes]] = []
        self.ended = False
        self.conversation = Conversation()

    @property
    def messages(self) -> list[Message]:
        """What the text frames read so far say."""
        return [json.loads(payload) for opcode, payload in self.frames if opcode == TEXT]

    @property
    def torn(self) -> bool:
        """Whether what was read ends inside a frame."""
        return bool(self._unparsed)

    async def send(self, payload: bytes, opcode: int = TEXT) -> None:
        """Send a frame, masked as a client must."""
        size = len(payload)
        head = bytes((0x80 | opcode, 0x80 | size)) if size < 126 else bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2)
        if size >= 65_536:
            head = bytes((0x80 | opcode, 0xFF)) + size.to_bytes(8)
        mask = (MASK * (size // 4 + 1))[:size]
        masked = (int.from_bytes(payload) ^ int.from_bytes(mask)).to_bytes(size)
        await self.send_raw(head + MASK + masked)

    async def send_raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def ask(self, **request: Any) -> None:
        """Send a request."""
        self.conversation.sent(request)
        await self.send(json.dumps(request).encode())

    async def until(self, condition: Callable[[], T | None], what: str) -> T:
        """Read until a condition is true; its value."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                while not (value := condition()):
                    assert not self.ended, f"the connection ended before {what}; read: {self.frames[-5:]}"
                    await self.read()
        except TimeoutError:
            raise AssertionError(f"waited {DEADLINE_S} s in vain for {what}; read: {self.frames[-5:]}") from None
        return value

    async def message(self, **fields: Any) -> Message:
        """Read until there is a message with such fields; the first of them."""
        return await self.until(
            lambda: next((m for m in self.messages if fields.items() <= m.items()), None), f"a message with {fields}"
        )

    async def goodbye(self) -> tuple[int, str]:
        """Read until the server's close frame, and answer it; its code and reason."""
        closing = await self.until(lambda: [p for opcode, p in self.frames if opcode == CLOSE], "a close frame")
        await self.send(closing[0][:2], CLOSE)
        return int.from_bytes(closing[0][:2]), closing[0][2:].decode()

    async def end(self) -> None:
        """Read until the connection ends."""
        await self.until(lambda: self.ended or None, "its end")

    def leave(self) -> None:
        """Close the socket without a word."""
        self._socket.close()

    def cut(self) -> None:
        """As if the network was gone: what is on its way is lost, on both sides."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    async def read(self, most: int = 65_536) -> None:
        """Read what comes next, so many bytes at most; the next frame's first ones wait for the others."""
        try:
            data = await asyncio.get_running_loop().sock_recv(self._socket, most)
        except ConnectionError:
            data = b""
        self.ended = not data
        self.take(data)

    def take(self, data: bytes) -> None:
        """Find the frames in what was read."""
        self._unparsed += data
        while (frame := self._frame()) is not None:
            self.note(*frame)

    def note(self, opcode: int, payload: bytes) -> None:
        """Keep a frame, and see that it says what a service may say."""
        self.frames.append((opcode, payload))
        if opcode == TEXT:
            self.conversation.received(json.loads(payload))

    def _frame(self) -> tuple[int, bytes] | None:
        """The next whole frame of what was read, without its head."""
        data = self._unparsed
        if len(data) < 2:
            return None
        assert data[0] & 0xF0 == 0x80, f"no frame begins like {data[:20]!r}"
        size, at = data[1], 2
        assert size < 128, "a server does not mask"
        if size >= 126:
            at = 4 if size == 126 else 10
            size = int.from_bytes(data[2:at], "big")
        if len(data) < at + size:
            return None
        self._unparsed = data[at + size :]
        return data[0] & 0x0F, data[at : at + size]


class Listening(Protocol):
    """A server, in this process or in another."""

    @property
    def port(self) -> int:
        """Where on the loopback it listens."""
        ...


@contextlib.asynccontextmanager
async def raw_client(server: Listening, receive_buffer: int | None = None) -> AsyncIterator[RawClient]:
    """A client that has shaken hands. A small receive buffer lets the server notice soon that it does not read."""
    loop = asyncio.get_running_loop()
    with socket.socket() as peer:
        if receive_buffer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        peer.setblocking(False)
        await loop.sock_connect(peer, ("127.0.0.1", server.port))
        await loop.sock_sendall(peer, UPGRADE)
        head = await read_head(peer)
        assert head.startswith("HTTP/1.1 101 ")
        yield RawClient(peer)


async def read_head(peer: socket.socket) -> str:
    """The head of an answer, and not a byte more. Raises ConnectionError where it is cut."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        if not (data := await asyncio.get_running_loop().sock_recv(peer, 1)):
            raise ConnectionResetError("ended inside the answer's head")
        head += data
    return head.decode()
