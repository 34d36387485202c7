"""The clients' protocols, with a transport that only remembers."""

import asyncio
from typing import Any

import pytest

from ticker.bench.clients import Opening, Reader, Subscribing
from ticker.bench.counting import MARKER, Tally
from ticker.bench.errors import BenchError
from ticker.bench.handshake import PONG
from ticker.frames import PING

SYNCED = b'{"type":"synced","id":null,"channel":"quotes","symbols":3}'
ERROR = b'{"type":"error","id":null,"code":413,"reason":"2001 symbols; the limit is 2000"}'


class Wire(asyncio.Transport):
    """Remembers what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[Any] = []

    def write(self, data: Any) -> None:
        self.written.append(data)


class Scene:
    """A reader, what it wrote, what it counted, and whether its connection ended."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.tally = Tally(lambda: 0, lambda: 0.0)
        self.lost = 0
        self.reader = Reader(self.wire, self.tally, self._lose)

    def _lose(self) -> None:
        self.lost += 1


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_a_handshake_is_sent_and_its_answer_awaited() -> None:
    opening, wire = Opening(b"GET"), Wire()
    opening.connection_made(wire)
    assert wire.written == [b"GET"]
    opening.data_received(b"HTTP/1.1 101 Switching\r\nA: b\r\n\r")
    assert not opening.answered.done()
    opening.data_received(b'\n\x81\x02{"')
    opening.data_received(b"more")
    assert opening.answered.result() is None


async def test_a_refused_handshake_says_why() -> None:
    opening = Opening(b"")
    opening.data_received(b"HTTP/1.1 403 Forbidden\r\n\r\n")
    opening.connection_lost(None)
    assert opening.answered.result() == "HTTP/1.1 403 Forbidden"


async def test_an_answer_without_an_end_is_none() -> None:
    opening = Opening(b"")
    opening.data_received(b"x" * 10_000)
    assert opening.answered.result() is not None


async def test_a_handshake_can_be_cut() -> None:
    opening = Opening(b"")
    opening.connection_lost(None)
    assert opening.answered.result() == "the connection was closed"


@pytest.mark.parametrize("pieces", [[PING], [b"x" + PING + b"y"], [b"x" * 20 + PING[:1], PING[1:] + b"y"]])
def test_a_ping_is_answered_once(scene: Scene, pieces: list[bytes]) -> None:
    for piece in [*pieces, b"z"]:
        scene.reader.data_received(piece)
    assert scene.wire.written == [PONG]


def test_a_reader_counts_and_says_when_it_ends(scene: Scene) -> None:
    for place in range(len(MARKER)):
        scene.reader.data_received(MARKER[place : place + 1])
    scene.reader.connection_lost(None)
    assert (scene.tally.updates, scene.lost) == (1, 1)


async def test_it_is_synced_when_every_request_is_answered_wherever_the_stream_is_cut(scene: Scene) -> None:
    stream = b'{"type":"ack"}' + SYNCED + b"x" * 2_000 + SYNCED
    for cut in range(0, stream.rfind(SYNCED), 7):
        subscribing = Subscribing(scene.reader, 2)
        subscribing.data_received(stream[:cut])
        assert not subscribing.synced.done()
        subscribing.data_received(stream[cut:])
        assert subscribing.synced.done(), cut
        subscribing.connection_lost(None)  # is no error then


async def test_while_it_subscribes_it_counts_and_answers(scene: Scene) -> None:
    Subscribing(scene.reader, 1).data_received(MARKER + PING)
    assert (scene.tally.updates, scene.wire.written) == (1, [PONG])


async def test_a_refused_subscription_says_why(scene: Scene) -> None:
    subscribing = Subscribing(scene.reader, 2)
    for piece in (ERROR[:30], ERROR[30:] + SYNCED):
        subscribing.data_received(piece)
    with pytest.raises(BenchError, match="refused a subscription: 2001 symbols; the limit is 2000"):
        subscribing.synced.result()


async def test_a_connection_that_ends_while_subscribing_is_told(scene: Scene) -> None:
    subscribing = Subscribing(scene.reader, 1)
    subscribing.connection_lost(None)
    assert scene.lost == 1
    with pytest.raises(BenchError, match="closed a connection before the measurement began"):
        subscribing.synced.result()
