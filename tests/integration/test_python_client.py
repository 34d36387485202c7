"""The Python client against the real service: every channel, and a service that is killed or restarts."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from tests.integration import simulated
from tests.integration.relay import Relay
from tests.integration.service import Service, serving, table
from tests.waiting import DEADLINE_S
from ticker.client import (
    Bar,
    Client,
    Connected,
    Gap,
    Lost,
    Quote,
    Rejected,
    Stats,
    Status,
    Stream,
    SubscribeError,
    Ticker,
    Trade,
    Update,
    connect,
)

T = TypeVar("T", bound=Update)

SYMBOL = simulated.LIVELY[0]
FEED = table("[[feeds]]", name="sim", adapter="simulated", symbols=["BTC-USDT", "ETH-USDT"], rate=1_000)


async def first(
    stream: Stream, kind: type[T] | tuple[type[T], ...], condition: Callable[[T], bool] = lambda _: True
) -> T:
    """The next update of a type that a condition holds for; the others are dropped."""
    async with asyncio.timeout(DEADLINE_S):
        async for update in stream:
            if isinstance(update, kind) and condition(update):
                return update
    raise AssertionError(f"the stream ended before a {kind}")


@pytest.mark.parametrize(
    ("channel", "kind"), [("ticker", Ticker), ("quotes", Quote), ("trades", Trade), ("bars", Bar), ("stats", Stats)]
)
async def test_each_channel_comes_typed_after_its_status(service: Service, channel: str, kind: type[Update]) -> None:
    async with connect(service.websocket) as client:
        stream = client.subscribe(channel, SYMBOL, interval="1m" if kind is Bar else None)
        assert (await first(stream, Connected)).server.startswith("ticker/")
        status = await first(stream, Status)
        assert (status.symbol, status.state) == (SYMBOL, "live")
        update = await first(stream, kind)
        assert isinstance(update, Ticker | Quote | Trade | Bar | Stats)
        assert 0 <= client.age_s(update.received) < 5
        assert update.symbol == SYMBOL


async def test_several_subscriptions_share_one_connection(service: Service) -> None:
    before = await service.metric("ticker_client_connections_total")
    async with connect(service.websocket) as client:
        streams = [client.subscribe("quotes", "sim:*", max_rate=rate) for rate in (4, None)]
        streams.append(client.subscribe("status", simulated.DEAD))
        await asyncio.gather(*(first(stream, Status) for stream in streams))
        assert await service.metric("ticker_client_connections_total") == before + 1


async def test_what_the_service_refuses_is_said_in_its_words(service: Service) -> None:
    async with connect(service.websocket) as client:
        some = client.subscribe("quotes", SYMBOL, "sim:BTC-USDTT")
        assert (await first(some, Rejected)).reason == f"no such symbol; did you mean {SYMBOL}?"
        await first(some, Quote)
        for wrong, code in ((("quotes", "sim:NOPE"), 404), (("qutoes", "*"), 404), (("quotes", "many:*"), 413)):
            with pytest.raises(SubscribeError) as raised:
                await first(client.subscribe(*wrong), Quote)
            assert raised.value.code == code


async def test_a_subscription_that_ends_costs_the_service_nothing_more(service: Service) -> None:
    async with connect(service.websocket) as client:
        with client.subscribe("stats", "sim:*") as stats:
            await first(stats, Stats)
            await service.metric_reaches(1, "ticker_subscriptions", channel="stats", kind="pattern")
        rest = client.subscribe("quotes", SYMBOL)
        await first(rest, Quote)
        assert await service.metric("ticker_subscriptions", channel="stats", kind="pattern") == 0


async def consecutive(stream: Stream, number: int, then: Callable[[], None]) -> None:
    """So many trades, of each symbol without a hole; `then` is done after every tenth."""
    last: dict[str, int] = {}
    seen = 0
    async with asyncio.timeout(DEADLINE_S):
        while seen < number:
            update = await first(stream, (Trade, Gap))
            assert isinstance(update, Trade), update
            assert last.setdefault(update.symbol, update.seq - 1) == update.seq - 1
            last[update.symbol], seen = update.seq, seen + 1
            if seen % 10 == 0:
                then()


async def test_no_trade_is_lost_when_connections_are_cut_also_where_subscriptions_overlap(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, FEED) as service,
        Relay(service.port) as relay,
        Client(relay.url, uniform=lambda: 0.0) as client,
    ):
        one = client.subscribe("trades", "sim:BTC-USDT", snapshot=False)
        every = client.subscribe("trades", "sim:*")
        await asyncio.gather(consecutive(one, 100, relay.cut), consecutive(every, 150, lambda: None))


async def test_a_service_that_is_killed_and_started_again_goes_on(tmp_path: Path) -> None:
    async with serving(tmp_path, FEED) as service, Client(service.websocket, uniform=lambda: 0.05) as client:
        trades, quotes = client.subscribe("trades", "*"), client.subscribe("quotes", "*")
        old = await first(trades, Trade)
        await first(quotes, Quote)
        service.kill()
        assert (await first(quotes, Lost)).code in (None, 1006)
        service.start()
        await asyncio.to_thread(service.wait_until_ready)
        for stream in (trades, quotes):
            await first(stream, Connected)
        await first(quotes, Quote)
        gap = await first(trades, Gap, lambda gap: gap.symbol == old.symbol)
        assert gap.reason == "restart"
        assert (await first(trades, Trade)).epoch == gap.epoch != old.epoch


async def test_a_service_that_stops_says_when_to_come_back(tmp_path: Path) -> None:
    async with serving(tmp_path, FEED) as service, connect(service.websocket) as client:
        quotes = client.subscribe("quotes", "*")
        await first(quotes, Quote)
        service.signal(signal.SIGTERM)
        lost = await first(quotes, Lost)
        assert lost.reason == "the service restarts"
        assert 0.5 <= lost.retry_s <= 5
