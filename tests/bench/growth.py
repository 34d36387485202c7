"""How the cost grows with clients, symbols and updates. `python -m tests.bench.growth`, then `make plots`.

Runs `ticker bench` for each value of each series of tests/bench/series.py, each several times: not one value after the
other but all values once, then all again, so that what else the machine does meets them all alike. Writes JSON.
"""

import asyncio
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tests.bench.running import run
from tests.bench.series import SERIES, Grown, Machine, Point, Report, Series, arguments, machine, write
from tests.requires import ROOT
from ticker.bench.figures import Figures

REPORT = ROOT / "docs" / "performance" / "growth.json"
ENDS_S = 20.0

Found = dict[tuple[str, int], list[Figures]]  # by series and value


async def bench(options: Mapping[str, int], seconds: float, generators: int) -> Figures:
    """One measurement. Raises SystemExit with what it says where it cannot be made."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ticker", "bench", "--json", *arguments(options)),
        *("--seconds", f"{seconds:g}", "--generators", str(generators)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us alone: we end it in order
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(ENDS_S):
                await process.wait()
    if process.returncode != 0:
        raise SystemExit(f"ticker bench {' '.join(arguments(options))}: exit code {process.returncode}")
    return msgspec.json.decode(output, type=Figures)


async def measure(series: Sequence[Series], *, seconds: float, repeat: int, generators: int) -> list[Grown]:
    """What each series finds."""
    found: Found = {(one.name, value): [] for one in series for value in one.values}
    for turn in range(repeat):
        for one in series:
            for value in one.values:
                figures = await bench(one.options(value), seconds, generators)
                found[one.name, value].append(figures)
                typer.echo(_line(f"{turn + 1}/{repeat} {value:,} {one.axis}", figures), err=True)
    return [
        Grown(one.name, one.axis, one.held, [Point(v, one.options(v), found[one.name, v]) for v in one.values])
        for one in series
    ]


def this_machine() -> Machine:
    """The machine that this runs on."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    system = f"{platform.system()} {platform.release()}"
    return machine(cpuinfo, cores=os.cpu_count() or 1, kernel=system, python=platform.python_version())


def _line(what: str, figures: Figures) -> str:
    """How far it is, and whether the figures are worth anything."""
    cpu = "n/a" if figures.server_cpu_share is None else f"{figures.server_cpu_share:.0%}"
    told = (
        f"{what}: {figures.updates_delivered_per_s:,.0f} delivered/s, {cpu} of a core, p99 {figures.latency_p99_ms} ms"
    )
    return "; ".join([told, *figures.warnings])


def main(
    out: Annotated[Path, typer.Option(help="Where to write the JSON.")] = REPORT,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long each measurement lasts.")] = 10,
    repeat: Annotated[int, typer.Option(min=1, help="How often each is made.")] = 3,
    generators: Annotated[int, typer.Option(min=1, help="Load generators, one for each spare core.")] = 1,
    most: Annotated[int, typer.Option(min=1, help="Leave out the values above this: for a try.")] = 1_000_000,
) -> None:
    """Measure how the cost grows."""
    chosen = [msgspec.structs.replace(one, values=[value for value in one.values if value <= most]) for one in SERIES]
    grown = run(measure(chosen, seconds=seconds, repeat=repeat, generators=generators))
    write(out, Report(this_machine(), seconds, grown))


if __name__ == "__main__":
    typer.run(main)
