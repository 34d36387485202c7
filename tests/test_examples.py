"""The examples of README.md and docs/: JSON is as described, requests are made of the real service, scripts are run."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.described import check, check_answer, examples
from tests.integration.service import Service, running, table
from tests.requires import ROOT, program
from tests.test_readme import ADDRESS, DOCUMENTS, STOP_AFTER_SIX_LINES, blocks
from tests.ticker.streaming import raw_stream

Message = dict[str, Any]

LEFT_OUT = "..."
# In code: what is asked of the service, by curl or as a path. One that has a … in it is none.
REQUEST = re.compile(
    rf"(?:http://{re.escape(ADDRESS)}|(?<=`)|(?<=`GET ))(/(?:v1|docs|healthz|readyz|metrics)[^\s'`\"…)]*)(?=[\s'`\"])"
)
NOT_OFFERED = ("/v1/ticket",)
# What a page's EventSource does, as far as the example needs it: Node has none.
EVENT_SOURCE = """
class EventSource extends EventTarget {
  constructor(url) { super(); this.read(url); }
  async read(url) {
    let rest = "";
    for await (const bytes of (await fetch(url)).body) {
      const events = (rest + new TextDecoder().decode(bytes)).split("\\n\\n");
      rest = events.pop();
      for (const event of events) {
        const fields = Object.fromEntries(event.split("\\n").map((line) => line.split(/: (.*)/s)));
        if (fields.data) this.dispatchEvent(Object.assign(new Event(fields.event), {data: fields.data}));
      }
    }
  }
}
"""


def objects(block: str) -> Iterator[Message]:
    """Each object of a block of JSON."""
    decoder, place = json.JSONDecoder(), 0
    while place < len(block):
        found, place = decoder.raw_decode(block, place)
        place += len(block[place:]) - len(block[place:].lstrip())
        yield found


def messages_in(text: str) -> list[Message]:
    """Every JSON object of a document, also those that stand in events."""
    events = re.findall(r"^data: (\{.*\})$", text, re.MULTILINE)
    return [found for block in blocks(text, "json") + events for found in objects(block)]


MESSAGES = [
    (path.name, message)
    for path in DOCUMENTS
    if path.name != "adding-a-feed.md"  # a venue's messages
    for message in messages_in(path.read_text())
]
REQUESTS = sorted({request for path in DOCUMENTS for request in REQUEST.findall(path.read_text())} - set(NOT_OFFERED))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with the symbols that the examples ask for, made up."""
    symbols = ["BTC-USD", "ETH-USD", "BTC-USDT"]
    feeds = [
        table("[[feeds]]", name=name, adapter="simulated", symbols=symbols, rate=200.0)
        for name in ("coinbase", "binance", "demo")
    ]
    with running(tmp_path_factory.mktemp("examples"), *feeds) as service:
        service.wait_until_ready()
        yield service


@pytest.mark.parametrize(("document", "message"), MESSAGES)
def test_a_documents_json_is_as_described(document: str, message: Message) -> None:
    if LEFT_OUT not in message:
        assert message in examples(), "one of the description's own, which are valid"
        return
    like = next(one for one in examples() if isinstance(one, dict) and one.get("type") == message["type"])
    whole = {**like, **message}
    del whole[LEFT_OUT]
    check(whole)


def test_there_are_examples_of_it_all() -> None:
    assert len(MESSAGES) > 15
    assert len(REQUESTS) > 10


@pytest.mark.parametrize("request_", REQUESTS)
async def test_a_documents_request_is_answered(service: Service, request_: str) -> None:
    path, _, query = request_.partition("?")
    if path == "/v1/ws" or request_ == "/v1/":
        return  # not asked by GET; where it is connected to, the examples in JavaScript and Python do so
    if path == "/v1/sse" and query:
        async with raw_stream(service, query) as client:
            await client.message(type="synced")
        return
    answer = await service.get(request_)
    assert answer.status in ((200, 308) if query or path not in NEED_A_QUERY else (400,))
    check_answer("GET", request_, answer.status, answer.headers, answer.body)


NEED_A_QUERY = ("/v1/snapshot", "/v1/trades", "/v1/bars", "/v1/sse")


def test_the_page_of_events_prints_prices(service: Service) -> None:
    [example] = blocks((ROOT / "docs" / "protocol.md").read_text(), "js")
    script = EVENT_SOURCE + STOP_AFTER_SIX_LINES + example.replace(ADDRESS, f"127.0.0.1:{service.port}")
    node = program("node", "nodejs")
    run = subprocess.run([node, "--eval", script], capture_output=True, text=True, timeout=30, check=True)
    for line in run.stdout.splitlines():
        assert re.fullmatch(r"(coinbase|binance|demo):[A-Z-]+ \d+\.\d+", line)
    assert len(run.stdout.splitlines()) == 6


@pytest.mark.parametrize("path", DOCUMENTS, ids=[path.name for path in DOCUMENTS])
def test_a_documents_curl_lines_ask_what_there_is(path: Path) -> None:
    for line in re.findall(r"\bcurl\b.*?(?=`|$)", path.read_text(), re.MULTILINE):
        assert any(request in line for request in REQUESTS), line
