"""Which pages of other origins may read what the service answers: Cross-Origin Resource Sharing (Fetch Standard, 3.2).

A page's script gets an answer from elsewhere only if that names the page's origin. WebSockets have no part in this.
"""

from collections.abc import Awaitable, Collection
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from ticker.addresses import is_loopback

PATHS = ("/v1/", "/ticker-client.", "/assets/")
# Where this machine's pages may read, in the words of a Content Security Policy.
LOCAL = ("http://localhost:*", "http://127.0.0.1:*")
TOLD_MOST = 20  # origins that the log names: anybody can make up any number
PREFLIGHT = {
    hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, HEAD",
    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "If-None-Match, Last-Event-ID, Cache-Control",
    hdrs.ACCESS_CONTROL_MAX_AGE: "7200",  # browsers remember no longer
}

log = structlog.get_logger("cors")


class Cors:
    """The origins that are let in: those listed and, for a service that only this machine reaches, this machine's."""

    def __init__(self, origins: Collection[str], *, loopback: bool) -> None:
        self._origins = frozenset(origins)
        self._loopback = loopback
        self._told: set[str] = set()

    @property
    def framed_by(self) -> list[str]:
        """Whose pages may show ours in a frame: who may read, may."""
        return [*sorted(self._origins), *(LOCAL if self._loopback else ())]

    def allows(self, origin: str) -> bool:
        """Whether pages of an origin may read. The first time that they may not, the log says what would let them."""
        if origin in self._origins or (self._loopback and _is_local(origin)):
            return True
        if origin not in self._told and len(self._told) < TOLD_MOST:
            self._told.add(origin)
            log.warning("a page of another origin may not read; allow it by [server] origins", origin=origin[:200])
        return False

    @web.middleware
    def preflight(self, request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
        """Say what a page may ask for, without asking for it. Of other requests nothing is held while they last."""
        asks = request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
        return self._permit(request) if asks and request.path.startswith(PATHS) else handler(request)

    async def _permit(self, request: web.Request) -> web.StreamResponse:
        allowed = self.allows(request.headers.get(hdrs.ORIGIN, ""))
        return web.Response(status=204, headers=PREFLIGHT if allowed else None)

    async def annotate(self, request: web.Request, answer: web.StreamResponse) -> None:
        """Let the browser hand the answer to its page."""
        if not request.path.startswith(PATHS) or answer.status == HTTPStatus.SWITCHING_PROTOCOLS:
            return
        answer.headers.add(hdrs.VARY, hdrs.ORIGIN)
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and self.allows(origin):
            answer.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            answer.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = "ETag, Retry-After"


def _is_local(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and is_loopback(parts.hostname or "")
    except ValueError:
        return False
