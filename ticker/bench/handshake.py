"""The few bytes of WebSocket that a load generator sends: its handshake, subscriptions and pongs (RFC 6455)."""

from collections.abc import Iterator, Sequence

import orjson

from ticker.bench.messages import Address

NO_MASK = bytes(4)  # a client's frames are masked; with zeros they stay what they are
PONG = b"\x8a\x80" + NO_MASK
NAMES_A_REQUEST = 500  # the service takes 1,000 names and 64 KiB in one
HEAD_END = b"\r\n\r\n"


def upgrade(address: Address) -> bytes:
    """The request that opens a WebSocket. Its key is always the same: nobody checks the answer to it."""
    return (
        f"GET {address.path} HTTP/1.1\r\n"
        f"Host: {address.netloc}\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def refusal(head: bytes) -> str | None:
    """Why the answer to an upgrade opens no WebSocket: its status line. None where it does."""
    line = head.partition(b"\r\n")[0].decode("latin-1")
    return None if line.startswith("HTTP/1.1 101") else line[:100]


def text_frame(payload: bytes) -> bytes:
    """A client's text frame around a payload below 64 KiB."""
    size = len(payload)
    length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return b"\x81" + length + NO_MASK + payload


def subscriptions(symbols: Sequence[str]) -> Iterator[bytes]:
    """The frames that subscribe to the quotes of some symbols; each is answered by one `synced`."""
    for start in range(0, len(symbols), NAMES_A_REQUEST):
        names = symbols[start : start + NAMES_A_REQUEST]
        yield text_frame(orjson.dumps({"op": "subscribe", "channel": "quotes", "symbols": names}))
