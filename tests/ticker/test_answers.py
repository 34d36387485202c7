"""What a request is told that is refused."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog.testing
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from ticker.answers import errors, json_answer, listing
from ticker.errors import RequestError


async def fine(_: web.Request) -> web.Response:
    return json_answer(b"[]")


async def broken(_: web.Request) -> web.Response:
    raise KeyError("a bug")


async def refused(_: web.Request) -> web.Response:
    raise RequestError(413, "too much")


@contextlib.asynccontextmanager
async def asked(path: str, method: str) -> AsyncIterator[ClientResponse]:
    """The answer to a request."""
    app = web.Application(middlewares=[errors])
    app.add_routes([web.get("/fine", fine), web.get("/broken", broken), web.get("/refused", refused)])
    async with TestClient(TestServer(app)) as client, client.request(method, path) as answer:
        yield answer


async def ask(path: str, method: str = "GET") -> tuple[int, Any]:
    """Status and parsed body."""
    async with asked(path, method) as answer:
        return answer.status, await answer.json()


async def test_a_list_may_go_on() -> None:
    assert listing([b"1", b'"x"']).body == b'{"messages":[1,"x"],"next":null}'
    assert listing([], "later").body == b'{"messages":[],"next":"later"}'


async def test_what_is_fine_goes_through() -> None:
    assert await ask("/fine") == (200, [])


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/nothing", "nothing at /nothing; GET / says what there is"),
        ("/v1/ticket", "/v1/ticket is not offered yet"),
        ("/refusedd", "nothing at /refusedd; did you mean /refused?"),
    ],
)
async def test_what_there_is_not(path: str, reason: str) -> None:
    status, body = await ask(path)
    assert (status, body["code"]) == (404, 404)
    assert reason in body["reason"]


async def test_a_wrong_method_is_told_the_right_one() -> None:
    assert await ask("/fine", "POST") == (405, {"code": 405, "reason": "POST is not for /fine; use GET, HEAD"})
    async with asked("/fine", "TRACE") as answer:
        assert answer.headers["Allow"] == "GET, HEAD"


async def test_a_refusal_has_its_code_as_the_status() -> None:
    assert await ask("/refused") == (413, {"code": 413, "reason": "too much"})


async def test_our_fault_is_logged_and_tells_nothing() -> None:
    with structlog.testing.capture_logs() as logged:
        assert await ask("/broken") == (500, {"code": 500, "reason": "our fault; it is in the log"})
    assert [(entry["log_level"], entry["path"]) for entry in logged] == [("error", "/broken")]
