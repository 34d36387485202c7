"""A client's socket: where its frames leave the service, whatever its transport.

Data goes out as whole pre-built frames, which is sound because no compression is negotiated and only the loop's thread
writes; what aiohttp itself writes (the handshake or the answer's head, close frames or the last chunk) never overlaps
with it, because a client is attached after the one and detached before the other. tests/ticker/test_websocket.py and
test_sse.py hold this against new versions of aiohttp.
"""

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiohttp import web

HIGH_WATER, LOW_WATER = 65_536, 16_384  # bytes in the transport: above it is paused, below it goes on
NONE = -1  # in place of a file descriptor
CLOSE_TIMEOUT_S = 2.0  # for the peer to take our goodbye
SLOW_CONSUMER, NO_PONG = 4008, 4009
CUT, NO_CODE = 1006, 1005  # what counts as the code where there was none (RFC 6455, section 7.1.5)


def write_all(files: Sequence[int], writes: Sequence[bytes]) -> list[int]:
    """Write to each file; how much each took, up to the first that is full, or whose peer is gone."""
    taken: list[int] = []
    with suppress(OSError):
        taken.extend(map(os.write, files, writes))
    return taken


class Connection:
    """One client's socket, as the fan-out's Sink.

    A write goes to the socket itself while the transport holds nothing back, which saves the transport's bookkeeping.
    It goes through a file descriptor of its own: the transport's may be another client's by the time that we notice
    that this one is gone. What the socket does not take, and under TLS everything, is the transport's.
    """

    __slots__ = ("_duplicate", "_open", "_protocol", "_resumed", "_transport", "code", "file")

    def __init__(self, request: web.Request) -> None:
        assert request.transport is not None
        self.code: int | None = None  # why we ended it, where we did: a close code
        self._transport = request.transport
        self._protocol = request.protocol
        self._resumed: asyncio.Future[None] | None = None
        self._duplicate = NONE if request.secure else os.dup(self._socket.fileno())
        self.file = NONE if self.buffered else self._duplicate
        self._open = True

    @property
    def _socket(self) -> Any:
        return self._transport.get_extra_info("socket")

    def tune(self, send_buffer: int, notsent_lowat: int) -> None:
        """Keep the transport's and the kernel's share of unsent data small, in bytes: what they hold ages unseen."""
        self._transport.set_write_buffer_limits(high=HIGH_WATER, low=LOW_WATER)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, notsent_lowat)

    @property
    def paused(self) -> bool:
        return self._protocol.writing_paused

    @property
    def buffered(self) -> int:
        return self._transport.get_write_buffer_size()

    @property
    def closed(self) -> bool:
        return not self._open or self._transport.is_closing()

    def write(self, data: bytes) -> bool:
        if self.file >= 0:
            sent = sum(write_all((self.file,), (data,)))
            if sent == len(data):
                return True
            self.file = NONE
            data = data[sent:]
        return self._leave_to_transport(data)

    def resumed(self) -> None:
        """The client is not behind any more."""
        if self._resumed is not None and not self._resumed.done():
            self._resumed.set_result(None)

    def evict(self) -> None:
        self.abort(SLOW_CONSUMER)

    def abort(self, code: int) -> None:
        """End it now and free what it holds: a close frame would wait behind data that nobody reads."""
        self.code = code
        self.close()
        self._transport.abort()
        self.resumed()

    @property
    def close_code(self) -> int:
        """What it ended with."""
        return self.code or CUT

    def close(self) -> None:
        """Nothing is written any more. While our file descriptor is open, the connection would not end."""
        self._open, self.file = False, NONE
        if self._duplicate >= 0:
            os.close(self._duplicate)
            self._duplicate = NONE

    def release(self) -> None:
        """All is said. A peer that does not even take that would keep the socket for ever."""
        self.close()
        if self.buffered:
            asyncio.get_running_loop().call_later(CLOSE_TIMEOUT_S, self._transport.abort)

    async def drained(self) -> None:
        """Until the client is written to again."""
        self._resumed = asyncio.get_running_loop().create_future()
        await self._resumed
        self._resumed = None

    def _leave_to_transport(self, data: bytes) -> bool:
        """Have it sent as the socket takes it. Once the transport has nothing left, we write ourselves again."""
        if self.closed:
            return True
        self._transport.write(data)
        self.file = NONE if self.buffered else self._duplicate
        return not self.paused
