"""The WebSocket driver: moves bytes between aiohttp and a session. What they mean is decided elsewhere."""

import asyncio
from collections.abc import Callable
from functools import partial

import structlog
from aiohttp import WebSocketError, WSCloseCode, WSMsgType, web

from ticker import frames
from ticker.admission import Admission
from ticker.clients import Client
from ticker.connection import CLOSE_TIMEOUT_S, CUT, NO_CODE, NO_PONG, Connection
from ticker.connections import Connections, SocketOptions
from ticker.drain import Departure
from ticker.hub import Hub
from ticker.keepalive import Pulse
from ticker.readiness import retry_after_ms
from ticker.session import Session
from ticker.turns import Turns

log = structlog.get_logger("clients")


class ServerSocket(web.WebSocketResponse[bool]):
    """aiohttp's WebSocket, which also tells when it begins to close: from then on no data frame may follow."""

    on_close: Callable[[], None] | None = None

    async def close(self, *, code: int = WSCloseCode.OK, message: bytes = b"", drain: bool = True) -> bool:
        """As aiohttp's, whoever asks for it: we, the peer, or a bad frame."""
        if self.on_close is not None:
            self.on_close()
        return await super().close(code=code, message=message, drain=drain)


class WebSocketConnection(Connection):
    """One client's socket after the handshake."""

    __slots__ = ("pulse", "waits", "ws")

    def __init__(self, ws: ServerSocket, request: web.Request, now: int) -> None:
        super().__init__(request)
        self.ws = ws
        self.pulse = Pulse(now)
        self.waits = False  # what it said waits for its turn, and so does a pong behind that
        ws.on_close = self.close

    @property
    def close_code(self) -> int:
        """What it ended with; aiohttp says 0 where the peer's close frame has no code."""
        if self.code is not None:
            return self.code
        return CUT if self.ws.close_code is None else self.ws.close_code or NO_CODE

    def release(self) -> None:
        """The socket refers to us, we to it, and so does what ended it: else only a full collection frees them."""
        super().release()
        self.ws.on_close = None
        error: BaseException | None = self.ws.exception()
        while error is not None:
            error.__traceback__ = None
            error = error.__context__


class WebSocketServer:
    """The clients that are connected by WebSocket."""

    def __init__(
        self,
        hub: Hub,
        admission: Admission,
        turns: Turns,
        *,
        ping_s: float,
        pong_timeout_s: float,
        options: SocketOptions,
    ) -> None:
        self._hub = hub
        self._admission = admission
        self._turns = turns
        self._ping_s = ping_s
        self._pong_timeout_s = pong_timeout_s
        self._connections = Connections[WebSocketConnection]("websocket", hub, admission, options)
        self._ending: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._connections)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/ws: one client, from its handshake to its end."""
        ws = ServerSocket(
            compress=False,
            autoping=False,
            decode_text=False,
            protocols=("ticker.v1",),
            max_msg_size=self._hub.limits.message_bytes + 1,  # aiohttp refuses what has this size, too
            timeout=CLOSE_TIMEOUT_S,
        )
        await self._turns.take()
        try:
            await ws.prepare(request)
        except web.HTTPBadRequest:
            return web.json_response(
                {"code": 426, "reason": "this is a WebSocket endpoint; see /docs"},
                status=426,
                headers={"Upgrade": "websocket", "Connection": "Upgrade"},
            )
        except ConnectionResetError:  # gone during the handshake; an answer that is not on its way cannot be returned
            return web.Response(status=400)
        if request.transport is None:
            return ws
        if (refusal := self._admission.admit(request.remote)) is not None:
            await ws.close(code=refusal.code, message=_retry_after(refusal.retry_after_ms))
            return ws
        await self._serve(ws, request)
        return ws

    def tick(self, now: int, part: int, parts: int) -> None:
        """Pings for one part of the clients: all of them in `parts` ticks."""
        for connection, client in list(self._connections.clients.items())[part::parts]:
            held = client.behind or connection.waits
            due = connection.pulse.beat(now, paused=held, ping_s=self._ping_s, pong_timeout_s=self._pong_timeout_s)
            if due == "ping":
                self._hub.fanout.send(client, frames.PING)
            elif due == "dead":
                task = asyncio.create_task(self._give_up(connection))
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)

    def departures(self) -> list[Departure]:
        """What sends each client away: we restart, come back later."""
        return [partial(self._send_away, connection) for connection in self._connections.clients]

    async def _serve(self, ws: ServerSocket, request: web.Request) -> None:
        connection = WebSocketConnection(ws, request, self._hub.clock())
        with self._connections.conversation(connection, request.remote) as (client, session):
            session.welcome()
            try:
                await self._converse(connection, client, session)
            except Exception:
                log.exception("a conversation failed; it is ended", session=client.name)
                await self._close(connection, WSCloseCode.INTERNAL_ERROR, b"our fault; it is in the log")
            await self._turns.take()

    async def _converse(self, connection: WebSocketConnection, client: Client, session: Session) -> None:
        """Pass on what the client says, until one of us ends it."""
        async for message in connection.ws:
            connection.waits = True
            await self._turns.take()
            connection.waits = False
            match message.type:
                case WSMsgType.TEXT if _is_utf8(message.data):
                    session.receive(message.data)
                case WSMsgType.TEXT:
                    await self._close(connection, WSCloseCode.INVALID_TEXT, b"not UTF-8")
                case WSMsgType.BINARY:
                    await self._close(connection, WSCloseCode.UNSUPPORTED_DATA, b"text frames only")
                case WSMsgType.PING:
                    self._hub.fanout.send(client, frames.pong_frame(message.data))
                case WSMsgType.PONG:
                    connection.pulse.answered()
                case WSMsgType.ERROR if isinstance(message.data, WebSocketError):
                    connection.code = message.data.code  # aiohttp has closed it with that
            if client.behind:  # who does not take what was asked for is not asked for more
                await connection.drained()

    async def _give_up(self, connection: WebSocketConnection) -> None:
        """Say goodbye to a peer that does not answer, in case it hears us, and free what it holds."""
        await self._close(connection, NO_PONG, b"no pong")
        connection.abort(NO_PONG)

    async def _send_away(self, connection: WebSocketConnection) -> None:
        if connection in self._connections.clients:
            await self._close(connection, WSCloseCode.SERVICE_RESTART, _retry_after(retry_after_ms()))

    async def _close(self, connection: WebSocketConnection, code: int, reason: bytes) -> None:
        await self._turns.take()
        self._connections.finish(connection)
        connection.code = code
        connection.resumed()
        await connection.ws.close(code=code, message=reason, drain=False)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _retry_after(milliseconds: int) -> bytes:
    return b"retry_after_ms=%d" % milliseconds
