"""The JavaScript of the client and of the page: its own tests under Node's test runner, and the rules of the house."""

import subprocess
from pathlib import Path

import pytest

from tests.requires import ROOT, program

FOLDER = ROOT / "ticker" / "dashboard"
FILES = sorted(Path(__file__).parent.rglob("test_*.mjs"))
CLIENT = sorted(FOLDER.glob("client/*.js"))
MODULES = [*CLIENT, *sorted(FOLDER.glob("*.js"))]
MODULE_LINES = 250


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nodes_test_runner_is_content(path: Path) -> None:
    command = [program("node", "nodejs"), "--test", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-1000:]


def test_modules_stay_short() -> None:
    assert [path.name for path in MODULES if len(path.read_text().splitlines()) > MODULE_LINES] == []


def test_the_client_imports_nothing_from_elsewhere() -> None:
    assert CLIENT
    for path in CLIENT:
        lines = path.read_text().splitlines()
        imports = [
            line.rpartition(" from ")[2].strip('";') for line in lines if line.startswith(("import ", "} from "))
        ]
        assert all(name.startswith("./") for name in imports), path.name
