"""The README's examples, run as they stand against the real service, and the documents' TOML."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.integration.service import Service
from tests.requires import ROOT, program
from tests.ticker.streaming import raw_stream

README = (ROOT / "README.md").read_text()
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
ADDRESS = "127.0.0.1:8080"
STOP_AFTER_SIX_LINES = """
const log = console.log;
let left = 6;
console.log = (...words) => { log(...words); if (--left === 0) process.exit(); };
"""


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(text: str, program: str) -> list[list[str]]:
    """The words of each line in a shell example that calls `program`, by whatever path, without the program."""
    lines = "\n".join(blocks(text, "sh")).splitlines()
    calls = (shlex.split(line, comments=True) for line in lines)
    return [words[1:] for words in calls if words and Path(words[0]).name == program]


TICKER_COMMANDS = [(path.name, words) for path in DOCUMENTS for words in commands(path.read_text(), "ticker")]
# A block of comments alone is a piece of a file, and no configuration.
TOML = [(path.name, text) for path in DOCUMENTS for text in blocks(path.read_text(), "toml") if tomllib.loads(text)]


def ticker(*words: str) -> subprocess.CompletedProcess[str]:
    """A run of the command line that ends by itself."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TICKER_")}
    command = [sys.executable, "-m", "ticker", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=False)


def test_the_curl_example_shows_a_price(demo: Service) -> None:
    [*_, words] = commands(README, "curl")
    answer = demo.request(path_of(words))
    status, row = answer.json["messages"]
    assert (status["type"], status["state"]) == ("status", "live")
    assert (row["type"], row["symbol"]) == ("ticker", "demo:BTC-USDT")
    assert float(row["bid"]) <= float(row["ask"])


def path_of(curl: list[str]) -> str:
    """What a curl command asks the service for."""
    [url] = [word for word in curl if word.startswith("http://")]
    return url.removeprefix(f"http://{ADDRESS}")


async def test_the_curl_example_of_events_shows_prices(demo: Service) -> None:
    words, _ = commands(README, "curl")
    assert "-N" in words
    path, _, query = path_of(words).partition("?")
    assert path == "/v1/sse"
    async with raw_stream(demo, query) as client:
        for symbol in ("demo:BTC-USDT", "demo:AAPL"):
            await client.message(type="ticker", symbol=symbol)


def test_the_browser_example_prints_prices_and_states(demo: Service) -> None:
    node = program("node", "nodejs")
    [example] = blocks(README, "js")
    script = STOP_AFTER_SIX_LINES + example.replace(ADDRESS, f"127.0.0.1:{demo.port}")
    # Node has a browser's WebSocket since version 22, and behind this switch since 20.10.
    command = [node, "--experimental-websocket", "--eval", script]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    lines = [tuple(line.split()) for line in run.stdout.splitlines()]
    assert {symbol for symbol, _ in lines} == {"demo:BTC-USDT", "demo:EUR-USD", "demo:AAPL"}
    assert ("demo:AAPL", "live") in lines
    assert any(re.fullmatch(r"\d+\.\d+", shown) for _, shown in lines)


def test_the_browser_example_is_five_lines() -> None:
    [script] = blocks(README, "js")
    assert len(script.splitlines()) == 5


@pytest.mark.parametrize(("document", "words"), TICKER_COMMANDS)
def test_a_documents_command_is_understood(document: str, words: list[str]) -> None:
    shown = ticker(words[0], "--help")
    assert shown.returncode == 0, shown.stderr
    for option in (word for word in words if word.startswith("--")):
        assert option in shown.stdout


@pytest.mark.parametrize(("document", "text"), TOML)
def test_a_documents_configuration_is_valid_or_its_problems_are_shown(document: str, text: str, tmp_path: Path) -> None:
    config = tmp_path / "ticker.toml"
    config.write_text(text)
    problems = ticker("check-config", str(config)).stderr.replace(str(config), "ticker.toml").splitlines()
    shown = next(path for path in DOCUMENTS if path.name == document).read_text().splitlines()
    assert [problem for problem in problems if problem not in shown] == []


def test_the_configuration_that_the_readme_starts_with_is_valid() -> None:
    checked = ticker("check-config", "config/ticker.toml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
