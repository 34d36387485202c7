"""What a test needs that the project does not bring along: without it the test is skipped, and says what is missing.

With TICKER_REQUIRE_ALL=1 in the environment it fails instead, so that a machine that should have everything does.
"""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parent.parent
RECORDED = ROOT.parent / "shared" / "wire"


def missing(reason: str) -> NoReturn:
    """Skips the test, or fails it where everything is required."""
    if os.environ.get("TICKER_REQUIRE_ALL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def program(name: str, package: str) -> str:
    """The path of an installed program; `package` is the Debian package that has it."""
    return shutil.which(name) or missing(f"{name} is missing: apt-get install {package}")


def charts() -> None:
    """Returns where the page has what draws its charts: the service reads it as it starts."""
    if not (ROOT / "ticker" / "dashboard" / "vendor" / "lightweight-charts.js").is_file():
        missing("what draws the page's charts is missing: make charts")


def processes() -> None:
    """Figures of other processes, from /proc. Where that shows another namespace of processes they cannot be had."""
    if not Path("/proc/self").is_symlink() or os.readlink("/proc/self") != str(os.getpid()):  # noqa: PTH115
        pytest.skip("/proc does not show this process: mount the one of its own namespace")


def recorded(name: str) -> Path:
    """A file of recorded venue messages. They are other people's data: never part of the project, so never required."""
    path = RECORDED / name
    if not path.exists():
        pytest.skip(f"../shared/wire/{name} is missing: recorded venue messages are not part of the project")
    return path
