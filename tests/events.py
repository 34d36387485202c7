"""A client of server-sent events, from the standards: what a browser's EventSource makes of the bytes it gets."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

Message = dict[str, Any]


class Event(NamedTuple):
    """One event, with the id that a client which is cut behind it comes back with."""

    kind: str
    data: str
    last_id: str

    @property
    def message(self) -> Message:
        """What the service says by it, whose type is the event's."""
        message: Message = json.loads(self.data)
        assert message["type"] == self.kind
        return message


class Chunks:
    """Undoes HTTP's chunked transfer coding (RFC 9112, section 7.1), however the bytes are cut."""

    def __init__(self) -> None:
        self._rest = b""
        self.ended = False

    @property
    def torn(self) -> bool:
        """Whether it ended inside a chunk."""
        return bool(self._rest)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The chunks that are whole by now."""
        self._rest += data
        while (end := self._rest.find(b"\r\n")) >= 0:
            size = int(self._rest[:end], 16)
            if len(self._rest) < (after := end + 2 + size) + 2:
                return
            chunk, self._rest = self._rest[end + 2 : after], self._rest[after + 2 :]
            self.ended = self.ended or not size
            if size:
                yield chunk


class EventSource:
    """Interprets an event stream (HTML Standard, section 9.2.6), whose lines end in LF alone as ours do."""

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        self.retry: int | None = None
        self.comments: list[str] = []
        self._rest = b""
        self._kind, self._data, self._id = "", list[str](), last_id

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that are whole by now."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line:
                self._take(line.decode())
            elif (event := self._dispatch()) is not None:
                yield event

    def _take(self, line: str) -> None:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "":
                self.comments.append(value)
            case "event":
                self._kind = value
            case "data":
                self._data.append(value)
            case "id" if "\0" not in value:
                self._id = value
            case "retry" if value.isdecimal():
                self.retry = int(value)

    def _dispatch(self) -> Event | None:
        self.last_id = self._id
        kind, data = self._kind or "message", "\n".join(self._data)
        self._kind, self._data = "", []
        return Event(kind, data, self.last_id) if data else None
