"""A way to the service that is cut at a byte: inside a handshake, a frame, a flush or a snapshot."""

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Sequence
from random import Random
from typing import NamedTuple, Self

from tests.waiting import Changes

PATIENCE_S = 300.0
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on closing throw away what was not sent, and say so


class Cut(NamedTuple):
    """Where a connection is cut: behind so many bytes to the client, by a reset or by an end in good order."""

    after: int
    reset: bool


def cuts(number: int, mean: float, seed: int) -> list[Cut]:
    """So many, `mean` bytes apart on average: every third within what a client is told first."""
    random = Random(seed)
    return [
        Cut(random.randrange(3_000 if n % 3 == 0 else max(1, int(3 * mean) - 3_000)), random.random() < 0.5)
        for n in range(number)
    ]


class Scissors:
    """Passes bytes on between a client and a port of the loopback, while its `async with` block runs.

    So many connections, one after the other, are cut `mean` bytes apart on average.
    """

    def __init__(self, port: int, number: int, mean: float, seed: int = 20) -> None:
        self.planned, self.seed = number, seed
        self._service = port
        self._cuts = cuts(number, mean, seed)
        self._pairs: set[asyncio.Task[None]] = set()
        self._cut_at: float | None = None
        self._server: asyncio.Server
        self._changes = Changes()
        self.made = 0
        self.away_s: list[float] = []  # from each cut until the client was back

    @property
    def port(self) -> int:
        """Where a client connects to."""
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def done(self) -> bool:
        """Whether all cuts were made."""
        return self.made == self.planned

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for pair in self._pairs:
            pair.cancel()
        if self._pairs:
            await asyncio.wait(self._pairs)

    async def until(self, made: int) -> None:
        """Returns once so many cuts were made."""
        await self._changes.until(lambda: self.made >= made or None, f"{made} cuts", PATIENCE_S)

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut_at is not None:
            self.away_s.append(time.monotonic() - self._cut_at)
        pair = asyncio.create_task(self._relay(reader, writer))
        self._pairs.add(pair)
        pair.add_done_callback(self._pairs.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._service)
        cut = None if self.done else self._cuts[self.made]
        up = asyncio.create_task(_pass_on(reader, back))
        try:
            await _pass_on(there, writer, None if cut is None else cut.after)
        finally:
            up.cancel()
            if cut is not None:
                self.made, self._cut_at = self.made + 1, time.monotonic()
                self._changes.notify()
            _end((writer, back), reset=cut is not None and cut.reset)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None = None) -> None:
    """Until either side ends, or so many bytes have passed."""
    with contextlib.suppress(ConnectionError):
        while most is None or most > 0:
            if not (data := await reader.read(65_536 if most is None else most)):
                return
            writer.write(data)
            await writer.drain()
            most = None if most is None else most - len(data)


def _end(writers: Sequence[asyncio.StreamWriter], *, reset: bool) -> None:
    for writer in writers:
        if reset:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
        else:
            writer.close()
