"""Clients of server-sent events that see every byte and read only when they are told to."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping

from tests.described import check_answer
from tests.events import Chunks, Event, EventSource
from tests.ticker.driving import TEXT, Listening, RawClient, read_head


class RawStream(RawClient):
    """A client's socket behind the answer's head. Its messages are its events' data."""

    def __init__(self, peer: socket.socket, head: str, query: str, last_id: str) -> None:
        super().__init__(peer)
        self.conversation.chooses = "fields=" in query
        self.status, *lines = head.splitlines()
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines if line)}
        self.source = EventSource(last_id)
        self.events: list[Event] = []
        self.complete = False
        self._chunks = Chunks()

    def take(self, data: bytes) -> None:
        """Find the events in what was read."""
        chunked = self.headers.get("transfer-encoding") == "chunked"
        for part in self._chunks.feed(data) if chunked else [data]:
            for event in self.source.feed(part):
                self.events.append(event)
                self.note(TEXT, event.data.encode())
        self.complete = self._chunks.ended

    @property
    def torn(self) -> bool:
        return self._chunks.torn

    @property
    def kinds(self) -> list[str]:
        """The events' types."""
        return [event.kind for event in self.events]


@contextlib.asynccontextmanager
async def raw_stream(
    server: Listening,
    query: str,
    *,
    headers: Mapping[str, str] | None = None,
    receive_buffer: int | None = None,
    version: str = "1.1",
    last_id: str = "",
) -> AsyncIterator[RawStream]:
    """A client that has asked, and read the head of the answer; with `last_id` one that comes back."""
    loop = asyncio.get_running_loop()
    given = dict(headers or {}) | ({"Last-Event-ID": last_id} if last_id else {})
    lines = [f"GET /v1/sse?{query} HTTP/{version}", "Host: ticker", *(f"{k}: {v}" for k, v in given.items()), "", ""]
    with socket.socket() as peer:
        if receive_buffer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        peer.setblocking(False)
        await loop.sock_connect(peer, ("127.0.0.1", server.port))
        await loop.sock_sendall(peer, "\r\n".join(lines).encode())
        stream = RawStream(peer, await read_head(peer), query, last_id)
        check_answer("GET", f"/v1/sse?{query}", int(stream.status.split()[1]), stream.headers, "")
        yield stream
