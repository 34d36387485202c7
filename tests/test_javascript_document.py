"""The examples of docs/javascript.md, run as they stand against the real service."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.integration.foreign import NODE, install_packages
from tests.integration.service import Service
from tests.requires import ROOT, program
from tests.test_readme import ADDRESS, blocks
from tests.waiting import DEADLINE_S

DOCUMENT = (ROOT / "docs" / "javascript.md").read_text()
TYPES = (ROOT / "ticker" / "dashboard" / "ticker-client.d.ts").read_text()
CLIENT = ROOT / "ticker" / "dashboard" / "ticker-client.js"
LINES = 40
# The service's own copy, and one beside a program; Node loads modules from files alone.
IMPORTS = [f"http://{ADDRESS}/ticker-client.js", "./ticker/dashboard/ticker-client.js"]

# What each example prints, among other lines; in the order of their coming.
PRINTED = {
    "react": [r"first \{\}", r'row \{.*"state":"live".*"last":"\d+\.\d+".*\}'],
    "node": [r"demo:BTC-USDT \d+\.\d+ / \d+\.\d+", r"demo:BTC-USDT is live "],
    "drawing": [r"demo:BTC-USDT \d+\.\d+", r"demo:EUR-USD \d+\.\d+"],
    "connection": [r"connected by websocket"],
    "errors": [r"404 no such symbol; did you mean demo:BTC-USDT\? demo:BTC-USDT"],
    "asking": [r"\d+ bars, the last one at \d+\.\d+"],
}
EXAMPLES = dict(zip(PRINTED, blocks(DOCUMENT, "js"), strict=True))
[PAGE] = blocks(DOCUMENT, "html")
[IN_README] = blocks((ROOT / "README.md").read_text(), "html")


def printed(example: str, service: Service, directory: Path, least: int) -> list[str]:
    """The first lines that an example prints in Node."""
    node = program("node", "nodejs")
    install_packages()
    address = f"127.0.0.1:{service.port}"
    for module in IMPORTS:
        example = example.replace(module, CLIENT.as_uri())
    example = example.replace("connect()", f'connect("http://{ADDRESS}")').replace(ADDRESS, address)
    example = example.replace('"react"', f'"{(NODE / "react.mjs").as_uri()}"').replace(
        '"ws"', f'"{(NODE / "node_modules" / "ws" / "wrapper.mjs").as_uri()}"'
    )
    file = directory / "example.mjs"
    file.write_text(example)
    command = [node, "example.mjs", file.as_uri()]
    with subprocess.Popen(command, cwd=NODE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [line.rstrip("\n") for _, line in zip(range(least), process.stdout, strict=False)]
        process.kill()
        process.wait(DEADLINE_S)
    return lines


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_prints_what_it_should(demo: Service, name: str, tmp_path: Path) -> None:
    lines = printed(EXAMPLES[name], demo, tmp_path, 1 if name in ("connection", "errors", "asking") else LINES)
    for pattern in PRINTED[name]:
        assert any(re.fullmatch(pattern, line) for line in lines), (pattern, lines)


@pytest.mark.parametrize(("page", "shown"), [(PAGE, r"price \d+\.\d+"), (IN_README, r"demo:BTC-USDT \d+\.\d+")])
def test_a_first_page_shows_a_price(demo: Service, page: str, shown: str, tmp_path: Path) -> None:
    [script] = re.findall(r'<script type="module">\n(.*?)</script>', page, re.DOTALL)
    lines = printed(script, demo, tmp_path, 5)
    assert any(re.fullmatch(shown, line) for line in lines), lines


def test_a_page_takes_five_lines_and_react_ten() -> None:
    assert len(PAGE.splitlines()) == 5
    assert len(EXAMPLES["react"].splitlines()) == 10


@pytest.mark.parametrize("interface", ["Options", "Counts", "Ticker", "Subscription"])
def test_all_that_the_client_offers_is_explained(interface: str) -> None:
    [body] = re.findall(rf"^export interface {interface}\b.*?\{{\n(.*?)^\}}", TYPES, re.MULTILINE | re.DOTALL)
    names = set(re.findall(r"^  (?:readonly )?(\w+)\??[:(<]", body, re.MULTILINE)) - {"removeEventListener"}
    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", DOCUMENT)] == []
