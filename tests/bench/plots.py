"""Pictures of how the cost grows: `make plots`, from the JSON of tests/bench/growth.py.

They are SVG for light and dark pages alike: no background, and colours of middling brightness. The same JSON gives the
same bytes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import matplotlib as mpl
import typer
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from tests.bench.growth import REPORT
from tests.bench.series import DELIVERED_ENOUGH, Grown, Point, Value, read

GREY, FAINT = "#768089", "#76808955"
BLUE, RED = "#3b82d6", "#d1603d"
WIDTH, HEIGHT = 10.0, 3.6  # inches

STYLE: Any = {  # matplotlib's own type for it names each of 300 keys
    "svg.hashsalt": "ticker",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.edgecolor"), GREY),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.ymargin": 0.15,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
}


class Line(NamedTuple):
    """One figure in a panel."""

    label: str
    value: Value
    colour: str = BLUE
    style: str = "-"


class Panel(NamedTuple):
    """One picture in a row of them."""

    title: str
    lines: Sequence[Line]
    logarithmic: bool = False


PANELS = (
    Panel("service's CPU, % of a core", [Line("", lambda f: _scaled(f.server_cpu_share, 100))]),
    Panel(
        "latency, ms",
        [
            Line("99 % below", lambda f: f.latency_p99_ms, RED, "--"),
            Line("half below", lambda f: f.latency_p50_ms),
        ],
        logarithmic=True,
    ),
    Panel("resident memory, MiB", [Line("", lambda f: _scaled(f.resident_bytes, 1 / 1_048_576))]),
)


def draw(grown: Grown) -> Figure:
    """One series: a panel for each kind of cost."""
    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    for axes, panel in zip(figure.subplots(1, len(PANELS)), PANELS, strict=True):
        for line in panel.lines:
            _draw_line(axes, grown.points, line)
        _label(axes, grown, panel)
    note = f"{grown.held}\nlines: medians; shaded: from the least to the most of all runs"
    if not all(point.delivered for point in grown.points):
        note += f"; hollow: less than {DELIVERED_ENOUGH:g} % delivered"
    figure.supxlabel(note, fontsize=8, x=0.01, ha="left")
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure as SVG, without anything that changes from one time to the next."""
    figure.savefig(path, format="svg", transparent=True, metadata={"Date": None, "Creator": None})


def _draw_line(axes: Any, points: Sequence[Point], line: Line) -> None:
    spreads = [point.spread(line.value) for point in points]
    values = [point.value for point in points]
    least, middle, most = zip(*spreads, strict=True)
    axes.fill_between(values, least, most, color=line.colour, alpha=0.2, linewidth=0)
    axes.plot(values, middle, line.style, color=line.colour, linewidth=1.4, label=line.label)
    for point, height in zip(points, middle, strict=True):
        face = line.colour if point.delivered else "none"
        axes.plot(point.value, height, "o", markersize=4, markeredgecolor=line.colour, markerfacecolor=face)


def _label(axes: Any, grown: Grown, panel: Panel) -> None:
    values = [point.value for point in grown.points]
    axes.set_title(panel.title)
    axes.set_xlabel(grown.axis)
    axes.set_xscale("log")
    axes.set_xticks(values, [_short(value) for value in values])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y")
    if panel.logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.set_ylim(0, axes.dataLim.y1 * 1.15)
    if any(line.label for line in panel.lines):
        axes.legend(loc="upper left")


def _short(value: int) -> str:
    return f"{value // 1000}k" if value >= 1000 and value % 1000 == 0 else str(value)


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def main(
    report: Annotated[Path, typer.Argument(help="What tests.bench.growth wrote.")] = REPORT,
    out: Annotated[Path, typer.Option(help="The folder for the pictures.")] = REPORT.parent,
) -> None:
    """Draw a picture of each series."""
    out.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(STYLE):
        for grown in read(report).series:
            save(draw(grown), out / f"{grown.name}.svg")


if __name__ == "__main__":
    typer.run(main)
