"""Polling or pushing: what a watchlist costs, and how late it is. `python -m tests.bench.ways`.

For some rates of change, each way of tests/bench/watchlists.py keeps the same watchlist up to date at the same time,
from the real service over loopback. Bytes are those that the kernel counts on the client's socket, in both directions,
from when the watchlist is complete; what it takes to get there is told apart. The delay is that of each change in the
market: from the service's `received` until the client has it, or something newer of that symbol. Linux only.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Annotated

import msgspec
import typer
from msgspec import Struct

from feeds.timestamps import SECOND
from tests.bench import market
from tests.bench.running import run
from tests.bench.sockets import Traffic
from tests.bench.watching import COMPLETE_S, Change, Watchlist, watching
from tests.bench.watchlists import WAYS, every_update
from tests.integration.service import serving, table

SYMBOLS = 20
EVERY_S = (60.0, 10.0, 1.0, 0.1)  # a symbol changes once in so many seconds, on average
SEED = 1
GRACE_S = 2.5  # after the measurement: for polls to see what changed before its end

MILLISECOND = 1_000_000  # nanoseconds

COLUMNS = (
    *("a symbol changes every", "way", "changes delivered", "bytes/s up", "bytes/s down", "bytes per change delivered"),
    *("delay p50, ms", "p99", "max", "bytes to begin"),
)


class Figures(Struct, frozen=True):
    """One way at one rate of change. What was not delivered had been replaced by something newer."""

    way: str
    every_s: float
    seconds: float
    symbols: int
    changes: int
    delivered: int
    bytes_to_begin: int
    bytes_up: int
    bytes_down: int
    delay_p50_ms: float
    delay_p99_ms: float
    delay_max_ms: float


async def compare(every_s: float, seconds: float) -> list[Figures]:
    """All ways at one rate of change, in the same market."""
    names = market.instruments(SYMBOLS)
    with TemporaryDirectory(prefix="ticker-ways-") as directory:
        capture = Path(directory) / "market"
        market.write(capture, names, every_s, COMPLETE_S + seconds + GRACE_S, Random(SEED))
        feed = table("[[feeds]]", name="sim", adapter="replay", venue="binance", symbols=names, path=str(capture))
        async with serving(Path(directory), feed) as service:
            return await _compare(service.port, [f"sim:{name}" for name in names], every_s, seconds)


async def _compare(port: int, symbols: Sequence[str], every_s: float, seconds: float) -> list[Figures]:
    async with AsyncExitStack() as stack:
        everything = await stack.enter_async_context(watching(port, symbols, every_update))
        lists = [(name, await stack.enter_async_context(watching(port, symbols, way))) for name, way in WAYS.items()]
        began, begun = time.time_ns(), [watchlist.sockets.traffic() for _, watchlist in lists]
        await asyncio.sleep(seconds)
        ended, traffic = time.time_ns(), [watchlist.sockets.traffic() for _, watchlist in lists]
        await asyncio.sleep(GRACE_S)
    changes = {change: at for change, at in everything.received.items() if began <= at < ended}
    if len(changes) < 2:
        raise SystemExit(f"{len(changes)} changes in {seconds:g} s: measure for longer")
    return [
        figures(
            way=name,
            every_s=every_s,
            seconds=(ended - began) / SECOND,
            watchlist=watchlist,
            changes=changes,
            before=before,
            after=after,
        )
        for (name, watchlist), before, after in zip(lists, begun, traffic, strict=True)
    ]


def figures(
    *,
    way: str,
    every_s: float,
    seconds: float,
    watchlist: Watchlist,
    changes: Mapping[Change, int],
    before: Traffic,
    after: Traffic,
) -> Figures:
    """What one way cost in `seconds`, and how late it told the market's changes."""
    delays = sorted(watchlist.delay(change, received) / MILLISECOND for change, received in changes.items())
    percentiles = quantiles(delays, n=100, method="inclusive")
    return Figures(
        way=way,
        every_s=every_s,
        seconds=round(seconds, 3),
        symbols=SYMBOLS,
        changes=len(changes),
        delivered=len(changes.keys() & watchlist.received.keys()),
        bytes_to_begin=before.up + before.down,
        bytes_up=after.up - before.up,
        bytes_down=after.down - before.down,
        delay_p50_ms=round(percentiles[49], 2),
        delay_p99_ms=round(percentiles[98], 2),
        delay_max_ms=round(delays[-1], 2),
    )


def markdown(found: Sequence[Figures]) -> Iterator[str]:
    """The lines of a table."""
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---|---" + "|--:" * (len(COLUMNS) - 2) + "|"
    for one in found:
        total = one.bytes_up + one.bytes_down
        cells = [
            f"{one.every_s:g} s",
            one.way,
            f"{one.delivered / one.changes:.0%} of {one.changes:,}",
            f"{one.bytes_up / one.seconds:,.0f}",
            f"{one.bytes_down / one.seconds:,.0f}",
            f"{total / one.delivered:,.0f}" if one.delivered else "n/a",
            f"{one.delay_p50_ms:,.1f}",
            f"{one.delay_p99_ms:,.1f}",
            f"{one.delay_max_ms:,.1f}",
            f"{one.bytes_to_begin:,}",
        ]
        yield f"| {' | '.join(cells)} |"


async def compare_at(rates: Sequence[float], seconds: float) -> list[Figures]:
    """All ways at all rates, one rate after the other."""
    return [figures for every_s in rates for figures in await compare(every_s, seconds)]


def main(
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long, for each rate of change.")] = 60,
    every: Annotated[
        list[float] | None, typer.Option(help="Seconds between a symbol's changes; more than once.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON in place of a markdown table.")] = False,
) -> None:
    """Compare the ways to keep a watchlist of 20 symbols up to date."""
    found = run(compare_at(every or EVERY_S, seconds))
    typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode() if as_json else "\n".join(markdown(found)))


if __name__ == "__main__":
    typer.run(main)
