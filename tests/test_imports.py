"""The rules of the house, read from the source: who may import whom, and what a module that decides may do."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What moves bytes, waits, or puts the parts together. Every other module decides: no await, no socket, no clock.
MOVES_BYTES = {
    "feeds.backfill",
    "feeds.connection",
    "feeds.feed",
    "feeds.fetching",
    "feeds.playback",
    "feeds.websocket",
    "ticker.answers",
    "ticker.app",
    "ticker.bench.clients",
    "ticker.bench.generators",
    "ticker.bench.load",
    "ticker.bench.run",
    "ticker.bench.service",
    "ticker.certificates",
    "ticker.cli",
    "ticker.client.client",
    "ticker.client.connection",
    "ticker.client.stream",
    "ticker.compression",
    "ticker.connection",
    "ticker.connections",
    "ticker.cors",
    "ticker.docs",
    "ticker.drain",
    "ticker.front",
    "ticker.lineup",
    "ticker.listening",
    "ticker.loop",
    "ticker.polls",
    "ticker.reload",
    "ticker.rest",
    "ticker.serving",
    "ticker.site",
    "ticker.slices",
    "ticker.sse",
    "ticker.timer",
    "ticker.turns",
    "ticker.watch.run",
    "ticker.websocket",
}
# The one that makes the clock which the others are given.
CLOCK = "feeds.timestamps"

# What the service may know of feeds: the vocabulary, shapes and tools that all share, no feed in particular.
SHARED_FEEDS = {
    "feeds.archive",
    "feeds.backoff",
    "feeds.counts",
    "feeds.errors",
    "feeds.feed",
    "feeds.market",
    "feeds.masking",
    "feeds.timestamps",
}
KNOWS_THE_CATALOG = {"ticker.app", "ticker.cli", "ticker.settings"}
KNOWS_THE_SETTINGS = {"ticker.app", "ticker.cli", "ticker.reload", "ticker.serving"}

SOCKETS_AND_LOOPS = {"aiohttp", "asyncio", "http", "selectors", "socket", "ssl", "threading", "urllib", "uvloop"}
CLOCK_CALLS = {
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.monotonic_ns",
    "time.perf_counter",
    "time.perf_counter_ns",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.date.today",
}
WAITS = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)


def module_paths() -> dict[str, Path]:
    """Each module of the two packages by its dotted name."""
    paths = sorted(path for package in ("feeds", "ticker") for path in (ROOT / package).rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths}


MODULES = module_paths()
DECIDERS = sorted(set(MODULES) - MOVES_BYTES)


def imported(tree: ast.Module) -> Iterator[str]:
    """The dotted name of each thing that is imported anywhere in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(name: str) -> str:
    """`feeds.market` of `feeds.market.Quote`."""
    return ".".join(name.split(".")[:2])


def forbidden_imports(module: str, tree: ast.Module) -> list[str]:
    """What a module imports against the rules."""
    names = {module_of(name) for name in imported(tree)}
    if module.startswith("feeds."):
        return sorted(name for name in names if name.split(".")[0] == "ticker")
    allowed = set(SHARED_FEEDS)
    if module in KNOWS_THE_CATALOG:
        allowed.add("feeds.catalog")
    found = {name for name in names if name.split(".")[0] == "feeds" and name not in allowed}
    if "ticker.settings" in names and module not in KNOWS_THE_SETTINGS:
        found.add("ticker.settings")
    return sorted(found)


def indecision(module: str, tree: ast.Module) -> list[str]:
    """What a module that decides does although it may not: wait, open sockets, look at the clock."""
    found = [f"import of {name}" for name in imported(tree) if name.split(".")[0] in SOCKETS_AND_LOOPS]
    for node in ast.walk(tree):
        if isinstance(node, WAITS):
            found.append(f"line {node.lineno}: {type(node).__name__}")
        elif module != CLOCK and isinstance(node, ast.Call) and ast.unparse(node.func) in CLOCK_CALLS:
            found.append(f"line {node.lineno}: call of {ast.unparse(node.func)}()")
    if module != CLOCK:
        found += [f"import of {name}" for name in imported(tree) if name in CLOCK_CALLS]
    return found


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_what_it_may(module: str) -> None:
    assert forbidden_imports(module, ast.parse(MODULES[module].read_text())) == []


@pytest.mark.parametrize("module", DECIDERS)
def test_what_decides_neither_waits_nor_looks_at_the_clock(module: str) -> None:
    assert indecision(module, ast.parse(MODULES[module].read_text())) == []


def test_the_lists_above_name_modules_that_exist() -> None:
    named = MOVES_BYTES | SHARED_FEEDS | KNOWS_THE_CATALOG | KNOWS_THE_SETTINGS | {CLOCK}
    assert named - set(MODULES) == set()


@pytest.mark.parametrize(
    ("module", "source", "found"),
    [
        ("feeds.binance", "from ticker.bus import Bus", ["ticker.bus"]),
        ("feeds.binance", "def f():\n    import ticker.bus", ["ticker.bus"]),
        ("ticker.bus", "from feeds.binance import Binance", ["feeds.binance"]),
        ("ticker.bus", "from feeds import binance", ["feeds.binance"]),
        ("ticker.bus", "from feeds import catalog", ["feeds.catalog"]),
        ("ticker.bus", "from feeds.market import Quote", []),
        ("ticker.bus", "from ticker.settings import Settings", ["ticker.settings"]),
        ("ticker.app", "from feeds import catalog\nfrom ticker.settings import Settings", []),
        ("ticker.app", "from feeds.kraken import Kraken", ["feeds.kraken"]),
    ],
)
def test_a_forbidden_import_is_found(module: str, source: str, found: list[str]) -> None:
    assert forbidden_imports(module, ast.parse(source)) == found


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio",
        "from aiohttp import web",
        "async def f():\n    pass",
        "import time\nnow = time.monotonic()",
        "from time import monotonic",
        "from time import monotonic as now",
        "from datetime import UTC, datetime\nnow = datetime.now(UTC)",
    ],
)
def test_indecision_is_found(source: str) -> None:
    assert indecision("ticker.freshness", ast.parse(source))


def test_a_decision_with_a_clock_as_argument_is_none() -> None:
    source = "import time\nfrom datetime import datetime\ndef due(now: int) -> bool:\n    return now > 5\n"
    assert indecision("ticker.freshness", ast.parse(source)) == []
