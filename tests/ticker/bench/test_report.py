"""What is printed."""

import io
import json

import pytest
from msgspec.structs import replace
from rich.console import Console

from tests.ticker.bench.samples import FOUND, SETTING
from ticker.bench.figures import Figures, figures
from ticker.bench.report import print_figures, progress, to_json, to_table

FIGURES = figures(SETTING, FOUND)


def printed(found: Figures) -> dict[str, str]:
    """The lines of the table by their name, with single spaces."""
    console = Console(file=io.StringIO(), width=120)
    console.print(to_table(found))
    lines = [line.split("  ") for line in console.file.getvalue().splitlines() if line.strip()]  # type: ignore[attr-defined]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    return {name: " ".join(rest) for name, *rest in cells}


def test_the_table_names_every_figure() -> None:
    table = printed(FIGURES)
    assert table["clients"] == "10 2 of them never read"
    assert table["subscriptions"] == "50 to 20 symbols"
    assert table["updates/s in"] == "900 1,000 asked for"
    assert table["updates/s delivered"] == "1,782 99.00 % of what was expected"
    assert table["clients closed"] == "1 of those that read; 2 evicted as slow"
    assert table["p99"] == "0.010 ms"
    assert table["service's CPU"] == "10.0% of a core"
    assert table["per client"] == "1,024.0 KiB"
    assert len(table) == 19


def test_what_is_not_known_is_not_available() -> None:
    unknown = dict.fromkeys(("server_cpu_share", "server_cpu_us_per_update", "resident_bytes", "delivered_percent"))
    table = printed(replace(FIGURES, **unknown, resident_bytes_per_client=None, updates_asked_per_s=None))
    assert table["service's CPU"] == "n/a of a core"
    assert table["CPU per update"].startswith("n/a")
    assert (table["resident memory"], table["per client"]) == ("n/a MiB", "n/a KiB")
    assert (table["updates/s in"], table["updates/s delivered"]) == ("900", "1,782")


def test_json_has_units_in_its_keys() -> None:
    found = json.loads(to_json(FIGURES))
    assert found["latency_p99_ms"] == 0.01
    assert found["resident_bytes_per_client"] == 1_048_576
    assert found["warnings"] == []


def test_a_warning_stands_apart_from_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_figures(replace(FIGURES, warnings=["too busy"]), as_json=False)
    output = capsys.readouterr()
    assert "updates/s delivered" in output.out
    assert output.err == "too busy\n"


def test_json_is_alone_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    print_figures(replace(FIGURES, warnings=["too busy"]), as_json=True)
    output = capsys.readouterr()
    assert json.loads(output.out)["warnings"] == ["too busy"]
    assert output.err == ""


@pytest.mark.parametrize(("terminal", "shown"), [(True, True), (False, False)])
def test_a_bar_is_shown_on_a_terminal(terminal: bool, shown: bool) -> None:
    out = io.StringIO()
    with progress(Console(file=out, force_terminal=terminal, width=100)) as show:
        show("starting", 0, 0)
        show("measuring", 3, 10)
    assert ("measuring" in out.getvalue()) == shown
    assert ("3/10" in out.getvalue()) == shown
