"""The descriptions over HTTP."""

import json

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from ticker import docs
from ticker.answers import errors
from ticker.descriptions.documents import NAMES, document
from ticker.descriptions.page import page, policy

Headers = dict[str, str]


async def ask(path: str) -> tuple[int, Headers, bytes]:
    app = web.Application(middlewares=[errors])
    app.add_routes(docs.routes())
    async with TestClient(TestServer(app)) as client, client.get(path, allow_redirects=False) as answer:
        return answer.status, dict(answer.headers), await answer.read()


async def test_the_page_may_do_nothing_but_look_good() -> None:
    status, headers, body = await ask("/docs/")
    assert (status, body) == (200, page())
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Security-Policy"] == policy()


async def test_without_the_slash_it_says_where_behind_whatever_proxy() -> None:
    status, headers, _ = await ask("/docs")
    assert (status, headers["Location"]) == (308, "docs/")


@pytest.mark.parametrize(("suffix", "media"), [("json", "application/json"), ("yaml", "application/yaml")])
async def test_programs_get_the_descriptions(suffix: str, media: str) -> None:
    for name in NAMES:
        status, headers, body = await ask(f"/docs/{name}.{suffix}")
        assert (status, headers["Content-Type"]) == (200, media)
        assert json.loads(body) == document(name)


async def test_there_is_nothing_else() -> None:
    for path in ("/docs/openapi", "/docs/schemas.json", "/docs/page.css", "/docs/.json"):
        status, _, body = await ask(path)
        assert (status, json.loads(body)["code"]) == (404, 404)
