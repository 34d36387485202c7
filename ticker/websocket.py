"""The WebSocket driver: moves bytes between aiohttp and a session. What they mean is decided elsewhere.

Data goes to the transport as whole pre-built frames, which is sound because no compression is negotiated and only the
loop's thread writes; what aiohttp itself writes (the handshake, close frames) never overlaps with it, because a client
is detached before its socket is closed. tests/ticker/test_websocket.py holds this against new versions of aiohttp.
"""

import asyncio
import random
import secrets

import structlog
from aiohttp import WebSocketError, WSCloseCode, WSMsgType, web

from feeds.timestamps import SECOND
from ticker import frames
from ticker.clients import Client
from ticker.connection import CLOSE_TIMEOUT_S, NO_PONG, SLOW_CONSUMER, Connection, ServerSocket
from ticker.hub import Hub
from ticker.session import Session
from ticker.turns import Turns

RETRY_SPREAD_MS = (500, 5_000)  # clients that are sent away together come back apart

NO_CODE = 1005  # what a close frame without a code counts as (RFC 6455, section 7.1.5)
CLOSE_CODES = {*WSCloseCode, NO_CODE, SLOW_CONSUMER, NO_PONG}  # clients may send others, and metrics must stay few

log = structlog.get_logger("websocket")


class WebSocketServer:
    """The clients that are connected by WebSocket."""

    def __init__(
        self,
        hub: Hub,
        *,
        clients: int,
        ping_s: float,
        pong_timeout_s: float,
        send_buffer_bytes: int,
        notsent_lowat_bytes: int,
    ) -> None:
        self._hub = hub
        self._clients_most = clients
        self._ping_s = ping_s
        self._pong_timeout_s = pong_timeout_s
        self._send_buffer = send_buffer_bytes
        self._notsent_lowat = notsent_lowat_bytes
        self._connections: dict[Connection, Client] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._turns = Turns(hub.clock)

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
        if len(self._connections) >= self._clients_most:
            self._hub.counts.rejections["clients"] += 1
            log.warning("a client was turned away: raise [limits] clients, or run more", clients=self._clients_most)
            await ws.close(code=WSCloseCode.TRY_AGAIN_LATER, message=_retry_after())
            return ws
        await self._serve(ws, request)
        return ws

    def tick(self, now: int, part: int, parts: int) -> None:
        """Pings for one part of the clients: all of them in `parts` ticks."""
        for connection, client in list(self._connections.items())[part::parts]:
            due = connection.pulse.beat(
                now, paused=client.behind, ping_s=self._ping_s, pong_timeout_s=self._pong_timeout_s
            )
            if due == "ping":
                self._hub.fanout.send(client, frames.PING)
            elif due == "dead":
                task = asyncio.create_task(self._give_up(connection))
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        """Send everybody away: we restart, come back later."""
        await asyncio.gather(
            *(self._close(connection, WSCloseCode.SERVICE_RESTART) for connection in list(self._connections))
        )

    async def _serve(self, ws: ServerSocket, request: web.Request) -> None:
        hub, started = self._hub, self._hub.clock()
        connection = Connection(ws, request, started)
        connection.tune(self._send_buffer, self._notsent_lowat)
        client = hub.fanout.attach(secrets.token_urlsafe(9), connection)
        session = Session(hub, client)
        self._connections[connection] = client
        hub.counts.connections["websocket"] += 1
        log.debug("client connected", session=client.name, address=request.remote)
        try:
            session.welcome()
            await self._converse(connection, client, session)
            await self._turns.take()
        finally:
            hub.fanout.detach(client)
            session.end()
            connection.release()
            self._connections.pop(connection, None)
            code = _close_code(connection.code, ws.close_code)
            hub.counts.closes["websocket", str(code) if code in CLOSE_CODES else "other"] += 1
            hub.counts.session.observe((hub.clock() - started) / SECOND)
            log.debug("client gone", session=client.name, code=code)

    async def _converse(self, connection: Connection, client: Client, session: Session) -> None:
        """Pass on what the client says, until one of us ends it."""
        async for message in connection.ws:
            await self._turns.take()
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

    async def _give_up(self, connection: Connection) -> None:
        """Say goodbye to a peer that does not answer, in case it hears us, and free what it holds."""
        await self._close(connection, NO_PONG, b"no pong")
        connection.abort(NO_PONG)

    async def _close(self, connection: Connection, code: int, reason: bytes | None = None) -> None:
        await self._turns.take()
        client = self._connections.get(connection)
        if client is not None:
            self._hub.fanout.detach(client)
        connection.code = code
        connection.resumed()
        await connection.ws.close(code=code, message=_retry_after() if reason is None else reason, drain=False)


def _close_code(ours: int | None, theirs: int | None) -> int:
    """The code that a connection ended with; aiohttp says 0 where the peer's close frame has none."""
    if ours is not None:
        return ours
    if theirs is None:
        return WSCloseCode.ABNORMAL_CLOSURE
    return theirs or NO_CODE


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _retry_after() -> bytes:
    return b"retry_after_ms=%d" % random.randint(*RETRY_SPREAD_MS)
