"""Compressing answers for those who take that."""

from collections.abc import Awaitable, Sequence

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

WORTH_IT_BYTES = 1024  # below it one packet holds the answer anyway
COMPRESSED = ("application/json", "application/yaml", "text/html")


@web.middleware
def compressed(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
    """Compress what is worth it. Longer than 4 KiB is done by aiohttp in a thread, beside the loop."""
    # A WebSocket's handler lasts as long as its client stays: nothing of ours is to last with it.
    return handler(request) if request.path == "/v1/ws" else _compressed(request, handler)


async def _compressed(request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    if not isinstance(answer, web.Response) or answer.content_type not in COMPRESSED:
        return answer
    answer.headers.add(hdrs.VARY, hdrs.ACCEPT_ENCODING)
    coding = accepted(request.headers.getall(hdrs.ACCEPT_ENCODING, ()))
    if coding is not None and isinstance(answer.body, bytes) and len(answer.body) > WORTH_IT_BYTES:
        answer.enable_compression(coding)
    return answer


def accepted(accept_encoding: Sequence[str]) -> web.ContentCoding | None:
    """The coding to use, from the header's lines (RFC 9110, section 12.5.3); None: as it is."""
    for coding in (web.ContentCoding.gzip, web.ContentCoding.deflate):
        if _accepts(",".join(accept_encoding).lower(), coding.value):
            return coding
    return None


def _accepts(line: str, coding: str) -> bool:
    named: dict[str, bool] = {}
    for part in line.split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        named[name] = not any(p.startswith("q=") and not p[2:].strip("0.") for p in parameters)
    return named.get(coding, named.get("*", False))
