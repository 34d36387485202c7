"""Frames of venues to measure with: built in the documented formats, and recorded where there are recordings."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from feeds.timestamps import SECOND, rfc3339
from tests.requires import RECORDED
from tests.venues import binance, capture, coinbase, kraken

INSTRUMENTS = 100
MILLISECOND = SECOND // 1_000
DELAY = 20 * MILLISECOND  # from the venue to us
RECORDINGS = {
    "binance/capture_2021-10-12_BINANCE.ws.1.0": "NKN-USDT BLZ-ETH LRC-BTC RUNE-EUR",
    "binance/capture_2021-10-12_BINANCE_US.ws.1.0": "CRV-USDT COMP-USDT OMG-BUSD ZRX-USDT",
    "coinbase_at/capture_2026-08-09_full.jsonl.gz": "BTC-USD ETH-USD",
}


class Frames(NamedTuple):
    """Frames of one connection to a venue, in their order, and the instruments they are about."""

    title: str
    venue: str
    instruments: tuple[str, ...]
    frames: list[bytes]
    received: list[int]  # when each frame was, in nanoseconds since 1970


def built(count: int) -> Iterator[Frames]:
    """Of each venue, `count` quotes and as many trades by turns, as its stand-in makes them; the same each time."""
    names = tuple(f"C{number}-USD" for number in range(INSTRUMENTS))
    for venue, make in BUILDERS.items():
        chance = random.Random(7)
        made = [(frame.encode(), _at(number) + DELAY) for number in range(count) for frame in make(chance, number)]
        yield Frames(f"{venue} built", venue, names, *map(list, zip(*made, strict=True)))


def recorded() -> Iterator[Frames]:
    """The recordings that are there."""
    for name, instruments in RECORDINGS.items():
        path = RECORDED / name
        if path.exists():
            venue = name.partition("/")[0].removesuffix("_at")
            frames = capture.read(path)
            texts, times = [frame.text.encode() for frame in frames], [round(frame.at * SECOND) for frame in frames]
            yield Frames(f"{venue} {_title(path)}", venue, tuple(instruments.split()), texts, times)


def not_here() -> list[str]:
    """The names of the recordings that are missing."""
    return [name for name in RECORDINGS if not (RECORDED / name).exists()]


def _title(path: Path) -> str:
    return path.name.removeprefix("capture_").partition(".")[0]


def _binance(chance: random.Random, number: int) -> list[str]:
    symbol, (bid, ask, size) = f"C{number % INSTRUMENTS}USD", _values(chance, 8)
    return [
        binance.book_ticker(symbol, 400_900_217 + number, bid, ask, size),
        binance.agg_trade(
            symbol,
            15_683_430 + number // INSTRUMENTS,
            bid,
            size,
            sold=chance.random() < 0.5,
            at=_at(number) // MILLISECOND,
        ),
    ]


def _coinbase(chance: random.Random, number: int) -> list[str]:
    product, (bid, ask, _) = f"C{number % INSTRUMENTS}-USD", _values(chance, 2)
    frames = [
        coinbase.ticker(product, bid, bid, ask, at=_time(number)),
        coinbase.trades(product, 1_068_572_091 + number // INSTRUMENTS, price=bid).replace(
            coinbase.STAMP, _time(number)
        ),
    ]
    return [
        frame.replace('"sequence_num":0', f'"sequence_num":{2 * number + place}') for place, frame in enumerate(frames)
    ]


def _kraken(chance: random.Random, number: int) -> list[str]:
    pair, (bid, ask, _) = f"C{number % INSTRUMENTS}/USD", _values(chance, 2)
    return [
        kraken.ticker(pair, bid, ask, last=bid, at=_time(number)),
        kraken.trade(pair, 105_702_534 + number // INSTRUMENTS, price=bid).replace(kraken.STAMP, _time(number)),
    ]


BUILDERS: dict[str, Callable[[random.Random, int], list[str]]] = {
    "binance": _binance,
    "coinbase": _coinbase,
    "kraken": _kraken,
}


def _values(chance: random.Random, digits: int) -> tuple[str, str, str]:
    """A bid, an ask and a size."""
    bid = chance.uniform(10, 70_000)
    return f"{bid:.{digits}f}", f"{bid * 1.0001:.{digits}f}", f"{chance.uniform(0.001, 100):.8f}"


def _at(number: int) -> int:
    """When the venue made a frame, in nanoseconds since 1970; all of them within a minute, so that no bar ends."""
    return 1_790_000_000 * SECOND + number * 1_234_567


def _time(number: int) -> str:
    return rfc3339(_at(number))
