"""The Python examples of README.md and docs/python.md, run as they stand against the real service."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.service import Service
from tests.requires import ROOT
from tests.test_readme import ADDRESS, blocks
from tests.waiting import DEADLINE_S
from ticker import client

DOCUMENT = (ROOT / "docs" / "python.md").read_text()
LINES = 40

# What each example prints, among other lines; in the order of their coming, the README's first.
PRINTED = {
    "README": [r"demo:BTC-USDT \d+\.\d+ \d+\.\d+", r"demo:BTC-USDT live"],
    "start": [r"demo:BTC-USDT \d+\.\d+ / \d+\.\d+, \d\.\d{3} s old", r"demo:EUR-USD is live "],
    "decimals": [r"spread 0\.\d\d"],
    "several": [r"trade demo:\S+ (buy|sell) \S+ at \d+\.\d+", r"row demo:BTC-USDT \d+\.\d+ -?\d+\.\d+"],
    "closing": [r"next trade at \d+\.\d+"],
    "errors": [r"cannot go on: demo:BTC-USDTT: no such symbol; did you mean demo:BTC-USDT\? \(404\)"],
}
EXAMPLES = dict(
    zip(PRINTED, blocks((ROOT / "README.md").read_text(), "python") + blocks(DOCUMENT, "python"), strict=True)
)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_prints_what_it_should(demo: Service, name: str, tmp_path: Path) -> None:
    program = EXAMPLES[name].replace(ADDRESS, f"127.0.0.1:{demo.port}")
    assert program != EXAMPLES[name]
    errors = tmp_path / "errors"
    with (
        errors.open("w") as file,
        subprocess.Popen(
            [sys.executable, "-u", "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=file, text=True
        ) as process,
    ):
        assert process.stdout is not None
        lines = [line.rstrip("\n") for _, line in zip(range(LINES), process.stdout, strict=False)]
        process.kill()
        process.wait(DEADLINE_S)
    assert errors.read_text() == ""
    for pattern in PRINTED[name]:
        assert any(re.fullmatch(pattern, line) for line in lines), (pattern, lines)


def test_every_name_that_the_client_offers_is_explained() -> None:
    assert [name for name in client.__all__ if f"`{name}`" not in DOCUMENT] == []
