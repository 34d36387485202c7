"""Recorded captures, read independently of the service's own reader, and played to a stand-in venue's subscribers.

Two formats, each plain or gzipped. Format A has one line for each frame, `<seconds since 1970>: <frame>`, between
lines that tell what was connected to and sent. Format B has one JSON object a line; those with `"t": "recv"` hold a
frame as text in `data` and its time, in seconds since 1970, in `ts`.
"""

import asyncio
import gzip
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.venues.session import Session

RECEIVED = re.compile(r"(\d+\.\d+): (.*)")
GZIP_MAGIC = b"\x1f\x8b"


class Frame(NamedTuple):
    """One recorded frame, as it was on the wire; `at` is when it was received, in seconds since 1970."""

    at: float
    text: str


def read(path: Path) -> list[Frame]:
    """All frames that were received, in the order of the recording."""
    content = path.read_bytes()
    if content.startswith(GZIP_MAGIC):
        content = gzip.decompress(content)
    lines = content.decode().splitlines()
    return list(_objects(lines) if lines[0].startswith("{") else _lines(lines))


def _lines(lines: list[str]) -> Iterator[Frame]:
    for line in lines:
        if match := RECEIVED.fullmatch(line):
            yield Frame(float(match[1]), match[2])


def _objects(lines: list[str]) -> Iterator[Frame]:
    for line in lines:
        entry = json.loads(line)
        if entry["t"] == "recv":
            yield Frame(entry["ts"], entry["data"])


async def play(frames: Iterable[Frame], session: Session, speed: float) -> int:
    """Sends the frames that `session` subscribed to at `speed` times their pace; returns how many those were."""
    loop = asyncio.get_running_loop()
    sent = 0
    began, first = loop.time(), None
    for frame in frames:
        first = frame.at if first is None else first
        await asyncio.sleep((frame.at - first) / speed - (loop.time() - began))
        sent += await session.publish(frame.text)
    return sent
