"""The REST driver: the same directory and topics, asked for once."""

from collections.abc import Awaitable, Mapping
from typing import Any, Protocol

import pytest
from aiohttp import ClientResponse, web
from pytest_aiohttp.plugin import AiohttpClient

from tests.described import check_answer
from tests.ticker.stage import FakeFeed, Stage
from ticker.admission import Admission
from ticker.answers import errors
from ticker.polls import Polls
from ticker.readiness import Readiness
from ticker.requests import Limits
from ticker.rest import Rest
from ticker.turns import Turns

SYMBOLS = ("sim:BTC-USDT", "sim:ETH-USDT", "sim:SOL-USDT")

WATCHLIST = "/v1/snapshot?channel=ticker&channel=trades&symbols=sim:BTC-USDT"


class Get(Protocol):
    """Asks the driver for a path."""

    def __call__(self, path: str, *, headers: Mapping[str, str] | None = None) -> Awaitable[ClientResponse]: ...


@pytest.fixture
def stage() -> Stage:
    stage = Stage(*SYMBOLS, limits=Limits(symbols_per_client=2, symbols_per_request=3))
    stage.link("connected")
    stage.quote("sim:BTC-USDT")
    stage.trade("sim:BTC-USDT")
    return stage


@pytest.fixture
def readiness() -> Readiness:
    return Readiness()


def polls(stage: Stage) -> Polls:
    return Polls(stage.hub, Admission(stage.hub.counts, stage.clock, clients=10), Turns(stage.clock))


@pytest.fixture
async def get(aiohttp_client: AiohttpClient, stage: Stage, readiness: Readiness) -> Get:
    """A way to ask the driver."""
    rest = Rest(stage.hub, stage.watch, [FakeFeed("sim", *SYMBOLS)], readiness, polls(stage))
    app = web.Application(middlewares=[errors])
    app.add_routes([*rest.routes(), *rest.health_routes(), web.get("/", rest.index)])
    client = await aiohttp_client(app)

    async def get(path: str, **options: Any) -> ClientResponse:
        response = await client.get(path, **options)
        check_answer("GET", path, response.status, response.headers, await response.text())
        return response

    return get


async def answer(get: Get, path: str) -> tuple[int, Any]:
    """Status and parsed body."""
    response = await get(path)
    return response.status, await response.json()


async def test_a_snapshot_has_the_status_of_each_symbol_before_its_data(get: Get, stage: Stage) -> None:
    response = await get("/v1/snapshot?channel=quotes&channel=trades&symbols=sim:BTC-USDT,sim:ETH-USDT")
    assert (response.content_type, response.headers["Cache-Control"]) == ("application/json", "no-cache")
    body = await response.json()
    assert body["next"] is None
    assert [(m["type"], m["symbol"], m["snapshot"], m["epoch"]) for m in body["messages"]] == [
        (kind, symbol, True, stage.directory[symbol].status.epoch)
        for kind, symbol in (
            ("status", "sim:BTC-USDT"),
            ("quote", "sim:BTC-USDT"),
            ("trade", "sim:BTC-USDT"),
            ("status", "sim:ETH-USDT"),
        )
    ]


async def test_who_has_the_snapshot_is_not_sent_it_again(get: Get, stage: Stage) -> None:
    first = await get(WATCHLIST)
    tag = first.headers["ETag"]
    again = await get(WATCHLIST, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status, await again.read()) == (304, b"")
    assert (again.headers["ETag"], again.headers["Cache-Control"]) == (tag, "no-cache")
    assert again.headers.keys() & {"Content-Type", "Content-Length", "Transfer-Encoding"} == set()
    stage.quote("sim:ETH-USDT")
    assert (await get(WATCHLIST, headers={"If-None-Match": tag})).status == 304
    stage.quote("sim:BTC-USDT", bid="1.11")
    changed = await get(WATCHLIST, headers={"If-None-Match": tag})
    assert changed.status == 200
    assert changed.headers["ETag"] != tag
    assert (await changed.json())["messages"][1]["bid"] == "1.11"


async def test_a_status_alone_makes_a_snapshot_new(get: Get, stage: Stage) -> None:
    tag = (await get(WATCHLIST)).headers["ETag"]
    stage.link("disconnected")
    stage.clock.advance(2)
    stage.pipeline.tick(stage.clock())
    changed = await get(WATCHLIST, headers={"If-None-Match": tag})
    assert changed.status == 200
    assert (await changed.json())["messages"][0]["state"] == "stale"


async def test_a_refusal_has_no_tag_and_no_condition(get: Get) -> None:
    refused = await get("/v1/snapshot?channel=quotes&symbols=sim:NOPE", headers={"If-None-Match": "*"})
    assert (refused.status, "ETag" in refused.headers) == (404, False)
    assert (await get("/v1/symbols", headers={"If-None-Match": "*"})).status == 200


async def test_a_symbol_is_told_once_however_often_it_is_named(get: Get) -> None:
    _, body = await answer(get, "/v1/snapshot?channel=status&symbols=sim:B*,sim:BTC-USDT&symbols=*BTC*")
    assert len(body["messages"]) == 1


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("symbols=*", 400, "channel: say which"),
        ("channel=quotes", 400, "symbols: say which"),
        ("channel=quotes&symbols=,", 400, "symbols: say which"),
        ("channel=quote&symbols=*", 404, "did you mean quotes?"),
        ("channel=bars&symbols=*", 400, "interval: bars need one of 1m, 5m, 1h, 1d"),
        ("channel=bars&symbols=*&interval=2m", 404, "interval: no such one"),
        ("channel=ticker&symbols=*&interval=1m", 404, "interval: only bars have one"),
        ("channel=quotes&symbols=sim:BTC-USTD", 404, "did you mean sim:BTC-USDT?"),
        ("channel=quotes&symbols=*", 413, "3 match; the limit is 2"),
        ("channel=quotes&symbols=a,b,c,d", 413, "4 symbols in one request; the limit is 3"),
        ("channel=quotes&symbols=" + "*a" * 9, 400, "more than 4"),
        ("channel=quotes&symbols=" + "x" * 65, 400, "64 characters"),
        ("channel=quotes&symbols=sim:B*&limit=20", 400, "limit: not offered here (yet)"),
    ],
)
async def test_a_snapshot_that_cannot_be_had(get: Get, query: str, status: int, reason: str) -> None:
    found, body = await answer(get, f"/v1/snapshot?{query}")
    assert (found, body["code"]) == (status, status)
    assert reason in body["reason"]


async def traded(stage: Stage, *prices: str) -> None:
    """A trade for each price, two of them at a time."""
    for number, price in enumerate(prices):
        stage.clock.advance(number % 2)
        stage.trade("sim:ETH-USDT", price)


def prices(body: Any) -> list[str]:
    """The trades by their prices, gaps by their reasons."""
    return [m["price"] if m["type"] == "trade" else m["reason"] for m in body["messages"]]


TRADES = "/v1/trades?symbol=sim:ETH-USDT"
START = "2026-08-09T21:05:48Z"


async def test_trades_without_a_time_are_the_newest_oldest_first(get: Get, stage: Stage) -> None:
    await traded(stage, *"12345")
    status, body = await answer(get, f"{TRADES}&limit=2")
    assert (status, prices(body), body["next"]) == (200, ["4", "5"], None)
    assert all(m["snapshot"] and m["type"] == "trade" for m in body["messages"])
    assert prices((await answer(get, TRADES))[1]) == list("12345")
    assert (await get(TRADES)).headers["Cache-Control"] == "no-store"


async def test_pages_of_trades_follow_each_other_without_a_hole_or_a_repetition(get: Get, stage: Stage) -> None:
    await traded(stage, *"0123456789")
    for limit in range(1, 12):
        pages: list[list[str]] = []
        since: str | None = START
        while since:
            _, body = await answer(get, f"{TRADES}&since={since}&limit={limit}")
            pages.append(prices(body))
            since = body["next"]
        assert [price for page in pages for price in page] == list("0123456789")
        assert max(map(len, pages)) <= max(limit, 2)
        assert len(pages) <= 10 // max(limit - 1, 2) + 1


async def test_trades_that_are_not_retained_are_told_first(get: Get, stage: Stage) -> None:
    await traded(stage, *"12")
    stage.clock.advance(400)
    await traded(stage, *"34")
    assert prices((await answer(get, f"{TRADES}&since={START}"))[1]) == ["retention", "3", "4"]
    assert prices((await answer(get, f"{TRADES}&since=2025-01-01T00:00:00.5Z"))[1]) == ["restart", "3", "4"]
    assert (await answer(get, "/v1/trades?symbol=sim:SOL-USDT"))[1] == {"messages": [], "next": None}


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("", 400, "symbol: say which"),
        ("symbol=", 400, "symbol: say which"),
        ("symbol=sim:BTC-USTD", 404, "symbol: no such symbol; did you mean sim:BTC-USDT?"),
        ("symbol=*", 404, "symbol: no such symbol"),
        ("symbol=sim:BTC-USDT&since=now", 400, "since: an RFC 3339 time"),
        ("symbol=sim:BTC-USDT&since=", 400, "since: an RFC 3339 time"),
        ("symbol=sim:BTC-USDT&limit=0", 400, "limit: a number from 1 to 1000"),
        ("symbol=sim:BTC-USDT&limit=1001", 400, "limit: "),
        ("symbol=sim:BTC-USDT&limit=-1", 400, "limit: "),
        ("symbol=sim:BTC-USDT&limit=" + "1" * 5_000, 400, "limit: "),
        ("symbol=sim:BTC-USDT&limit=%C2%B2", 400, "limit: "),
        ("symbol=sim:BTC-USDT&from=1", 400, "from: not offered here"),
    ],
)
async def test_trades_that_cannot_be_had(get: Get, query: str, status: int, reason: str) -> None:
    found, body = await answer(get, f"/v1/trades?{query}")
    assert (found, body["code"]) == (status, status)
    assert reason in body["reason"]


async def test_bars_come_oldest_first_and_the_open_one_last(get: Get, stage: Stage) -> None:
    for price in ("1.16", "1.17"):
        stage.clock.advance(60)
        stage.trade("sim:BTC-USDT", price, age_s=0)
    path = "/v1/bars?symbol=sim:BTC-USDT&interval=1m"
    status, body = await answer(get, path)
    assert (status, body["next"]) == (200, None)
    assert [(m["close"], m["closed"]) for m in body["messages"]] == [("1.15", True), ("1.16", True), ("1.17", False)]
    assert [m["close"] for m in (await answer(get, f"{path}&limit=2"))[1]["messages"]] == ["1.16", "1.17"]
    current = (await answer(get, "/v1/snapshot?channel=bars&interval=1m&symbols=sim:BTC-USDT"))[1]["messages"]
    assert [m["type"] for m in current] == ["status", "bar"]
    assert current[1] == body["messages"][2]
    assert (await answer(get, "/v1/bars?symbol=sim:ETH-USDT&interval=1m"))[1]["messages"] == []


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("interval=1m", 400, "symbol: say which"),
        ("symbol=sim:BTC-USDT", 400, "interval: bars need one of 1m, 5m, 1h, 1d"),
        ("symbol=sim:BTC-USDT&interval=1w", 404, "interval: no such one"),
        ("symbol=sim:BTC-USD&interval=1m", 404, "did you mean sim:BTC-USDT?"),
        ("symbol=sim:BTC-USDT&interval=1m&limit=0", 400, "limit: a number from 1 to 1000"),
        ("symbol=sim:BTC-USDT&interval=1m&limit=1001", 400, "limit: "),
        ("symbol=sim:BTC-USDT&interval=1m&limit=many", 400, "limit: "),
        ("symbol=sim:BTC-USDT&interval=1m&since=1", 400, "since: not offered"),
    ],
)
async def test_bars_that_cannot_be_had(get: Get, query: str, status: int, reason: str) -> None:
    code, body = await answer(get, f"/v1/bars?{query}")
    assert (code, body["code"]) == (status, status)
    assert reason in body["reason"]


async def test_the_directory(get: Get) -> None:
    status, body = await answer(get, "/v1/symbols?match=*:BTC-*")
    assert (status, body["next"]) == (200, None)
    assert body["messages"] == [
        {
            "symbol": "sim:BTC-USDT",
            "venue": "sim",
            "kind": "unknown",
            "channels": ["ticker", "quotes", "trades", "bars", "stats", "status"],
            "price_increment": None,
            "size_increment": None,
            "state": "live",
        }
    ]
    assert len((await answer(get, "/v1/symbols"))[1]["messages"]) == 3
    assert (await answer(get, "/v1/symbols?match=*****"))[0] == 400
    assert (await answer(get, "/v1/symbols?limit=5"))[0] == 400


async def test_the_status_lists_feeds_and_symbols_that_cannot_be_relied_on(get: Get) -> None:
    assert (await answer(get, "/v1/status?symbols=*"))[0] == 400
    status, body = await answer(get, "/v1/status")
    assert (status, body["state"], body["time"]) == (200, "starting", "2026-08-09T21:05:48.000000000Z")
    assert [feed["feed"] for feed in body["feeds"]] == ["sim"]
    assert [(m["symbol"], m["state"]) for m in body["symbols"]] == [
        ("sim:ETH-USDT", "unknown"),
        ("sim:SOL-USDT", "unknown"),
    ]


@pytest.mark.parametrize(("state", "status"), [("starting", 503), ("ready", 200), ("draining", 503)])
async def test_readiness(get: Get, readiness: Readiness, state: Any, status: int) -> None:
    readiness.state = state
    response = await get("/readyz")
    assert (response.status, await response.text()) == (status, f"{state}\n")
    assert (await get("/healthz")).status == 200


async def test_the_index_says_what_there_is(get: Get) -> None:
    text = await (await get("/")).text()
    for path in ("/v1/ws", "/v1/sse", "/v1/snapshot", "/v1/trades", "/v1/symbols", "/v1/status", "/metrics", "/docs/"):
        assert path in text
