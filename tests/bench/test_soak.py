"""A soak in little: that it starts, churns, samples and ends. What it finds needs minutes to mean anything."""

import sys

import pytest
from rich.console import Console

from tests import requires
from tests.bench.soak import Plan, report, soak
from tests.bench.verdict import judge

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")


async def test_a_soak_of_seconds() -> None:
    requires.processes()
    console = Console(record=True, quiet=True)
    found, did = await soak(Plan(minutes=3, minute_s=1), console)
    assert len(found.samples) == 180
    assert (found.exit_code, found.failures) == (0, 0)
    assert not any(found.left.values())
    assert did["connected"] > 20
    assert did["updates"] > 100
    assert did["HTTP 200"] > 1
    report(found, did, judge(found), console)
