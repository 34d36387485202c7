"""Running `ticker watch`: reads from the client, and draws."""

import asyncio
import contextlib
import signal
from collections.abc import Sequence
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.live import Live

from feeds.timestamps import clock
from ticker.client import Client, Stream, connect
from ticker.watch.board import Board
from ticker.watch.lines import line
from ticker.watch.screen import View, picture

FRAME_S = 0.1


def run(url: str, symbols: Sequence[str], token: str | None) -> None:
    """Watch until Ctrl-C or SIGTERM. Raises ClientError where there is no use in going on."""
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_watch(url, symbols, token))


async def _watch(url: str, symbols: Sequence[str], token: str | None) -> None:
    task = asyncio.current_task()
    assert task is not None
    with contextlib.suppress(NotImplementedError):  # where there is no SIGTERM to handle
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    console = Console()
    async with connect(url, token=token) as client:
        updates = client.subscribe("ticker", *symbols)
        if console.is_terminal:
            await _draw(console, client, updates, urlsplit(url).netloc.rpartition("@")[2])
        else:
            await _print(updates)


async def _print(updates: Stream) -> None:
    async for update in updates:
        if (text := line(update)) is not None:
            typer.echo(text)


async def _draw(console: Console, client: Client, updates: Stream, address: str) -> None:
    board, now = Board(), clock()

    async def read() -> None:
        async for update in updates:
            board.take(update, now())

    reading = asyncio.create_task(read())
    try:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while not reading.done():
                view = View(console.width, console.height, now(), client.retry_in_s, client.age_s)
                live.update(picture(board, address, view), refresh=True)
                await asyncio.wait([reading], timeout=FRAME_S)
    finally:
        reading.cancel()
    await reading
