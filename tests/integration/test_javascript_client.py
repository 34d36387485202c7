"""The JavaScript client against the real service: cut, stalled, restarted, hidden, and where WebSockets are blocked."""

from pathlib import Path

import pytest

from tests.integration import simulated
from tests.integration.javascript import Page, page
from tests.integration.relay import Relay
from tests.integration.service import Service, serving, table

SYMBOL = simulated.LIVELY[0]
FEED = table("[[feeds]]", name="sim", adapter="simulated", symbols=["BTC-USDT", "ETH-USDT"], rate=200)
TAPE = ("subscribe", "tape", "trades", SYMBOL)
ROW = ("subscribe", "row", "ticker", SYMBOL, {"maxRate": 10})
WAYS = [("open", "websocket"), ("blocked", "sse")]


async def trades(told: Page, more: int) -> None:
    """Returns once the page has had so many more trades, which are numbered by one."""
    newest = told.heard("tape", "trade")[-1]["seq"]
    await told.expect(type="trade", seq=newest + more)


def assert_whole(told: Page) -> None:
    """All trades have come once, and in order."""
    seqs = [trade["seq"] for trade in told.heard("tape", "trade")]
    assert seqs == list(range(seqs[0], seqs[-1] + 1))
    assert told.heard("tape", "gap") == []


async def test_what_a_page_subscribes_to_in_one_moment_is_one_request_over_one_connection(service: Service) -> None:
    connections = await service.metric("ticker_client_connections_total")
    requests = await service.metric("ticker_requests_total", op="subscribe")
    async with page(service.websocket) as told:
        told.do(*(("subscribe", symbol, "quotes", symbol) for symbol in simulated.LIVELY))
        for symbol in simulated.LIVELY:
            await told.expect(type="status", to=symbol, symbol=symbol, state="live")
            quote = await told.expect(type="quote", to=symbol, symbol=symbol)
            assert -50 < quote["age"] < 5_000
        assert {m["symbol"] for m in told.messages if m.get("to") == SYMBOL} == {SYMBOL}
        assert await service.metric("ticker_client_connections_total") == connections + 1
        assert await service.metric("ticker_requests_total", op="subscribe") == requests + 1


async def test_a_part_that_leaves_costs_the_service_nothing_more(service: Service) -> None:
    async with page(service.websocket) as told:
        told.do(("subscribe", "all", "stats", "sim:*"), ("subscribe", "one", "quotes", SYMBOL))
        await told.expect(type="stats")
        assert await service.metric("ticker_subscriptions", channel="stats", kind="pattern") == 1
        told.do(("close", "all"), ("get", "status"))
        await told.expect(type="answer")
        await told.next(type="quote")
        assert await service.metric("ticker_subscriptions", channel="stats", kind="pattern") == 0


async def test_names_that_the_service_has_not_are_told_with_what_was_meant(service: Service) -> None:
    async with page(service.websocket) as told:
        told.do(
            ("subscribe", "some", "quotes", [SYMBOL, "sim:BTC-USDTT"]), ("subscribe", "too many", "quotes", "many:*")
        )
        assert (await told.expect(type="error", code=404))["suggestion"] == SYMBOL
        await told.expect(type="error", code=413)
        await told.expect(type="quote", to="some")


async def test_what_can_be_asked_for_once_is_answered(service: Service) -> None:
    async with page(service.websocket) as told:
        told.do(("get", "symbols", {"match": "sim:BTC-*"}))
        assert (await told.expect(type="answer"))["messages"][0]["symbol"] == SYMBOL


@pytest.mark.parametrize(("websocket", "transport"), WAYS)
async def test_no_trade_is_lost_or_repeated_when_connections_are_cut(
    tmp_path: Path, websocket: str, transport: str
) -> None:
    async with (
        serving(tmp_path, FEED) as service,
        Relay(service.port) as relay,
        page(relay.url, websocket=websocket) as told,
    ):
        told.do(TAPE, ROW)
        assert (await told.expect(type="welcome"))["transport"] == transport
        await told.expect(type="trade")
        for _ in range(3):
            await trades(told, 100)
            relay.cut()
        await trades(told, 100)
        assert_whole(told)
        assert len([m for m in told.messages if m["type"] == "welcome"]) == 4


@pytest.mark.parametrize(("websocket", "transport"), WAYS)
async def test_a_restarted_service_is_found_again_and_the_gap_is_told(
    tmp_path: Path, websocket: str, transport: str
) -> None:
    async with serving(tmp_path, FEED) as service, page(service.websocket, websocket=websocket) as told:
        told.do(TAPE, ROW)
        await told.expect(type="trade")
        service.kill()
        await told.next(type="state")
        service.start()
        gap = await told.expect(type="gap", to="tape")
        assert (gap["reason"], gap["missed"]) == ("restart", None)
        await told.expect(type="state", state="live", transport=transport)
        await told.expect(type="ticker", to="row", snapshot=True)
        await told.expect(type="trade", epoch=gap["epoch"])


async def test_a_page_that_is_shown_again_on_a_dead_connection_is_back_in_seconds(tmp_path: Path) -> None:
    async with serving(tmp_path, FEED) as service, Relay(service.port) as relay, page(relay.url) as told:
        told.do(TAPE, ROW)
        await told.expect(type="trade")
        told.do(("page", "hide"))
        relay.stall()
        told.do(("page", "show"))
        await told.expect(type="state", state="waiting")
        await trades(told, 100)
        assert_whole(told)


async def test_a_hidden_page_costs_little_and_is_as_before_when_it_is_shown(tmp_path: Path) -> None:
    async with serving(tmp_path, FEED) as service, page(service.websocket, hiddenRate=0.5) as told:
        told.do(("subscribe", "row", "ticker", SYMBOL, {"maxRate": 50}))
        await told.jumps(lambda updates: updates < 30)
        told.do(("page", "hide"))
        await told.jumps(lambda updates: updates > 100)
        told.do(("page", "show"))
        await told.jumps(lambda updates: updates < 30)


async def test_a_websocket_that_opens_and_brings_nothing_is_left_for_a_stream(service: Service) -> None:
    async with page(service.websocket, websocket="mute") as told:
        told.do(ROW)
        assert (await told.expect(type="state", state="live"))["transport"] == "sse"
        await told.expect(type="ticker", to="row")


async def test_bars_come_with_their_past_and_change_with_each_trade(service: Service) -> None:
    async with page(service.websocket) as told:
        told.do(("subscribe", "chart", "bars", SYMBOL, {"interval": "1m", "snapshot": 100}))
        past = await told.expect(type="bar", to="chart", snapshot=True)
        await told.expect(type="bar", to="chart", closed=False)
        assert past["interval"] == "1m"
