"""The driver of server-sent events: moves bytes between aiohttp and a session that is asked for once, in the URL.

A client is one of the fan-out's as any other. An EventSource gives up for good on any status but 200, so one that comes
at the wrong time gets 200, is told when to come back, and that is all. What the others want is checked before the
answer begins: a request that cannot be taken has an error's status, since the page is wrong.
"""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from functools import partial

import structlog
from aiohttp import HttpVersion11, WSCloseCode, web

from ticker.admission import Admission
from ticker.connection import Connection
from ticker.connections import Connections, SocketOptions
from ticker.drain import Departure
from ticker.encodings import CHUNKED_EVENT, EVENT, Encoding, chunk
from ticker.errors import RequestError
from ticker.hub import Hub
from ticker.matching import Match, match
from ticker.readiness import retry_after_ms
from ticker.requests import Request, parse_subscribe
from ticker.stream_query import subscriptions
from ticker.turns import Turns

RETRY_MS = 2_000  # a client that is cut comes back after that
HEADERS: Mapping[str, str] = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store, no-transform",  # a proxy that compresses would wait for more
    "X-Accel-Buffering": "no",  # nginx
}

log = structlog.get_logger("clients")


class EventStream(Connection):
    """One client's socket, behind the head of the answer. It hears nothing more from the client but its end."""

    __slots__ = ("_ended", "encoding")

    def __init__(self, request: web.Request) -> None:
        super().__init__(request)
        self.encoding: Encoding = CHUNKED_EVENT if request.version >= HttpVersion11 else EVENT
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        request.protocol.set_parser(self)  # type: ignore[arg-type]  # what a WebSocket's reader does there

    def mind(self, silence_s: float) -> None:
        """Have the kernel end a connection whose peer has acknowledged nothing for so long: there are no pongs."""
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(silence_s * 1000))

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:  # noqa: ARG002
        """Whatever the client sends behind its request is not for us."""
        return False, b""

    def feed_eof(self) -> None:
        """The connection is lost."""
        self.close()

    def close(self) -> None:
        """Nothing is written any more."""
        super().close()
        if not self._ended.done():
            self._ended.set_result(None)

    def send_away(self, code: int) -> None:
        """Tell the client when to come back, and end."""
        self.code = code
        self.write(self.framed(_retry(retry_after_ms())))
        self.close()

    def framed(self, data: bytes) -> bytes:
        """As a part of the answer's body."""
        return chunk(data) if self.encoding is CHUNKED_EVENT else data

    async def ended(self) -> None:
        """Until it is over, whoever ends it."""
        await self._ended


class EventServer:
    """The clients that are connected by server-sent events."""

    def __init__(
        self, hub: Hub, admission: Admission, turns: Turns, *, options: SocketOptions, silence_s: float
    ) -> None:
        self._hub = hub
        self._admission = admission
        self._turns = turns
        self._silence_s = silence_s
        self._connections = Connections[EventStream]("sse", hub, admission, options)

    def __len__(self) -> int:
        return len(self._connections)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/sse: one client, from its request to its end. Raises RequestError."""
        await self._turns.take()
        if (refusal := self._admission.admit(request.remote)) is not None:  # first: thousands may come again and again
            return web.Response(body=_retry(refusal.retry_after_ms), headers=HEADERS)
        wanted = self._wanted(request)
        answer = web.StreamResponse(headers=HEADERS)
        answer.force_close()
        try:
            await answer.prepare(request)
        except ConnectionResetError:  # gone meanwhile
            return answer
        if request.transport is None:
            return answer
        try:
            await self._serve(request, wanted)
        except Exception:  # there can be no other answer any more
            log.exception("a stream failed; it is ended")
        return answer

    def departures(self) -> list[Departure]:
        """What sends each client away: we restart, come back later."""
        return [partial(self._send_away, connection) for connection in self._connections.clients]

    async def _send_away(self, connection: EventStream) -> None:
        await self._turns.take()
        if connection in self._connections.clients:
            self._connections.finish(connection)
            connection.send_away(WSCloseCode.SERVICE_RESTART)

    def _wanted(self, request: web.Request) -> list[tuple[Request, Match]]:
        hub = self._hub
        try:
            asked = subscriptions(list(request.query.items()), request.headers.get("Last-Event-ID"))
            found = match([parse_subscribe(one.body, hub.limits, hub.rates) for one in asked], hub)
        except RequestError as error:
            hub.counts.requests["subscribe", error.code] += 1
            raise
        return list(zip(asked, found, strict=True))

    async def _serve(self, request: web.Request, wanted: Sequence[tuple[Request, Match]]) -> None:
        connection = EventStream(request)
        with self._connections.conversation(connection, request.remote, connection.encoding) as (client, session):
            connection.mind(self._silence_s)
            self._hub.fanout.send(client, connection.framed(_retry(RETRY_MS)))
            session.welcome()
            for asked, found in wanted:
                session.subscribe(asked, found)
            await connection.ended()
            await self._turns.take()


def _retry(milliseconds: int) -> bytes:
    return b"retry: %d\n\n" % milliseconds
