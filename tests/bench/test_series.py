"""The runs that growth is measured in, and their report."""

from pathlib import Path

import msgspec
import pytest

from tests.bench.series import SERIES, Grown, Machine, Point, Report, Series, arguments, machine, read, write
from tests.ticker.bench.samples import FOUND, SETTING
from ticker.bench.figures import figures
from ticker.bench.plan import planned

FIGURES = figures(SETTING, FOUND)


def point(*delivered: float | None) -> Point:
    """A point with so many runs, of which so many per cent were delivered."""
    found = [msgspec.structs.replace(FIGURES, delivered_percent=percent) for percent in delivered]
    return Point(10, {"clients": 10, "per-client": 5}, found)


@pytest.mark.parametrize("series", SERIES, ids=lambda series: series.name)
def test_the_values_rise_and_can_be_measured(series: Series) -> None:
    assert list(series.values) == sorted(set(series.values))
    for value in series.values:
        options = {name.replace("-", "_"): number for name, number in series.options(value).items()}
        assert value in options.values()
        planned(**{"slow": 0, "seconds": 10, "generators": 1, "url": None, **options})  # type: ignore[arg-type]


def test_a_figure_is_told_with_its_spread() -> None:
    assert point(98, 100, 99.5).spread(lambda one: one.delivered_percent) == (98, 99.5, 100)
    with pytest.raises(ValueError, match="a figure is missing: measure on Linux"):
        point(None).spread(lambda one: one.delivered_percent)


def test_what_was_not_delivered_shows() -> None:
    assert point(99.5, 80, 100).delivered
    assert not point(99.4, 80, 100).delivered
    assert not point(None).delivered


def test_options_are_those_of_the_command_line() -> None:
    assert list(arguments({"clients": 10, "per-client": 5})) == ["--clients", "10", "--per-client", "5"]


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    here = machine("processor: 0\nmodel name\t: Some CPU @ 2 GHz\n", cores=2, kernel="Linux 6.1", python="3.11.7")
    assert here == Machine("Some CPU @ 2 GHz", 2, "Linux 6.1", "3.11.7")
    report = Report(here, 10, [Grown("clients", "clients", "the rest", [point(99.5, 100)])])
    write(tmp_path / "docs" / "growth.json", report)
    assert read(tmp_path / "docs" / "growth.json") == report
