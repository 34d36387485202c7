"""What `ticker bench` shows: how far it is, and in the end its figures, as a table or as JSON."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from ticker.bench.figures import Figures

Show = Callable[[str, float, float], None]  # what goes on, how much of it is done, and of how much

Rows = list[tuple[str, str, str]]  # name, value, remark

NOT_AVAILABLE = "n/a"
MEBIBYTE, KIBIBYTE = 1_048_576, 1_024


@contextmanager
def progress(console: Console | None = None) -> Iterator[Show]:
    """A bar on a terminal (stderr if None), nothing elsewhere."""
    console = console or Console(stderr=True)
    columns = (TextColumn("{task.description:<24}"), BarColumn(), TextColumn("{task.fields[amount]}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None, amount="")

        def show(what: str, done: float, of: float) -> None:
            amount = f"{done:g}/{of:g}" if of else ""
            bar.update(task, description=what, completed=done, total=of or None, amount=amount)

        yield show


def print_figures(figures: Figures, *, as_json: bool) -> None:
    """Print the figures to stdout, and what is to be said about them to stderr."""
    if as_json:
        typer.echo(to_json(figures))
        return
    Console().print(to_table(figures))
    for warning in figures.warnings:
        typer.echo(warning, err=True)


def to_json(figures: Figures) -> str:
    """One JSON object."""
    return msgspec.json.encode(figures).decode()


def to_table(figures: Figures) -> Table:
    """The figures for people."""
    table = Table(box=box.SIMPLE, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim")
    for block in (_load(figures), _delivery(figures), _latency(figures), _service(figures)):
        for row in block:
            table.add_row(*row)
        table.add_section()
    return table


def _load(figures: Figures) -> Rows:
    slow = f"{figures.slow_clients:,} of them never read" if figures.slow_clients else ""
    asked = figures.updates_asked_per_s
    return [
        ("clients", f"{figures.clients:,}", slow),
        ("subscriptions", f"{figures.subscriptions:,}", f"to {figures.symbols:,} symbols"),
        ("updates/s in", _number(figures.updates_in_per_s), "" if asked is None else f"{asked:,.0f} asked for"),
    ]


def _delivery(figures: Figures) -> Rows:
    percent = figures.delivered_percent
    evicted = f"of those that read; {figures.slow_clients_evicted:,} evicted as slow"
    of_expected = "" if percent is None else f"{percent:.2f} % of what was expected"
    return [
        ("updates/s delivered", _number(figures.updates_delivered_per_s), of_expected),
        ("MB/s", f"{figures.megabytes_per_s:,.2f}", ""),
        ("conflated", _number(figures.updates_conflated), "updates replaced by a newer one"),
        ("lost", _number(figures.events_lost), "trades, announced as gaps"),
        ("clients closed", _number(figures.clients_closed), evicted),
    ]


def _latency(figures: Figures) -> Rows:
    return [
        ("latency p50", _number(figures.latency_p50_ms, 3), "ms, from the service's receipt to the client"),
        ("p90", _number(figures.latency_p90_ms, 3), "ms"),
        ("p99", _number(figures.latency_p99_ms, 3), "ms"),
        ("p99.9", _number(figures.latency_p99_9_ms, 3), "ms"),
        ("max", _number(figures.latency_max_ms, 3), "ms, of the sample"),
    ]


def _service(figures: Figures) -> Rows:
    share, busiest = figures.server_cpu_share, figures.generator_cpu_share
    return [
        ("service's CPU", NOT_AVAILABLE if share is None else f"{share:.1%}", "of a core"),
        ("CPU per update", _number(figures.server_cpu_us_per_update, 2), "µs, for each one delivered"),
        ("resident memory", _number(_scaled(figures.resident_bytes, MEBIBYTE), 1), "MiB"),
        ("per client", _number(_scaled(figures.resident_bytes_per_client, KIBIBYTE), 1), "KiB"),
        ("handshakes/s", _number(figures.handshakes_per_s), ""),
        ("load generator's CPU", f"{busiest:.1%}", "of a core, the busiest one's"),
    ]


def _number(value: float | None, digits: int = 0) -> str:
    return NOT_AVAILABLE if value is None else f"{value:,.{digits}f}"


def _scaled(value: float | None, unit: int) -> float | None:
    return None if value is None else value / unit
