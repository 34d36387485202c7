"""Clients that break the WebSocket protocol (RFC 6455), or cut their frames in odd places, on the real service.

Each is told what is wrong by the close code and costs nothing afterwards: no client, no open file, no memory, no line
in the log.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from random import Random

import pytest

from tests.bench.processes import open_files, resident_bytes
from tests.bench.verdict import FILES_MORE, MEBIBYTE, NOTHING_LEFT, unexpected
from tests.integration.service import Service, running, table
from tests.requires import processes
from tests.ticker.driving import BINARY, CLOSE, MASK, PING, PONG, TEXT, RawClient, raw_client
from tests.waiting import eventually

CONTINUATION = 0
PLAIN = (table("[logging]", format="json"), table("[limits]", clients=1_000))  # fewer than files may be open
LARGEST = 65_536  # bytes of a message that is taken
REQUEST = b'{"op":"ping","id":1}'
UMLAUTS = '{"op":"ping","id":"äöü€"}'.encode()


def frame(opcode: int, payload: bytes = b"", *, final: bool = True, reserved: int = 0, mask: bytes = MASK) -> bytes:
    """A frame; `reserved` are the three bits beside the opcode. Without a mask it is what only a server may send."""
    size = len(payload)
    length = (
        bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2) if size < 65_536 else b"\x7f" + size.to_bytes(8)
    )
    head = bytes([final << 7 | reserved << 4 | opcode, length[0] | bool(mask) << 7]) + length[1:]
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)) if mask else payload
    return head + mask + masked


def parts(opcode: int, *payloads: bytes) -> list[bytes]:
    """A message in as many frames."""
    last = len(payloads) - 1
    return [frame(CONTINUATION if at else opcode, p, final=at == last) for at, p in enumerate(payloads)]


def joined(opcode: int, *payloads: bytes) -> bytes:
    return b"".join(parts(opcode, *payloads))


BAD = {
    "binary": (frame(BINARY, REQUEST), 1003),
    "binary in parts": (joined(BINARY, REQUEST, b""), 1003),
    "not UTF-8": (frame(TEXT, b'{"op":"\xff"}'), 1007),
    "not UTF-8 in parts": (joined(TEXT, b'{"op":"\xc3', b'\x28"}'), 1007),
    "half a character": (frame(TEXT, "€".encode()[:2]), 1007),
    "surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "overlong encoding": (frame(TEXT, b"\xc0\xaf"), 1007),
    "too big": (frame(TEXT, bytes(LARGEST + 1)), 1009),
    "too big in parts": (joined(TEXT, *[bytes(LARGEST // 4)] * 4, b" "), 1009),
    "as big as can be said": (b"\x81\xff" + (2**63 - 1).to_bytes(8) + MASK, 1009),
    "bigger than can be said": (b"\x81\xff" + (2**63).to_bytes(8) + MASK, 1009),
    **{f"reserved bits {bits:03b}": (frame(TEXT, REQUEST, reserved=bits), 1002) for bits in range(1, 8)},
    "reserved bit of a ping": (frame(PING, reserved=4), 1002),
    **{f"opcode {opcode}": (frame(opcode, b"?"), 1002) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "ping too long": (frame(PING, bytes(126)), 1002),
    "pong too long": (frame(PONG, bytes(126)), 1002),
    "close too long": (frame(CLOSE, (1000).to_bytes(2) + bytes(124)), 1002),
    "ping in parts": (frame(PING, b"?", final=False), 1002),
    "close in parts": (frame(CLOSE, (1000).to_bytes(2), final=False), 1002),
    "goes on with nothing": (frame(CONTINUATION, REQUEST), 1002),
    "begins twice": (frame(TEXT, b"{", final=False) + frame(TEXT, b"}"), 1002),
    "close with half a code": (frame(CLOSE, b"\x03"), 1002),
    **{f"close with {code}": (frame(CLOSE, code.to_bytes(2)), 1002) for code in (0, 999, 1004, 1005, 1015, 2999)},
    "close with a reason that is not UTF-8": (frame(CLOSE, (1000).to_bytes(2) + b"\xff"), 1007),
}
GOOD_ENDS = {
    "nothing said": b"",
    **{str(code): code.to_bytes(2) for code in (1000, 1001, 1011, 3000, 3999, 4000, 4999)},
    "a reason": (1000).to_bytes(2) + "Grüße".encode(),
    "the longest reason": (1000).to_bytes(2) + b"." * 123,
}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with one symbol, which in the end has nothing to complain about in its log."""
    quiet = table("[[feeds]]", name="sim", adapter="simulated", symbols=1, rate=1)
    with running(tmp_path_factory.mktemp("bad"), quiet, *PLAIN) as service:
        service.wait_until_ready()
        yield service
        assert list(unexpected(service.log)) == []


async def told(service: Service, sent: bytes) -> int:
    """The close code with which what was sent is answered; then the connection ends."""
    async with raw_client(service) as client:
        await client.message(type="welcome")
        await client.send_raw(sent)
        await client.until(lambda: client.frames[-1][0] == CLOSE or None, "a close frame")
        with contextlib.suppress(ConnectionError):  # it may be gone by then
            await client.send(b"", CLOSE)
        await client.end()
        opcode, payload = client.frames[-1]
        assert opcode == CLOSE
        return int.from_bytes(payload[:2])


async def nothing_left(service: Service) -> None:
    """Once the service has nothing of any client any more."""

    async def so() -> bool:
        return not any([await service.metric(name) for name in NOTHING_LEFT])

    await eventually(so, "everybody to be gone")


async def turned(client: RawClient, number: int) -> None:
    """Once the service has read what others sent before: it has answered this one."""
    await client.ask(op="ping", id=f"turn {number}")
    await client.message(type="pong", id=f"turn {number}")


@pytest.mark.parametrize(("sent", "code"), BAD.values(), ids=BAD)
async def test_what_breaks_the_protocol_ends_the_connection_with_its_code(
    endpoint: Service, sent: bytes, code: int
) -> None:
    assert await told(endpoint, sent) == code


@pytest.mark.parametrize("said", GOOD_ENDS.values(), ids=GOOD_ENDS)
async def test_a_goodbye_is_answered_and_what_follows_it_is_not(endpoint: Service, said: bytes) -> None:
    async with raw_client(endpoint) as client:
        await client.message(type="welcome")
        await client.send_raw(frame(CLOSE, said) + frame(TEXT, REQUEST))
        await client.end()
        assert client.frames[1:] == [(CLOSE, (1000).to_bytes(2))]


async def test_a_frame_may_be_cut_at_every_byte(endpoint: Service) -> None:
    whole = frame(TEXT, UMLAUTS)
    async with raw_client(endpoint) as client, raw_client(endpoint) as other:
        for cut in range(1, len(whole)):
            await client.send_raw(whole[:cut])
            await turned(other, cut)
            await client.send_raw(whole[cut:])
            await client.until(lambda: len(client.messages) > cut or None, "a pong")  # noqa: B023
        assert [m["type"] for m in client.messages] == ["welcome", *["pong"] * (len(whole) - 1)]


@pytest.mark.parametrize("how", ["cut", "leave"])
async def test_a_client_may_go_at_every_byte_of_a_frame(endpoint: Service, how: str) -> None:
    whole = frame(TEXT, b"{", final=False) + frame(PING, b"?") + frame(CONTINUATION, REQUEST[1:])
    for cut in range(len(whole)):
        async with raw_client(endpoint) as client:
            await client.message(type="welcome")
            await client.send_raw(whole[:cut])
            client.cut() if how == "cut" else client.leave()
    await nothing_left(endpoint)


async def test_a_message_may_come_in_any_parts_with_pings_between(endpoint: Service) -> None:
    random = Random(7)
    async with raw_client(endpoint) as client:
        await client.message(type="welcome")
        for number in range(50):
            cuts = sorted(random.choices(range(len(UMLAUTS) + 1), k=random.randrange(6)))
            pieces = [UMLAUTS[a:b] for a, b in zip([0, *cuts], [*cuts, len(UMLAUTS)], strict=True)]
            pings = [f"{number}.{at}".encode() for at in range(len(pieces))]
            client.frames.clear()
            for piece, ping in zip(parts(TEXT, *pieces), pings, strict=True):
                await client.send_raw(frame(PING, ping) + frame(PONG, b"unasked") + piece)
            await client.message(type="pong", id="äöü€")
            assert [payload for opcode, payload in client.frames if opcode == PONG] == pings


async def test_the_largest_message_is_taken_whole_and_in_parts(endpoint: Service) -> None:
    largest = REQUEST.ljust(LARGEST)
    async with raw_client(endpoint) as client:
        for number, sent in enumerate([frame(TEXT, largest), joined(TEXT, largest[:9], b"", largest[9:])], 1):
            await client.send_raw(sent)
            await client.until(lambda: len(client.messages) > number or None, "a pong")  # noqa: B023


async def test_a_frame_without_a_mask_is_taken(endpoint: Service) -> None:
    """Against RFC 6455, section 5.1, aiohttp does not look; should it begin to, this belongs to BAD, with 1002."""
    async with raw_client(endpoint) as client:
        await client.send_raw(frame(TEXT, REQUEST, mask=b""))
        await client.message(type="pong", id=1)


async def test_who_does_not_answer_our_goodbye_is_let_go(endpoint: Service) -> None:
    async with raw_client(endpoint) as client:
        await client.send(b"", BINARY)
        await client.end()
        assert client.frames[-1] == (CLOSE, (1003).to_bytes(2) + b"text frames only")
    await nothing_left(endpoint)


async def test_bad_clients_leave_nothing_behind(endpoint: Service) -> None:
    processes()
    assert endpoint.process is not None
    pid = endpoint.process.pid

    async def all_of_them() -> tuple[int, int]:
        """Open files and resident bytes afterwards."""
        for _ in range(3):
            codes = await asyncio.gather(*(told(endpoint, sent) for sent, _ in BAD.values()))
            assert codes == [code for _, code in BAD.values()]
        await nothing_left(endpoint)
        return open_files(pid), resident_bytes(pid)

    files, resident = await all_of_them()
    for _ in range(2):
        await all_of_them()
    files_now, resident_now = await all_of_them()
    assert files_now <= files + FILES_MORE
    assert resident_now <= resident + 2 * MEBIBYTE
