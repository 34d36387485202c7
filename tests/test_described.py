"""The hook in the test helpers bites, and the descriptions leave out nothing that the service has."""

import ast
import asyncio
import json
from typing import Any

import pytest
from aiohttp.hdrs import METH_GET

from tests.described import Conversation, check, check_answer, check_query
from tests.requires import ROOT
from tests.ticker.fakes import messages
from ticker.app import Service
from ticker.descriptions.documents import document
from ticker.encodings import text_frame
from ticker.loop import schedule_on
from ticker.settings import Settings

FEED: dict[str, Any] = {"name": "sim", "adapter": "simulated", "symbols": ["BTC-USDT"]}
SCHEMAS = document("asyncapi")["components"]["schemas"]
CODES = {one["const"] for one in SCHEMAS["ErrorCode"]["oneOf"]}
QUOTE = SCHEMAS["Quote"]["examples"][0]
SUBSCRIBE = SCHEMAS["Subscribe"]["examples"][0]
JSON = {"Content-Type": "application/json; charset=utf-8"}
EMPTY = '{"messages": [], "next": null}'


@pytest.mark.parametrize(
    "change",
    [
        {"new": 1},
        {"bid": 64250},
        {"bid": "6e4"},
        {"seq": "4712"},
        {"received": "2026-08-09T21:05:48.026Z"},
        {"time": "2026-08-09 21:05:48"},
        {"symbol": "BTC-USD"},
        {"type": "quotes"},
        {"snapshot": True},
        {"snapshot": False, "epoch": "m2x8"},
    ],
)
def test_a_message_that_is_not_as_described_is_found(change: dict[str, Any]) -> None:
    check(QUOTE, chosen=False)
    with pytest.raises(AssertionError):
        check(QUOTE | change)
    with pytest.raises(AssertionError):
        messages(text_frame(json.dumps(QUOTE | change).encode()))


@pytest.mark.parametrize("missing", QUOTE)
def test_a_message_lacks_what_the_client_did_not_choose_and_nothing_else(missing: str) -> None:
    conversation = Conversation()
    rest = {name: value for name, value in QUOTE.items() if name != missing}
    with pytest.raises(AssertionError):
        conversation.received(rest)
    conversation.sent(SUBSCRIBE | {"fields": ["ask"]})
    if missing.startswith(("bid", "ask")):
        conversation.received(rest)
    else:
        with pytest.raises(AssertionError):
            conversation.received(rest)


@pytest.mark.parametrize(
    "change",
    [
        {"maxRate": 4},
        {"op": "subscribes"},
        {"channel": "quote"},
        {"channel": "bars"},
        {"interval": "1m"},
        {"symbols": []},
        {"symbols": ["*****"]},
        {"max_rate": 0},
        {"since": "yesterday"},
        {"id": 1.5},
        {"fields": []},
    ],
)
def test_a_request_that_is_not_as_described_is_found(change: dict[str, Any]) -> None:
    Conversation().sent(SUBSCRIBE)
    with pytest.raises(AssertionError):
        Conversation().sent(SUBSCRIBE | change)


@pytest.mark.parametrize(
    ("path", "status", "headers", "body"),
    [
        ("/v1/symbols", 200, JSON, EMPTY),  # without Cache-Control
        ("/v1/symbols", 200, JSON | {"Cache-Control": "no-store"}, '{"messages": []}'),
        ("/v1/symbols", 200, JSON | {"Cache-Control": "no-store"}, '{"messages": [7], "next": null}'),
        ("/v1/symbols", 200, {"Content-Type": "text/html", "Cache-Control": "no-store"}, EMPTY),
        ("/v1/symbols", 204, JSON, ""),
        ("/v1/symbols?limit=5", 200, JSON | {"Cache-Control": "no-store"}, EMPTY),
        ("/v1/symbols?match=*****", 200, JSON | {"Cache-Control": "no-store"}, EMPTY),
        ("/v1/symbols", 400, JSON, '{"code": 400}'),
        ("/v1/nothing", 404, JSON, '{"reason": "?"}'),
        ("/v1/nothing", 200, JSON, "{}"),
        ("/healthz", 200, {"Content-Type": "text/plain"}, "fine"),
    ],
)
def test_an_answer_that_is_not_as_described_is_found(path: str, status: int, headers: Any, body: str) -> None:
    check_answer("GET", "/v1/symbols?match=*", 200, JSON | {"Cache-Control": "no-store"}, EMPTY)
    with pytest.raises(AssertionError):
        check_answer("GET", path, status, headers, body)


def test_a_streams_query_is_checked_as_a_whole() -> None:
    operation = document("openapi")["paths"]["/v1/sse"]["get"]
    check_query(operation, "/v1/sse?channel=quotes,trades&symbols=a:B,*&max_rate=null&snapshot=5&fields=bid,ask")
    for wrong in ("channel=prices", "max_rate=0", "snapshot=yes", "maxRate=4", "interval=2m"):
        with pytest.raises(AssertionError):
            check_query(operation, f"/v1/sse?{wrong}")


async def test_every_path_of_the_service_is_described_and_no_other() -> None:
    service = Service(Settings.model_validate({"feeds": [FEED]}), schedule_on(asyncio.get_running_loop()))
    routes = service.application().router.routes()
    paths = {route.resource.canonical for route in routes if route.resource and route.method == METH_GET}
    files_of_the_page = {path for path in paths if path.startswith(("/assets/", "/ticker-client."))}
    assert paths - files_of_the_page == set(document("openapi")["paths"])


def test_every_error_code_of_the_code_is_described_and_no_other() -> None:
    assert set(codes_in_the_code()) == CODES


def codes_in_the_code() -> list[int]:
    """The codes with which requests are refused, wherever that stands in the service."""
    calls = (
        node
        for path in (ROOT / "ticker").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in ("RequestError", "_refusal")
    )
    first = (call.args[0] for call in calls if call.args)
    return [code.value for code in first if isinstance(code, ast.Constant) and isinstance(code.value, int)]
