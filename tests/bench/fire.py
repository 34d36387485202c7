"""Resume under fire, for a minute: `python -m tests.bench.fire`.

A client over WebSocket and one over server-sent events read the trades of the seeded feed through something that cuts
them a hundred times each, at random bytes: inside the handshake, a frame, a flush, a snapshot. They come back at once.
In the end they must have the very trades of a client that was never cut. Three services at the same time: one whose
wall clock is right, and two that find it stepped by an hour, on or back, meanwhile. Some 65 seconds; it ends by itself,
and with it what it started.
"""

import asyncio
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tests.bench.running import run
from tests.integration import stepped
from tests.integration.fire import Found, feed, stepping, under_fire

STEPS: Mapping[str, signal.Signals | None] = {
    "right": None,
    "an hour on": stepped.ON,
    "an hour back": stepped.BACK,
}
# What a trade takes on the wire, and what a client has said to it besides at each return, in bytes.
TRADE = {"websocket": 228, "sse": 300}
RETURN = 14_000


async def one(step: signal.Signals | None, trades_per_s: float, seconds: float, cuts: int) -> dict[str, Found]:
    """What came of the clients of one service, by transport."""
    with TemporaryDirectory(prefix="ticker-fire-") as directory:
        async with stepping(Path(directory), feed(trades_per_s)) as service:
            until = time.monotonic() + seconds

            async def at_half() -> None:
                if step is not None:
                    service.signal(step)

            async def wait() -> None:
                await asyncio.sleep(until - time.monotonic())

            between = {name: seconds * trades_per_s * size / cuts + RETURN for name, size in TRADE.items()}
            return await under_fire(service, cuts, between, at_half=at_half, wait=wait)


async def all_of_them(trades_per_s: float, seconds: float, cuts: int) -> dict[tuple[str, str], Found]:
    """What came of all clients, by the clock and the transport."""
    async with asyncio.TaskGroup() as group:
        runs = {clock: group.create_task(one(step, trades_per_s, seconds, cuts)) for clock, step in STEPS.items()}
    return {(clock, name): found for clock, run in runs.items() for name, found in run.result().items()}


def report(found: Mapping[tuple[str, str], Found], show: Console) -> None:
    """The figures, for people."""
    figures = Table(
        "wall clock",
        "transport",
        "cuts",
        "in the handshake",
        "in a snapshot",
        "in a frame",
        "away, ms",
        "trades",
        "gaps",
        "differences",
    )
    for (clock, name), one in found.items():
        cuts = one.cuts
        counts = (cuts.made, cuts.in_handshake, cuts.in_snapshot, cuts.in_frame)
        cells = (
            *map(str, counts),
            "{:.1f}, at most {:.1f}".format(*cuts.away_ms),
            f"{one.trades:,}",
            f"{one.gaps.total()}",
        )
        figures.add_row(clock, name, *cells, str(len(one.differences)))
    show.print(figures)
    for (clock, name), one in found.items():
        for difference in one.differences[:5]:
            show.print(f"{clock}, {name}: {difference}")


def main(
    seconds: Annotated[float, typer.Option(min=5, max=600, help="How long each client reads.")] = 60,
    cuts: Annotated[int, typer.Option(min=1, max=2_000, help="How often each one is cut.")] = 100,
    trades_per_s: Annotated[float, typer.Option(min=10, max=5_000, help="Trades of each feed.")] = 500,
) -> None:
    """Cut clients and compare what they have in the end."""
    found = run(all_of_them(trades_per_s, seconds, cuts))
    report(found, Console(soft_wrap=True))
    if any(one.differences or one.gaps for one in found.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    typer.run(main)
