"""The page's modules that decide, by themselves under Node; each `test_*.mjs` beside this file is one test here."""

import subprocess
from pathlib import Path

import pytest

from tests.requires import program

FOLDER = Path(__file__).parent
FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("test_*.mjs"))


@pytest.mark.parametrize("name", FILES)
def test_a_module_does_what_its_tests_say(name: str) -> None:
    command = [program("node", "nodejs"), "--test", name]
    run = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout
