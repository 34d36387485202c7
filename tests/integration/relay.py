"""A way to the service that a test can cut."""

import asyncio
import contextlib
from typing import Self


class Relay:
    """Passes bytes on between clients and a port of the loopback, while its `async with` block runs."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._pairs: set[asyncio.Task[None]] = set()
        self._flowing = _open_gate()
        self._stalled: list[asyncio.Event] = []
        self._server: asyncio.Server

    @property
    def port(self) -> int:
        """Where it listens on the loopback."""
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """Where a client connects to."""
        return f"ws://127.0.0.1:{self.port}/v1/ws"

    def cut(self) -> None:
        """End every connection without a word."""
        for writer in self._writers:
            writer.transport.abort()
        for gate in self._stalled:
            gate.set()

    def stall(self) -> None:
        """Have the connections that there are bring nothing more, without ending them. New ones are as ever."""
        self._flowing.clear()
        self._stalled.append(self._flowing)
        self._flowing = _open_gate()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        while self._pairs:
            self.cut()
            await asyncio.wait(self._pairs)

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pair = asyncio.create_task(self._relay(reader, writer))
        self._pairs.add(pair)
        pair.add_done_callback(self._pairs.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        flowing = self._flowing
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        both = {writer, back}
        self._writers |= both
        try:
            await asyncio.gather(_pass_on(reader, back, flowing), _pass_on(there, writer, flowing))
        finally:
            self._writers -= both


def _open_gate() -> asyncio.Event:
    gate = asyncio.Event()
    gate.set()
    return gate


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flowing: asyncio.Event) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            await flowing.wait()
            writer.write(data)
            await writer.drain()
    writer.close()
