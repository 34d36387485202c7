"""Clients that others have made, each in a process of its own, and what they tell of the messages they got."""

import asyncio
import contextlib
import fcntl
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.events import EventSource
from tests.integration.browser import opened
from tests.requires import ROOT, missing, program
from tests.waiting import Changes

Message = dict[str, Any]

NODE = ROOT / "tests" / "node"


class Told:
    """The messages that a client got, over all its connections."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.changes = Changes()

    def take(self, text: str) -> None:
        """The client has got a message."""
        self.messages.append(json.loads(text))
        self.changes.notify()

    async def expect(self, **fields: Any) -> Message:
        """The first message that has those fields, once it is there."""

        def found() -> Message | None:
            return next((m for m in self.messages if fields.items() <= m.items()), None)

        return await self.changes.until(found, f"{fields}; the last messages: {self.messages[-5:]}")

    @property
    def tape(self) -> list[str]:
        """The ids of the trades in the order in which they were first seen, and the reasons of gaps."""
        told = dict[tuple[object, ...], str]()
        for m in self.messages:
            if m["type"] == "gap":
                told[m["received"], m["reason"]] = f"gap: {m['reason']}"
            elif m["type"] == "trade":
                told.setdefault((m["epoch"], m["seq"]), m["trade_id"])
        return list(told.values())


@contextlib.asynccontextmanager
async def printing(
    take: Callable[[bytes], None], *command: str, cwd: Path | None = None
) -> AsyncIterator[asyncio.StreamWriter]:
    """A program's input, and its output is passed on as it comes; it is ended with the block."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    reading = asyncio.create_task(_read(process.stdout, take))
    try:
        yield process.stdin
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await reading


async def _read(output: asyncio.StreamReader, take: Callable[[bytes], None]) -> None:
    while data := await output.read(65_536):
        take(data)


def by_line(take: Callable[[str], None]) -> Callable[[bytes], None]:
    """Takes bytes as they come, and gives each line on."""
    lines = bytearray()

    def more(data: bytes) -> None:
        lines.extend(data)
        while (end := lines.find(b"\n")) >= 0:
            take(lines[:end].decode())
            del lines[: end + 1]

    return more


def install_packages() -> None:
    """Have npm install what tests/node asks for, once and by one process at a time."""
    npm, lock = program("npm", "npm"), NODE / "package-lock.json"
    installed = NODE / "node_modules" / ".package-lock.json"
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
            return
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=NODE, capture_output=True, check=False
        )
        if done.returncode:
            missing(f"npm ci in tests/node failed: {done.stderr.decode()[-500:]}")


@contextlib.asynccontextmanager
async def node(way: str, base: str, symbol: str) -> AsyncIterator[Told]:
    """The npm packages `ws` (way `websocket`) and `eventsource`."""
    command = [program("node", "nodejs"), "main.mjs", way, base, symbol]
    await asyncio.to_thread(install_packages)
    told = Told()
    async with printing(by_line(told.take), *command, cwd=NODE):
        yield told


@contextlib.asynccontextmanager
async def chromium(way: str, base: str, symbol: str) -> AsyncIterator[Told]:
    """A page of another origin, with Chromium's own WebSocket or EventSource."""
    told = Told()
    script = (
        "import { ways } from './follow.mjs';"
        "const classes = { websocket: WebSocket, eventsource: EventSource };"
        f"ways.{way}(classes.{way}, {json.dumps(base)}, {json.dumps(symbol)}, told);"
    )
    html = f'<!doctype html><title>follow</title><script type="module">{script}</script>'
    async with opened({"/": html, "/follow.mjs": (NODE / "follow.mjs").read_text()}, told=told.take):
        yield told


@contextlib.asynccontextmanager
async def websockets(way: str, base: str, symbol: str) -> AsyncIterator[Told]:
    """Python's package of that name."""
    told = Told()
    following = asyncio.create_task(_follow(told, f"{base.replace('http', 'ws')}/v1/ws", symbol))
    try:
        yield told
    finally:
        following.cancel()
        await asyncio.wait([following])


async def _follow(told: Told, url: str, symbol: str) -> None:
    """Comes back by itself, and resumes the trades with what was seen last."""
    since: dict[str, str] = {}
    async for socket in connect(url, proxy=None):
        with contextlib.suppress(ConnectionClosed):
            for channel, options in (("quotes", {}), ("trades", since)):
                request = {"op": "subscribe", "id": channel, "channel": channel, "symbols": [symbol]}
                await socket.send(json.dumps(request | options))
            async for text in socket:
                assert isinstance(text, str)
                told.take(text)
                if told.messages[-1]["type"] in ("trade", "gap"):
                    since = {"since": told.messages[-1]["received"]}


@contextlib.asynccontextmanager
async def curl(base: str, symbol: str, *options: str) -> AsyncIterator[Told]:
    """Server-sent events as curl prints them."""
    told, source = Told(), EventSource()

    def take(data: bytes) -> None:
        for event in source.feed(data):
            told.take(event.data)

    url = f"{base}/v1/sse?channel=quotes&channel=trades&symbols={symbol}"
    async with printing(take, program("curl", "curl"), "-sN", *options, url):
        yield told
