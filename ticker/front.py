"""The HTTP side put together: the ways in, what they share, and how everybody is sent away."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

from ticker import docs
from ticker.answers import errors
from ticker.compression import compressed
from ticker.connections import Admission, SocketOptions
from ticker.cors import Cors
from ticker.hub import Hub
from ticker.polls import Polls
from ticker.rest import Rest
from ticker.sse import EventServer
from ticker.turns import Turns
from ticker.websocket import WebSocketServer


class Front:
    """Where clients come in."""

    def __init__(
        self,
        hub: Hub,
        cors: Cors,
        *,
        clients: int,
        ping_s: float,
        pong_timeout_s: float,
        write_deadline_s: float,
        send_buffer_bytes: int,
        notsent_lowat_bytes: int,
    ) -> None:
        self._cors = cors
        self._admission = Admission(hub.counts, clients)
        turns, options = Turns(hub.clock), SocketOptions(send_buffer_bytes, notsent_lowat_bytes)
        self._websocket = WebSocketServer(
            hub, self._admission, turns, ping_s=ping_s, pong_timeout_s=pong_timeout_s, options=options
        )
        # A client that lives and does not read is ended by the write deadline; the kernel must not be sooner.
        silence_s = write_deadline_s + pong_timeout_s
        self._streams = EventServer(hub, self._admission, turns, options=options, silence_s=silence_s)
        self.polls = Polls(hub, self._admission, turns)
        self.connected = self._admission.connected

    def application(self, rest: Rest, metrics: Handler) -> web.Application:
        """All paths."""
        app = web.Application(middlewares=[self._cors.preflight, compressed, errors])
        app.on_response_prepare.append(self._cors.annotate)
        app.add_routes(rest.routes())
        app.add_routes(docs.routes())
        app.router.add_get("/v1/ws", self._websocket.handle)
        app.router.add_get("/v1/sse", self._streams.handle, allow_head=False)
        app.router.add_get("/metrics", metrics)
        return app

    def tick(self, now: int, part: int, parts: int) -> None:
        """See to one part of the clients: to all of them in `parts` ticks."""
        self._websocket.tick(now, part, parts)
        if part == 0:
            self.polls.tick()

    async def close(self) -> None:
        """Send everybody away, and let nobody in."""
        self._admission.draining = True
        self.polls.close()
        await asyncio.gather(self._websocket.close(), self._streams.close())
