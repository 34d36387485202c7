"""Which answers are compressed, and for whom."""

import asyncio
import gzip
import zlib

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from ticker.compression import WORTH_IT_BYTES, accepted, compressed
from ticker.cors import Cors

BODY = b'{"messages":[' + b"0," * WORTH_IT_BYTES + b"0]}"


async def long(_: web.Request) -> web.Response:
    return web.Response(body=BODY, content_type="application/json")


async def short(_: web.Request) -> web.Response:
    return web.Response(body=BODY[:WORTH_IT_BYTES], content_type="application/json")


async def page(_: web.Request) -> web.Response:
    return web.Response(body=BODY, content_type="text/html")


async def text(_: web.Request) -> web.Response:
    return web.Response(body=BODY, content_type="text/plain")


async def ask(path: str, accept: str) -> tuple[str | None, str | None, bytes]:
    """The coding, what the answer varies with, and its bytes as they came."""
    app = web.Application(middlewares=[compressed])
    app.add_routes([web.get("/long", long), web.get("/short", short), web.get("/text", text), web.get("/page", page)])
    async with TestClient(TestServer(app), auto_decompress=False) as client:
        answer = await client.get(path, headers={"Accept-Encoding": accept})
        return answer.headers.get("Content-Encoding"), answer.headers.get("Vary"), await answer.read()


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip, deflate, br, zstd", "gzip"),
        ("deflate", "deflate"),
        ("GZIP;q=0.5", "gzip"),
        ("gzip;q=0, deflate", "deflate"),
        ("gzip; q=0.000, *", "deflate"),
        ("*", "gzip"),
        ("*;q=0", None),
        ("br, identity", None),
        ("", None),
    ],
)
def test_what_is_accepted(accept: str, coding: str | None) -> None:
    found = accepted(accept.split("|"))
    assert (found.value if found else None) == coding


async def test_long_json_is_compressed_for_those_who_take_it() -> None:
    coding, vary, body = await ask("/long", "gzip")
    assert (coding, vary, gzip.decompress(body)) == ("gzip", "Accept-Encoding", BODY)
    coding, _, body = await ask("/long", "deflate")
    assert (coding, zlib.decompress(body)) == ("deflate", BODY)
    assert await ask("/long", "identity") == (None, "Accept-Encoding", BODY)


async def test_so_is_a_long_page() -> None:
    coding, _, body = await ask("/page", "gzip")
    assert (coding, gzip.decompress(body)) == ("gzip", BODY)


async def test_nothing_else_is() -> None:
    assert await ask("/short", "gzip") == (None, "Accept-Encoding", BODY[:WORTH_IT_BYTES])
    assert await ask("/text", "gzip") == (None, None, BODY)


async def test_a_websocket_has_nothing_of_ours_around_it() -> None:
    passed: asyncio.Future[web.StreamResponse] = asyncio.get_running_loop().create_future()
    assert compressed(make_mocked_request("GET", "/v1/ws"), lambda _: passed) is passed
    plain = Cors([], loopback=True).preflight
    assert plain(make_mocked_request("GET", "/v1/ws"), lambda _: passed) is passed
