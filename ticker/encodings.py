"""How a message becomes the bytes of a transport: which of its fields, and what stands around the JSON.

A frame is final: clients write it as it is, many of them the same one. In a WebSocket it is a whole text frame (RFC
6455, section 5.2: FIN, opcode text, no mask), because sessions negotiate no compression. In a stream of server-sent
events it is one event (HTML Standard, section 9.2.5), and since HTTP/1.1 that is one chunk of the answer's body (RFC
9112, section 7.1).
"""

from typing import Literal, NamedTuple

Fields = frozenset[str]  # of a channel's payload, those that a client wants; ticker/fields.py says which there are
Framing = Literal["websocket", "event", "chunked event"]
Transport = Literal["websocket", "sse"]


class Encoding(NamedTuple):
    """What clients of one transport and one choice of fields get; `fields` None: all."""

    framing: Framing = "websocket"
    fields: Fields | None = None

    def choosing(self, fields: Fields | None) -> "Encoding":
        """This one, itself, or for those who choose fields another."""
        return self if fields is None else Encoding(self.framing, fields)

    def frame(self, payload: bytes, kind: str, place: str | None = None) -> bytes:
        """The bytes around a message's JSON. `place` is where a client that is cut behind it would resume."""
        match self.framing:
            case "websocket":
                return text_frame(payload)
            case "event":
                return event(payload, kind, place)
            case "chunked event":
                return chunk(event(payload, kind, place))


WEBSOCKET, EVENT, CHUNKED_EVENT = Encoding("websocket"), Encoding("event"), Encoding("chunked event")


def transport(framing: Framing) -> Transport:
    """What the framing is for."""
    return "websocket" if framing == "websocket" else "sse"


def _header(size: int) -> bytes:
    if size < 126:
        return bytes((0x81, size))
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")


_HEADERS = tuple(map(_header, range(1024)))  # of every data message


def text_frame(payload: bytes) -> bytes:
    """A whole WebSocket text frame around a JSON payload."""
    size = len(payload)
    return (_HEADERS[size] if size < 1024 else _header(size)) + payload


def payload(frame: bytes) -> bytes:
    """The JSON inside a text frame."""
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :]


def event(payload: bytes, kind: str, place: str | None) -> bytes:
    """A server-sent event. JSON as we make it has no line breaks."""
    head = f"event: {kind}\n" if place is None else f"event: {kind}\nid: {place}\n"
    return b"%bdata: %b\n\n" % (head.encode(), payload)


def chunk(data: bytes) -> bytes:
    """A chunk of an HTTP body."""
    return b"%x\r\n%b\r\n" % (len(data), data)
