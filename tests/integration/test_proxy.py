"""The service behind nginx, configured as docs/operating.md says."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.authority import Authority
from tests.integration.client import Client
from tests.integration.service import Service, free_port, serving, table
from tests.requires import ROOT, program
from tests.waiting import DEADLINE_S, eventually

GUIDE = (ROOT / "docs" / "operating.md").read_text()
STREAMS = 30  # six are all that a browser opens by HTTP/1.1
IDLE = table("[[feeds]]", name="idle", adapter="simulated", symbols=["A"], quiet=["A"], quiet_every_s=3600)
LIVELY = table("[[feeds]]", name="sim", adapter="simulated", symbols=3, rate=30)
SSE = "/v1/sse?channel=quotes&symbols=*"


@dataclass(frozen=True)
class Proxied:
    """A service with nginx in front."""

    service: Service
    port: int
    authority: Authority

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return f"https://127.0.0.1:{self.port}"

    @contextlib.asynccontextmanager
    async def browser(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client that speaks HTTP/2, on one connection and no more."""
        one, trusting = httpx.Limits(max_connections=1), self.authority.trusting()
        async with httpx.AsyncClient(
            http2=True, verify=trusting, limits=one, trust_env=False, base_url=self.url, timeout=DEADLINE_S
        ) as client:
            yield client

    @contextlib.asynccontextmanager
    async def websocket(self) -> AsyncIterator[Client]:
        """A client that has been welcomed."""
        url = self.url.replace("https", "wss") + "/v1/ws"
        async with connect(url, ssl=self.authority.trusting(), proxy=None, compression=None, close_timeout=1) as socket:
            client = Client(socket)
            await client.expect("welcome")
            yield client


@contextlib.asynccontextmanager
async def proxied(directory: Path, *stanzas: str, timeout_s: int = 60) -> AsyncIterator[Proxied]:
    nginx = program("nginx", "nginx-light")
    authority, port = Authority(directory), free_port()
    pair = authority.pair("proxy")
    (example,) = re.findall(r"^```nginx\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    async with serving(directory, *stanzas) as service:
        for documented, here in (
            ("listen 443", f"listen 127.0.0.1:{port}"),
            ("127.0.0.1:8080", f"127.0.0.1:{service.port}"),
            ("/etc/nginx/tls/prices.crt", str(pair.certificate)),
            ("/etc/nginx/tls/prices.key", str(pair.key)),
            ("60s", f"{timeout_s}s"),
        ):
            assert documented in example
            example = example.replace(documented, here)
        paths = "".join(
            f"{what}_temp_path {directory}/{what};\n" for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        main = f"daemon off; master_process off; pid {directory}/nginx.pid; error_log stderr;\n"
        config = directory / "nginx.conf"
        config.write_text(f"{main}events {{}}\nhttp {{\naccess_log off;\n{paths}\n{example}}}\n")
        with (directory / "nginx.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                nginx, "-e", "stderr", "-p", directory, "-c", config, stderr=log
            )
        try:
            await eventually(lambda: listens(port), f"nginx to listen; {directory}/nginx.log says why not")
            yield Proxied(service, port, authority)
        finally:
            process.terminate()
            await process.wait()


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def events(answer: httpx.Response, *kinds: str) -> list[str]:
    """The data of the events up to one of each kind, in this order."""
    wanted, found = list(kinds), []
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            found.append(line.removeprefix("data: "))
            if json.loads(found[-1])["type"] == wanted[0]:
                wanted.pop(0)
                if not wanted:
                    return found
    raise AssertionError(f"the stream ended before {wanted}")


async def test_a_websocket_passes(tmp_path: Path) -> None:
    async with proxied(tmp_path, LIVELY) as proxy, proxy.websocket() as client:
        await client.subscribe("quotes", "*")
        await client.more("quote", "sim:SYM1")
        assert (await client.request("ping"))["type"] == "pong"


async def test_many_streams_and_requests_share_one_connection(tmp_path: Path) -> None:
    async with proxied(tmp_path, LIVELY) as proxy, proxy.browser() as browser, contextlib.AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(browser.stream("GET", SSE)) for _ in range(STREAMS)]
        for answer in streams:
            assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
        async with asyncio.timeout(DEADLINE_S):
            await asyncio.gather(*(events(answer, "welcome", "synced", "quote") for answer in streams))
        assert await proxy.service.metric("ticker_clients", transport="sse") == STREAMS
        answers = await asyncio.gather(*(browser.get("/v1/snapshot?channel=quotes&symbols=*") for _ in range(20)))
        assert {(answer.status_code, answer.http_version) for answer in answers} == {(200, "HTTP/2")}


async def test_events_are_not_kept_back(tmp_path: Path) -> None:
    async with (
        proxied(tmp_path, IDLE) as proxy,
        proxy.browser() as browser,
        browser.stream("GET", SSE) as answer,
        asyncio.timeout(DEADLINE_S),
    ):
        found = await events(answer, "synced")  # some hundred bytes, and nothing follows for a while
        assert sum(map(len, found)) < 4_096


async def test_a_long_poll_is_answered_when_something_changes(tmp_path: Path) -> None:
    async with proxied(tmp_path, LIVELY) as proxy, proxy.browser() as browser:
        path = "/v1/snapshot?channel=quotes&symbols=sim:SYM0"
        tag = (await browser.get(path)).headers["ETag"]
        assert (await browser.get(f"{path}&wait=20", headers={"If-None-Match": tag})).status_code == 200


@pytest.mark.parametrize("kind", ["websocket", "sse"])
async def test_heartbeats_keep_a_quiet_connection(tmp_path: Path, kind: str) -> None:
    heart = table("[fanout]", heartbeat_s=0.4)
    async with proxied(tmp_path, heart, IDLE, timeout_s=1) as proxy, asyncio.timeout(DEADLINE_S):
        if kind == "websocket":
            async with proxy.websocket() as client:
                await client.more("heartbeat", None, 6)
        else:
            async with proxy.browser() as browser, browser.stream("GET", SSE) as answer:
                await events(answer, *["heartbeat"] * 6)


async def test_who_leaves_is_gone_at_once(tmp_path: Path) -> None:
    async with proxied(tmp_path, LIVELY) as proxy:
        async with proxy.browser() as browser, browser.stream("GET", SSE) as answer, proxy.websocket():
            await events(answer, "synced")
            assert await proxy.service.metric("ticker_clients") == 2

        async def gone() -> bool:
            return await proxy.service.metric("ticker_clients") == 0

        await eventually(gone, "nobody to be connected")


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
async def test_what_is_for_operators_is_not_for_the_public(tmp_path: Path, path: str) -> None:
    async with proxied(tmp_path, IDLE) as proxy, proxy.browser() as browser:
        assert (await browser.get(path)).status_code == 404
        assert (await browser.get("/v1/symbols")).status_code == 200
