"""Clients that are gone, or as good as gone, are found and freed in time; over TLS, too.

The times are short here. By default a client that is cut off is found after 30 s without its pong, or 40 s without its
kernel's word, one that does not read after 30 s, and all are gone within 60 s.
"""

import asyncio
import contextlib
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

import pytest

from tests.authority import Authority
from tests.deafness import go_deaf
from tests.integration.client import Client, connected
from tests.integration.relay import Relay
from tests.integration.service import Service, serving, table
from tests.requires import ROOT
from tests.waiting import eventually

LIMITS = (
    table("[fanout]", heartbeat_s=0.5, ping_s=1, pong_timeout_s=1, write_deadline_s=4),
    table("[limits]", request_head_s=1.5, symbols_per_client=2000),
)
QUIET = table("[[feeds]]", name="sim", adapter="simulated", symbols=["BTC-USDT"], rate=2)
BUSY = table("[[feeds]]", name="sim", adapter="simulated", symbols=2000, rate=20_000)
STREAM = b"GET /v1/sse?channel=quotes&symbols=* HTTP/1.1\r\nHost: localhost\r\n\r\n"
SNAPSHOT = b"GET /v1/snapshot?channel=ticker&channel=quotes&channel=stats&symbols=* HTTP/1.1\r\nHost: localhost\r\n\r\n"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(params=["plain", "tls"])
def secure(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[ssl.SSLContext | None, list[str]]:
    """What a client needs, and what the service does."""
    if request.param == "plain":
        return None, []
    authority = Authority(tmp_path)
    pair = authority.pair("service")
    tls = table("[tls]", certificate=str(pair.certificate), key=str(pair.key), handshake_s=1)
    return authority.trusting(), [tls]


Secure = tuple[ssl.SSLContext | None, list[str]]


@contextlib.asynccontextmanager
async def asked(service: Service, request: bytes) -> AsyncIterator[Streams]:
    """A connection on which something was asked, and nothing is read unless the test does."""
    streams = await asyncio.open_connection("127.0.0.1", service.port, ssl=service.secure, limit=4096)
    try:
        streams[1].write(request)
        yield streams
    finally:
        streams[1].transport.abort()


async def freed(service: Service, code: str | None = None, most: float = 0) -> None:
    """Returns once the client has gone, with this code, and its socket with it."""
    if code is not None:
        await service.metric_reaches(1, "ticker_client_closes_total", code=code)

    async def so() -> bool:
        return await service.metric("process_open_fds") <= most

    await eventually(so, f"at most {most} open files")


async def files(service: Service) -> float:
    """Those open while nobody is connected but who asks."""
    return await service.metric("process_open_fds")


async def test_a_socket_whose_peer_is_gone(tmp_path: Path, secure: Secure) -> None:
    client_needs, tls = secure
    async with serving(tmp_path, *LIMITS, *tls, QUIET, secure=client_needs) as service:
        before = await files(service)
        async with connected(service) as client:
            await client.subscribe("quotes", "*")
            go_deaf(client.socket.transport.get_extra_info("socket"))
            await freed(service, "4009", before)
            client.socket.transport.abort()


async def test_a_stream_whose_peer_is_gone(tmp_path: Path, secure: Secure) -> None:
    client_needs, tls = secure
    async with serving(tmp_path, *LIMITS, *tls, QUIET, secure=client_needs) as service:
        before = await files(service)
        async with asked(service, STREAM) as (reader, writer):
            await reader.readuntil(b"synced")
            go_deaf(writer.get_extra_info("socket"))
            await freed(service, "1006", before)


@pytest.mark.parametrize("request_line", [STREAM, SNAPSHOT], ids=["stream", "answer"])
async def test_one_that_never_reads_its_answer(tmp_path: Path, secure: Secure, request_line: bytes) -> None:
    client_needs, tls = secure
    async with serving(tmp_path, *LIMITS, *tls, BUSY, secure=client_needs) as service:
        before = await files(service)
        async with asked(service, request_line * (1 if request_line is STREAM else 20)) as (reader, _):
            await reader.readuntil(b"\r\n\r\n")
            await freed(service, "4008" if request_line is STREAM else None, before)


async def test_a_socket_that_never_reads(tmp_path: Path, secure: Secure) -> None:
    client_needs, tls = secure
    async with serving(tmp_path, *LIMITS, *tls, BUSY, secure=client_needs) as service:
        before = await files(service)
        async with connected(service, max_queue=1) as client:
            await client.request("subscribe", channel="quotes", symbols=["*"])
            await freed(service, "4008", before)
            client.socket.transport.abort()


async def test_a_network_that_swallows_everything(tmp_path: Path) -> None:
    async with serving(tmp_path, *LIMITS, QUIET) as service, Relay(service.port) as relay:
        before = await files(service)
        async with connected_by(relay, service) as client:
            await client.subscribe("quotes", "*")
            relay.stall()
            await freed(service, "4009", before)
            relay.cut()


async def test_a_process_that_is_stopped(tmp_path: Path) -> None:
    async with serving(tmp_path, *LIMITS, QUIET) as service:
        before = await files(service)
        watching = [sys.executable, *("-m", "ticker", "watch", "sim:*", "--url", service.websocket)]
        client = await asyncio.create_subprocess_exec(
            *watching, cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            await service.metric_reaches(1, "ticker_subscriptions")
            client.send_signal(SIGSTOP)
            await freed(service, "4009", before)
        finally:
            client.send_signal(SIGCONT)
            client.send_signal(SIGKILL)
            await client.wait()


async def test_handshakes_and_heads_that_never_end(tmp_path: Path, secure: Secure) -> None:
    client_needs, tls = secure
    async with serving(tmp_path, *LIMITS, *tls, QUIET, secure=client_needs) as service:
        before = await files(service)
        _, silent = await asyncio.open_connection("127.0.0.1", service.port)
        _, slow = await asyncio.open_connection("127.0.0.1", service.port, ssl=client_needs)
        slow.write(b"GET /v1/ws HTTP/1.1\r\nHost:")
        await freed(service, most=before)
        for writer in (silent, slow):
            writer.transport.abort()


@contextlib.asynccontextmanager
async def connected_by(relay: Relay, service: Service) -> AsyncIterator[Client]:
    """A client behind the relay."""
    port, service.port = service.port, relay.port
    try:
        async with connected(service) as client:
            service.port = port
            yield client
    finally:
        service.port = port
