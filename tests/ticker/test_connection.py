"""Where frames leave: straight to the socket while it takes them, else by the transport, never both at once."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web

from tests.ticker.driving import OPEN_FILES, driven, open_files, raw_client
from tests.waiting import eventually
from ticker.connection import Connection


class FakeTransport:
    """A transport that holds back what it is given."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.held = b""
        self.closing = False

    def get_extra_info(self, name: str) -> socket.socket:
        assert name == "socket"
        return self.end

    def get_write_buffer_size(self) -> int:
        return len(self.held)

    def write(self, data: bytes) -> None:
        self.held += data

    def is_closing(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.closing = True


class Rig:
    """A connection between a fake transport and a real pair of sockets."""

    def __init__(self, *, secure: bool = False) -> None:
        end, self.peer = socket.socketpair()
        end.setblocking(False)
        self.peer.setblocking(False)
        self.transport = FakeTransport(end)
        self.protocol = SimpleNamespace(writing_paused=False)
        request = SimpleNamespace(transport=self.transport, protocol=self.protocol, secure=secure)
        self.connection = Connection(cast(web.Request, request))

    def fill(self) -> int:
        """Write until the socket is full; how many bytes it took."""
        written = 0
        while not self.transport.held:
            self.connection.write(b"x" * 4096)
            written += 4096
        return written - len(self.transport.held)

    def taken(self) -> bytes:
        """What the peer has got so far."""
        got = b""
        try:
            while data := self.peer.recv(65_536):
                got += data
        except BlockingIOError:
            pass
        return got

    def end(self) -> None:
        self.connection.close()
        self.transport.end.close()
        self.peer.close()


@pytest.fixture(params=[{}], ids=["plain"])
def rig(request: Any) -> Iterator[Rig]:
    rig = Rig(**request.param)
    yield rig
    rig.end()


def test_goes_straight_to_the_socket(rig: Rig) -> None:
    assert rig.connection.write(b"one")
    assert rig.connection.write(b"two")
    assert rig.taken() == b"onetwo"
    assert rig.transport.held == b""


def test_what_the_socket_does_not_take_is_the_transport_s_until_it_is_empty(rig: Rig) -> None:
    sent = rig.fill()
    assert len(rig.taken()) == sent
    held = len(rig.transport.held)
    assert rig.connection.write(b"behind it")
    assert rig.transport.held[held:] == b"behind it"
    assert rig.taken() == b""

    rig.transport.held = b""  # it has sent everything
    rig.connection.write(b"by the transport, once more")
    rig.transport.held = b""
    assert rig.connection.write(b"straight again") is True


def test_says_when_the_transport_is_paused(rig: Rig) -> None:
    rig.fill()
    rig.protocol.writing_paused = True
    assert not rig.connection.write(b"more")


@pytest.mark.parametrize("rig", [{"secure": True}], indirect=True, ids=["TLS"])
def test_under_tls_everything_is_the_transport_s(rig: Rig) -> None:
    rig.connection.write(b"secret")
    assert rig.transport.held == b"secret"
    assert rig.taken() == b""


def test_nothing_follows_the_close(rig: Rig) -> None:
    rig.connection.close()
    assert rig.connection.closed
    assert rig.connection.write(b"too late")
    assert (rig.taken(), rig.transport.held) == (b"", b"")


def test_a_peer_that_is_gone_is_left_to_the_transport(rig: Rig) -> None:
    rig.peer.close()
    rig.connection.write(b"nobody")
    assert rig.transport.held == b"nobody"


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="counts the files in /proc")
async def test_no_file_stays_open() -> None:
    async with driven() as server:
        before = open_files()
        for _ in range(5):
            async with raw_client(server) as client:
                await client.message(type="welcome")

        async def so() -> bool:
            return open_files() <= before

        await eventually(so, "the files to be closed")
