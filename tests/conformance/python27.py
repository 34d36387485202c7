"""Finds a Python 2.7, which the Autobahn testsuite runs on. `python -m tests.conformance.python27` prints its path."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

MISSING = "the Autobahn testsuite needs a Python 2.7: pyenv install 2.7.18, or say where it is with PYTHON27=…"
TRIAL = "import ssl, sys; sys.exit(sys.version_info[:2] != (2, 7))"


def candidates(environment: Mapping[str, str]) -> Iterator[str]:
    """Where it may be, best first: what PYTHON27 says and nothing else; else on the PATH, or among pyenv's versions."""
    if said := environment.get("PYTHON27"):
        yield said
        return
    if found := shutil.which("python2.7", path=environment.get("PATH", "")):
        yield found
    root = Path(environment.get("PYENV_ROOT") or Path(environment.get("HOME", "/")) / ".pyenv")
    yield from map(str, sorted(root.glob("versions/2.7*/bin/python2.7"), reverse=True))


def works(python: str) -> bool:
    """Whether it is one: pyenv puts programs on the PATH that only say which versions would have them."""
    try:
        return subprocess.run([python, "-c", TRIAL], capture_output=True, timeout=30, check=False).returncode == 0
    except OSError:
        return False


def main() -> None:
    """Print the path, or exit with a line that says how to get one."""
    python = next(filter(works, candidates(os.environ)), None)
    sys.exit(MISSING) if python is None else print(python)  # noqa: T201  # the answer is for the shell


if __name__ == "__main__":
    main()
