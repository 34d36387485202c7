"""What growth is measured in: series of runs of `ticker bench` in which one thing grows, and what they found."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

import msgspec
from msgspec import Struct

from ticker.bench.figures import Figures

Value = Callable[[Figures], float | None]

DELIVERED_ENOUGH = 99.5  # per cent of what was expected: below it the service, or the machine, is at its limit


class Series(Struct, frozen=True):
    """Runs in which `values` of something are tried; `options` gives the options of `ticker bench` for one of them."""

    name: str
    axis: str
    held: str  # what stays as it is, in words
    values: Sequence[int]
    options: Callable[[int], Mapping[str, int]]


SERIES = (
    Series(
        name="clients",
        axis="clients",
        held="1,000 updates/s over 1,000 symbols, 10 of them for each client: 10 deliveries/s a client",
        values=(10, 30, 100, 300, 1_000, 2_000, 4_000, 8_000),
        options=lambda clients: {"clients": clients, "symbols": 1_000, "per-client": 10, "rate": 1_000},
    ),
    # So many updates that each symbol is live when the measurement begins: its status would count as one, too.
    Series(
        name="symbols",
        axis="symbols",
        held="100 clients with a tenth of the symbols each, 5,000 updates/s in all: 50,000 deliveries/s",
        values=(100, 300, 1_000, 3_000, 10_000),
        options=lambda symbols: {"clients": 100, "symbols": symbols, "per-client": symbols // 10, "rate": 5_000},
    ),
    Series(
        name="rate",
        axis="updates/s in",
        held="100 clients with 10 of 100 symbols each: ten deliveries for each update",
        values=(100, 300, 1_000, 3_000, 10_000, 20_000),
        options=lambda rate: {"clients": 100, "symbols": 100, "per-client": 10, "rate": rate},
    ),
)


class Machine(Struct, frozen=True):
    """Where it was measured."""

    processor: str
    cores: int
    kernel: str
    python: str


class Point(Struct, frozen=True):
    """One value of what grows, and what was found each time."""

    value: int
    options: Mapping[str, int]
    found: Sequence[Figures]

    def spread(self, of: Value) -> tuple[float, float, float]:
        """Least, median and most of a figure over the runs. Raises ValueError where it could not be found out."""
        found = [figure for figures in self.found if (figure := of(figures)) is not None]
        if not found:
            raise ValueError(f"{self.options}: a figure is missing: measure on Linux")
        return min(found), median(found), max(found)

    @property
    def delivered(self) -> bool:
        """Whether the service delivered what was expected of it, and nobody was closed, in the median run."""
        return median(figures.delivered_percent or 0 for figures in self.found) >= DELIVERED_ENOUGH


class Grown(Struct, frozen=True):
    """What one series found."""

    name: str
    axis: str
    held: str
    points: Sequence[Point]


class Report(Struct, frozen=True):
    """Everything that was found."""

    machine: Machine
    seconds: float
    series: Sequence[Grown]


def machine(cpuinfo: str, *, cores: int, kernel: str, python: str) -> Machine:
    """The machine, with its processor's name from the text of /proc/cpuinfo."""
    names = (line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("model name"))
    return Machine(next(names, "unknown"), cores, kernel, python)


def arguments(options: Mapping[str, int]) -> Iterator[str]:
    """Options as `ticker bench` takes them."""
    for name, value in options.items():
        yield from (f"--{name}", str(value))


def write(path: Path, report: Report) -> None:
    """Write a report as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")


def read(path: Path) -> Report:
    """A report that was written. Raises msgspec.ValidationError for anything else."""
    return msgspec.json.decode(path.read_bytes(), type=Report)
