"""The form of REST's answers: JSON, and every refusal with its code and reason."""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

import orjson
import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from ticker.directory import nearest
from ticker.errors import RequestError

LATER = ("/v1/ticket",)  # of the protocol

# Without a tag nobody can ask whether an answer is still good.
NOT_KEPT: Mapping[str, str] = {"Cache-Control": "no-store"}

log = structlog.get_logger("rest")


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every refusal in one form: {"code": …, "reason": …}."""
    try:
        return await handler(request)
    except RequestError as error:
        return _refusal(error.code, error.reason, error.retry_after_ms)
    except web.HTTPNotFound:
        return _refusal(404, _not_there(request))
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        reason = f"{request.method} is not for {request.path}; use {allowed}"
        return _refusal(405, reason, headers={hdrs.ALLOW: allowed})
    except web.HTTPException:
        raise
    except Exception:
        log.exception("a request failed", path=request.path)
        return _refusal(500, "our fault; it is in the log")


def json_answer(body: bytes, headers: Mapping[str, str] = NOT_KEPT) -> web.Response:
    """An answer that is JSON already."""
    return web.Response(body=body, content_type="application/json", headers=headers)


def listing(messages: Iterable[bytes], after: str | None = None, headers: Mapping[str, str] = NOT_KEPT) -> web.Response:
    """A list of what is JSON already; `after` is where the next page begins."""
    return json_answer(b'{"messages":[' + b",".join(messages) + b'],"next":' + orjson.dumps(after) + b"}", headers)


def _not_there(request: web.Request) -> str:
    if request.path.startswith(LATER):
        return f"{request.path} is not offered yet"
    guess = nearest(request.path, (resource.canonical for resource in request.app.router.resources()))
    return f"nothing at {request.path[:200]}; " + (f"did you mean {guess}?" if guess else "GET / says what there is")


def _refusal(
    code: int, reason: str, retry_after_ms: int | None = None, headers: Mapping[str, str] | None = None
) -> web.Response:
    body: dict[str, Any] = {"code": code, "reason": reason}
    if retry_after_ms is not None:
        body["retry_after_ms"] = retry_after_ms
        headers = {hdrs.RETRY_AFTER: str(ceil(retry_after_ms / 1000))}
    return web.json_response(body, status=code, headers=headers)
