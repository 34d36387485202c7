"""The reader of recorded captures, and their player."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.venues.binance import Binance, agg_trade, book_ticker
from tests.venues.capture import Frame, play, read

LINES = """wss://stream.example/stream?streams=a <-> 1700000000.5
wss://stream.example <- 1700000000.6: {"method":"SUBSCRIBE"}
1700000001.25: {"n":1}
1700000002.0: {"n":2,"text":"1.5: {}"}

"""
OBJECTS = [
    {"t": "header", "format": 2},
    {"t": "connect", "conn": "c", "ts": 1.0, "addr": "wss://stream.example"},
    {"t": "send", "conn": "c", "ts": 1.5, "data": "{}"},
    {"t": "recv", "conn": "c", "ts": 2.25, "data": '{"n":1}'},
]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_both_formats_are_read_plain_and_gzipped(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    lines, objects = tmp_path / "lines", tmp_path / "objects"
    lines.write_bytes(pack(LINES.encode()))
    objects.write_bytes(pack("\n".join(map(json.dumps, OBJECTS)).encode()))
    assert read(lines) == [Frame(1700000001.25, '{"n":1}'), Frame(1700000002.0, '{"n":2,"text":"1.5: {}"}')]
    assert read(objects) == [Frame(2.25, '{"n":1}')]


async def test_only_what_was_subscribed_to_is_played() -> None:
    texts = [book_ticker("AUSDT", 1, "1", "2"), agg_trade("AUSDT", 1, "1"), agg_trade("AUSDT", 2, "1")]
    frames = [Frame(100 + number, text) for number, text in enumerate(texts)]
    async with Binance() as venue, connect(f"{venue.url}?streams=ausdt@aggTrade") as client:
        assert await play(frames, await venue.session(0), speed=1000) == 2
        assert [await client.recv(), await client.recv()] == texts[1:]
