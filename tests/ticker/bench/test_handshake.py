"""What the clients send, read by aiohttp and by eye."""

import orjson
import pytest

from ticker.bench.handshake import NAMES_A_REQUEST, PONG, refusal, subscriptions, text_frame, upgrade
from ticker.bench.messages import Address

SYMBOLS = [f"sim:SYM{number}" for number in range(NAMES_A_REQUEST + 1)]


def payload(frame: bytes) -> bytes:
    """The payload of a client's text frame, which has to be masked with zeros."""
    assert frame[0] == 0x81
    assert frame[1] & 0x80
    length = frame[1] & 0x7F
    start = 4 if length == 126 else 2
    assert frame[start : start + 4] == bytes(4)
    found = frame[start + 4 :]
    assert len(found) == (int.from_bytes(frame[2:4], "big") if length == 126 else length)
    return found


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535])
def test_a_text_frame_has_its_length(size: int) -> None:
    assert payload(text_frame(b"x" * size)) == b"x" * size


def test_a_pong_is_masked_and_empty() -> None:
    assert bytes.fromhex("8a80 00000000") == PONG


@pytest.mark.parametrize(
    ("address", "host"),
    [(Address("127.0.0.1", 8080), b"127.0.0.1:8080"), (Address("::1", 9, "/other"), b"[::1]:9")],
)
def test_an_upgrade_names_path_and_host(address: Address, host: bytes) -> None:
    lines = upgrade(address).split(b"\r\n")
    assert lines[0] == f"GET {address.path} HTTP/1.1".encode()
    assert b"Host: " + host in lines
    assert lines[-2:] == [b"", b""]


def test_an_upgrade_is_granted_or_refused() -> None:
    assert refusal(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n") is None
    assert refusal(b"HTTP/1.1 404 Not Found\r\n\r\n") == "HTTP/1.1 404 Not Found"


def test_a_subscription_names_its_symbols() -> None:
    [frame] = subscriptions(SYMBOLS[:2])
    assert orjson.loads(payload(frame)) == {"op": "subscribe", "channel": "quotes", "symbols": SYMBOLS[:2]}


def test_many_symbols_take_several_requests() -> None:
    requests = [orjson.loads(payload(frame))["symbols"] for frame in subscriptions(SYMBOLS)]
    assert requests == [SYMBOLS[:NAMES_A_REQUEST], SYMBOLS[NAMES_A_REQUEST:]]
