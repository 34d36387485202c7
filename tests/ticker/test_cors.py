"""Whose pages may read."""

from collections.abc import Mapping

import pytest
import structlog.testing
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from ticker.cors import TOLD_MOST, Cors

PAGE = "https://dashboard.example"
ASK = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "if-none-match"}


async def stream(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    return answer


async def ok(_: web.Request) -> web.Response:
    return web.Response(headers={"Vary": "Accept-Encoding"})


async def ask(
    cors: Cors, path: str, origin: str | None, method: str = "GET", headers: Mapping[str, str] | None = None
) -> ClientResponse:
    app = web.Application(middlewares=[cors.preflight])
    app.on_response_prepare.append(cors.annotate)
    app.add_routes([web.get("/v1/status", ok), web.get("/v1/sse", stream), web.get("/metrics", ok)])
    async with TestClient(TestServer(app)) as client:
        given = dict(headers or {}) | ({"Origin": origin} if origin else {})
        return await client.request(method, path, headers=given)


@pytest.mark.parametrize("path", ["/v1/status", "/v1/sse", "/v1/nothing", "/ticker-client.js", "/assets/1f/main.js"])
async def test_a_page_that_is_let_in_may_read_whatever_the_answer(path: str) -> None:
    answer = await ask(Cors([PAGE], loopback=False), path, PAGE)
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    assert "Origin" in answer.headers.getall("Vary")


@pytest.mark.parametrize("origin", [None, "https://other.example", f"{PAGE}.evil.example", f"{PAGE}:8443", "null"])
async def test_no_other_may(origin: str | None) -> None:
    answer = await ask(Cors([PAGE], loopback=False), "/v1/status", origin)
    assert answer.status == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert ",".join(answer.headers.getall("Vary")) == "Accept-Encoding,Origin"


async def test_operating_is_not_for_pages() -> None:
    answer = await ask(Cors([PAGE], loopback=False), "/metrics", PAGE)
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_preflight_says_what_may_be_asked() -> None:
    answer = await ask(Cors([PAGE], loopback=False), "/v1/snapshot", PAGE, "OPTIONS", ASK)
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "If-None-Match" in answer.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD"


async def test_a_preflight_of_another_page_says_nothing() -> None:
    answer = await ask(Cors([PAGE], loopback=False), "/v1/snapshot", "https://other.example", "OPTIONS", ASK)
    assert (answer.status, [name for name in answer.headers if name.startswith("Access-Control")]) == (204, [])


async def test_what_is_no_preflight_is_a_wrong_method() -> None:
    assert (await ask(Cors([PAGE], loopback=False), "/v1/status", PAGE, "OPTIONS")).status == 405


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "http://127.0.0.1:8080", "https://[::1]:8443", "http://app.localhost"]
)
def test_pages_of_this_machine_may_where_only_it_is_served(origin: str) -> None:
    assert Cors([], loopback=True).allows(origin)
    assert not Cors([], loopback=False).allows(origin)


@pytest.mark.parametrize(
    "origin", ["http://localhost.example", "null", "file://", "http://[::1", "ftp://localhost", ""]
)
def test_others_may_not_for_that(origin: str) -> None:
    assert not Cors([], loopback=True).allows(origin)


def test_the_log_says_once_what_would_let_a_page_in() -> None:
    cors = Cors([], loopback=False)
    with structlog.testing.capture_logs() as logged:
        for number in [0, 0, *range(2 * TOLD_MOST)]:
            cors.allows(f"https://page{number}.example")
    assert len(logged) == TOLD_MOST
    assert "[server] origins" in logged[0]["event"]
    assert logged[0]["origin"] == "https://page0.example"


def test_who_may_read_may_show_the_page_in_a_frame() -> None:
    assert Cors([PAGE], loopback=False).framed_by == [PAGE]
    assert Cors([], loopback=False).framed_by == []
    assert "http://localhost:*" in Cors([], loopback=True).framed_by
