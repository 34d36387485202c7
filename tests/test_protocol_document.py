"""docs/protocol.md against the real service: its examples have just the fields that the service sends."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.integration.client import Client, connected
from tests.integration.service import serving, table
from tests.requires import ROOT

DOCUMENT = (ROOT / "docs" / "protocol.md").read_text()
DATA = {
    "ticker": "ticker",
    "quotes": "quote",
    "trades": "trade",
    "bars": "bar",
    "stats": "stats",
}  # channel and type of its messages
FEED = table("[[feeds]]", name="demo", adapter="simulated", symbols=["BTC-USDT"], rate=500.0)

Message = dict[str, Any]


def examples() -> list[Message]:
    """Each object in the document's JSON blocks that is shown whole."""
    found: list[Message] = []
    decoder = json.JSONDecoder()
    for block in re.findall(r"^```json\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL):
        place = 0
        while place < len(block):
            example, place = decoder.raw_decode(block, place)
            place += len(block[place:]) - len(block[place:].lstrip())
            found.append(example)
    return [example for example in found if "..." not in example]


def example(kind: str) -> Message:
    """The document's one example of a message type."""
    [found] = [example for example in examples() if example.get("type") == kind]
    return found


async def live(client: Client, kind: str) -> Message:
    """The first message of a type that is no snapshot."""
    return await client.until(
        lambda: next((m for m in client.of(kind) if "snapshot" not in m), None), f"a live message of type {kind}"
    )


async def test_data_messages_are_as_documented(tmp_path: Path) -> None:
    async with serving(tmp_path, FEED) as service, connected(service) as client:
        for channel, kind in DATA.items():
            await client.subscribe(channel, "demo:*", **({"interval": "1m"} if channel == "bars" else {}))
            assert (await live(client, kind)).keys() == example(kind).keys()
        status = await client.expect("status")
        assert status.keys() - {"snapshot", "epoch"} == example("status").keys()


async def test_replies_are_as_documented(tmp_path: Path) -> None:
    async with serving(tmp_path, FEED) as service, connected(service) as client:
        assert (await client.expect("welcome")).keys() == example("welcome").keys()
        ack = await client.subscribe("quotes", "demo:BTC-USDT", "demo:NOPE")
        assert ack.keys() == example("ack").keys()
        assert ack["rejected"][0].keys() == example("ack")["rejected"][0].keys()
        assert (await client.expect("synced")).keys() == example("synced").keys()
        assert (await client.request("subscribe", channel=1)).keys() == example("error").keys()


async def test_lists_over_http_are_as_documented(tmp_path: Path) -> None:
    async with serving(tmp_path, FEED) as service:
        [directory] = [example for example in examples() if "messages" in example]
        symbols = (await service.get("/v1/symbols")).json
        assert symbols.keys() == directory.keys()
        assert symbols["messages"][0].keys() == directory["messages"][0].keys()
        [report] = [example for example in examples() if "feeds" in example]
        status = (await service.get("/v1/status")).json
        assert status.keys() == report.keys()
        assert status["feeds"][0].keys() == report["feeds"][0].keys()


PATHS = {"/docs": 404, "/v1/ticket": 404}


async def test_what_is_not_offered_yet_is_refused_in_words(tmp_path: Path) -> None:
    async with serving(tmp_path, FEED) as service, connected(service) as client:
        auth = await client.request("auth", token="anything")
        assert auth["code"] == 400
        assert "offered yet" in auth["reason"]


@pytest.mark.parametrize(("path", "status"), PATHS.items())
async def test_a_path_that_is_not_offered_yet_says_so(path: str, status: int, tmp_path: Path) -> None:
    async with serving(tmp_path, FEED) as service:
        answer = await service.get(path)
        assert (answer.status, answer.json["code"]) == (status, status)
