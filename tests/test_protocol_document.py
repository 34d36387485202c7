"""docs/protocol.md against the descriptions, whose examples and choices it has, and what it says is not offered yet."""

import re
from pathlib import Path

import pytest

from tests.integration.client import connected
from tests.integration.service import serving, table
from tests.requires import ROOT
from ticker.descriptions.documents import document

DOCUMENT = (ROOT / "docs" / "protocol.md").read_text()
FEED = table("[[feeds]]", name="demo", adapter="simulated", symbols=["BTC-USDT"], rate=500.0)
ASYNCAPI = document("asyncapi")
SCHEMAS = ASYNCAPI["components"]["schemas"]
CLOSE_CODES = ASYNCAPI["channels"]["websocket"]["x-close-codes"]

NOT_OFFERED = {"/v1/ticket": 404}


def rows(section: str) -> list[str]:
    """The first column of the tables of a section, without their heads."""
    text = re.split(r"^##+ ", DOCUMENT.split(f"\n### {section}\n")[1], flags=re.MULTILINE)[0]
    return re.findall(r"^\| ([^|]+?) \|", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("section", "described"),
    [
        ("Errors", [str(one["const"]) for one in SCHEMAS["ErrorCode"]["oneOf"]]),
        ("Gaps", [one["const"] for one in SCHEMAS["Gap"]["properties"]["reason"]["oneOf"]]),
        ("Freshness", [one["const"] for one in SCHEMAS["State"]["oneOf"]]),
        ("Close codes", [str(code) for row in CLOSE_CODES for code in row["codes"]]),
        ("Requests", list(ASYNCAPI["operations"])[:4]),
    ],
)
def test_a_table_has_what_is_described(section: str, described: list[str]) -> None:
    told = [word.strip("` ") for row in rows(section) for word in row.split(",")]
    assert set(told) - {"code", "reason", "state", "op", "---"} == set(described)


async def test_what_is_not_offered_yet_is_refused_in_words(tmp_path: Path) -> None:
    async with serving(tmp_path, FEED) as service, connected(service) as client:
        auth = await client.mistake("auth", token="anything")
        assert auth["code"] == 400
        assert "offered yet" in auth["reason"]


@pytest.mark.parametrize(("path", "status"), NOT_OFFERED.items())
async def test_a_path_that_is_not_offered_yet_says_so(path: str, status: int, tmp_path: Path) -> None:
    async with serving(tmp_path, FEED) as service:
        answer = await service.get(path)
        assert (answer.status, answer.json["code"]) == (status, status)
