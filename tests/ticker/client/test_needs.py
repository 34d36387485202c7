"""Importing the client needs aiohttp and orjson alone, of all that the service needs."""

import subprocess
import sys
from importlib.metadata import packages_distributions, requires

from packaging.requirements import Requirement

from tests.requires import ROOT


def needed_by(*distributions: str) -> set[str]:
    """The distributions that come along with some, without extras."""
    found: set[str] = set()
    waiting = list(distributions)
    while waiting:
        name = waiting.pop().lower()
        if name not in found:
            found.add(name)
            requirements = map(Requirement, requires(name) or ())
            waiting += [r.name for r in requirements if r.marker is None or r.marker.evaluate({"extra": ""})]
    return found


def run_without_the_others(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program where only what the client needs can be imported."""
    there = {"ticker", *needed_by("aiohttp", "orjson")}
    others = {
        module
        for module, distributions in packages_distributions().items()
        if there.isdisjoint(name.lower() for name in distributions)
    }
    assert {"msgspec", "pydantic", "structlog", "typer", "rich", "uvloop", "rapidfuzz"} <= others
    command = [sys.executable, "-c", f"import sys; sys.modules.update(dict.fromkeys({others}))\n{program}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_the_client_needs_no_other_package() -> None:
    result = run_without_the_others("import ticker.client; print(ticker.client.connect.__name__)")
    assert (result.returncode, result.stdout, result.stderr) == (0, "connect\n", "")


def test_the_service_needs_others() -> None:
    assert "ModuleNotFoundError" in run_without_the_others("import ticker.app").stderr


def test_the_client_takes_little_of_the_house_along() -> None:
    modules = run_without_the_others("import ticker.client; print(*sorted(sys.modules))").stdout.split()
    house = [module for module in modules if module.partition(".")[0] in ("feeds", "ticker")]
    others = [module for module in house if not module.startswith("ticker.client")]
    assert others == ["feeds", "feeds.backoff", "feeds.errors", "feeds.masking", "feeds.timestamps", "ticker"]
