"""A market whose symbols change as often as a measurement wants, as a capture that the service replays.

The simulated feed would not do: it takes all symbols in turn, evenly, which no market does, and in which every poll
finds a change or none does. Here each symbol changes at random times, independently of the others.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.venues.binance import agg_trade, book_ticker

STARTED = 1_786_309_548.0  # any time will do: the service gives each frame the time at which it replays it
LEAD_S = 0.5  # between the symbols' first values and their changes

Timed = tuple[float, str]


def instruments(count: int) -> list[str]:
    """The names of so many instruments, each of the usual length."""
    return [f"SY{number:02}-USDT" for number in range(count)]


def write(path: Path, symbols: list[str], every_s: float, lasting_s: float, random: Random) -> None:
    """A capture: each symbol's first values at once, then a new quote of each every so many seconds on average."""
    venue_symbols = [symbol.replace("-", "") for symbol in symbols]
    changes = sorted(change for symbol in venue_symbols for change in _changes(symbol, every_s, lasting_s, random))
    frames = [(0.0, frame) for symbol in venue_symbols for frame in _first(symbol)] + changes
    path.write_text("".join(f"{STARTED + at:.6f}: {frame}\n" for at, frame in frames))


def _first(symbol: str) -> Iterator[str]:
    """One value of each channel, so that the rows are full ones."""
    yield _day(symbol)
    yield agg_trade(symbol, 1, "64250.01000000")
    yield book_ticker(symbol, 1, "64250.00000000", "64250.01000000", "0.41230000")


def _changes(symbol: str, every_s: float, lasting_s: float, random: Random) -> Iterator[Timed]:
    at, update = LEAD_S, 1
    while (at := at + random.expovariate(1 / every_s)) < lasting_s:
        update += 1
        bid, size = random.randrange(6_400_000, 6_500_000), random.randrange(10_000, 1_000_000)
        yield at, book_ticker(symbol, update, _decimal(bid), _decimal(bid + 1), f"{size / 10_000:.8f}")


def _day(symbol: str) -> str:
    """24-hour figures, as the venue documents them."""
    figures = {"o": "63480.00000000", "h": "64820.50000000", "l": "63105.10000000", "c": "64250.01000000"}
    data = {"e": "24hrTicker", "E": 1786309548100, "s": symbol, "p": "770.01000000", "P": "1.213", **figures}
    stream = {"stream": f"{symbol.lower()}@ticker", "data": data | {"v": "8123.41230000"}}
    return json.dumps(stream, separators=(",", ":"))


def _decimal(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02}000000"
