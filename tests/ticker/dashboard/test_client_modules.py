"""The JavaScript client's own tests, under Node's test runner: one of ours for each file of theirs."""

import subprocess
from pathlib import Path

import pytest

from tests.requires import ROOT, program

FILES = sorted((Path(__file__).parent / "client").glob("test_*.mjs"))
MODULES = sorted((ROOT / "ticker" / "dashboard").glob("client/*.js"))
MODULE_LINES = 250


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nodes_test_runner_is_content(path: Path) -> None:
    command = [program("node", "nodejs"), "--test", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-1000:]


def test_modules_stay_short_and_import_nothing_from_elsewhere() -> None:
    assert MODULES
    for path in MODULES:
        lines = path.read_text().splitlines()
        assert len(lines) <= MODULE_LINES, path.name
        imports = [
            line.rpartition(" from ")[2].strip('";') for line in lines if line.startswith(("import ", "} from "))
        ]
        assert all(name.startswith("./") for name in imports), path.name
