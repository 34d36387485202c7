"""The page's modules: those that decide have tests of their own under Node, and all stay short."""

import subprocess
from pathlib import Path

import pytest

from tests.requires import ROOT, program

FILES = sorted(Path(__file__).parent.glob("test_*.mjs"))
MODULES = sorted((ROOT / "ticker" / "dashboard").glob("*.js"))
MODULE_LINES = 250


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nodes_test_runner_is_content(path: Path) -> None:
    command = [program("node", "nodejs"), "--test", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-1000:]


def test_modules_stay_short() -> None:
    assert [path.name for path in MODULES if len(path.read_text().splitlines()) > MODULE_LINES] == []
