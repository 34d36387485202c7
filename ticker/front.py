"""The HTTP side put together: the ways in, what they share, and how everybody is sent away."""

from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler

from ticker import docs
from ticker.admission import Admission
from ticker.answers import errors
from ticker.compression import compressed
from ticker.connections import SocketOptions
from ticker.cors import Cors
from ticker.drain import spread
from ticker.hub import Hub
from ticker.polls import Polls
from ticker.site import Site
from ticker.sse import EventServer
from ticker.turns import Turns
from ticker.websocket import WebSocketServer


class Front:
    """Where clients come in."""

    def __init__(
        self,
        hub: Hub,
        cors: Cors,
        admission: Admission,
        *,
        ping_s: float,
        pong_timeout_s: float,
        write_deadline_s: float,
        send_buffer_bytes: int,
        notsent_lowat_bytes: int,
    ) -> None:
        self._cors = cors
        self._admission = admission
        turns, options = Turns(hub.clock), SocketOptions(send_buffer_bytes, notsent_lowat_bytes)
        self._websocket = WebSocketServer(
            hub, self._admission, turns, ping_s=ping_s, pong_timeout_s=pong_timeout_s, options=options
        )
        # A client that lives and does not read is ended by the write deadline; the kernel must not be sooner.
        silence_s = write_deadline_s + pong_timeout_s
        self._streams = EventServer(hub, self._admission, turns, options=options, silence_s=silence_s)
        self.polls = Polls(hub, self._admission, turns)

    def application(self, routes: Iterable[web.RouteDef], index: Handler) -> web.Application:
        """These paths, the page, and those of connections that stay; `index` is for who wants no page at `/`."""
        app = web.Application(middlewares=[self._cors.preflight, compressed, errors])
        app.on_response_prepare.append(self._cors.annotate)
        app.add_routes(routes)
        app.add_routes(docs.routes())
        app.add_routes(Site(index, self._cors.framed_by).routes())
        app.router.add_get("/v1/ws", self._websocket.handle)
        app.router.add_get("/v1/sse", self._streams.handle, allow_head=False)
        return app

    def tick(self, now: int, part: int, parts: int) -> None:
        """See to one part of the clients: to all of them in `parts` ticks."""
        self._websocket.tick(now, part, parts)
        if part == 0:
            self.polls.tick()
            self._admission.notices.tick(now)

    async def send_away(self, *, per_second: float, within_s: float) -> None:
        """Send everybody away, so many a second or as many as the time needs, and let nobody in."""
        self._admission.draining = True
        departures = [*self._websocket.departures(), *self._streams.departures(), *self.polls.departures()]
        await spread(departures, per_second=per_second, within_s=within_s)
