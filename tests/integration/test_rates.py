"""A rate for each subscription, over a real socket: fifty quotes a second, of which a client wants fewer."""

from datetime import datetime
from itertools import pairwise
from pathlib import Path

from tests.integration.client import Client, Message, connected
from tests.integration.service import serving, table

BTC = "sim:BTC-USDT"
FEED = table("[[feeds]]", name="sim", adapter="simulated", symbols=["BTC-USDT"], channels=["quotes"], rate=50)


async def live(client: Client, count: int) -> list[Message]:
    """The next live quotes."""
    begin = len(client.of("quote"))
    await client.more("quote", BTC, count)
    quotes = client.of("quote")[begin : begin + count]
    assert not any("snapshot" in quote for quote in quotes)
    return quotes


def jumps(quotes: list[Message]) -> list[int]:
    """How many updates each quote stands for, the first one left out."""
    return [later["seq"] - earlier["seq"] for earlier, later in pairwise(quotes)]


def are_thinned(quotes: list[Message]) -> bool:
    """Whether many were merged away, of which a busy machine may make more of one quote and less of the next."""
    return sum(jumps(quotes)) >= 4 * (len(quotes) - 1)


def seconds(quotes: list[Message]) -> float:
    """From the first to the last, by the time at which the service received them."""
    first, last = (datetime.fromisoformat(quotes[place]["received"]) for place in (0, -1))
    return (last - first).total_seconds()


async def test_fifty_quotes_a_second_are_thinned_to_four(tmp_path: Path) -> None:
    async with serving(tmp_path, FEED) as service, connected(service) as client, connected(service) as other:
        ack = await client.subscribe("quotes", BTC, max_rate=4.9)
        assert ack["max_rate"] == 4
        await other.subscribe("quotes", BTC)
        thinned = await live(client, 6)
        assert seconds(thinned[1:]) > 0.6, "four periods of 250 ms, less what a busy machine's timers are late"
        assert are_thinned(thinned[1:])
        assert set(jumps(await live(other, 50))) == {1}
        assert await service.metric("ticker_updates_conflated_total", channel="quotes", cause="rate") >= 10


async def test_a_rate_changes_while_it_runs(tmp_path: Path) -> None:
    async with serving(tmp_path, FEED) as service, connected(service) as client:
        await client.subscribe("quotes", BTC, max_rate=4)
        await live(client, 3)
        assert (await client.subscribe("quotes", BTC, max_rate=None))["max_rate"] is None
        assert set(jumps(await live(client, 20))) == {1}
        assert (await client.subscribe("quotes", BTC, max_rate=4))["max_rate"] == 4
        assert are_thinned((await live(client, 4))[1:])
        await client.subscribe("quotes", "sim:*", max_rate=None, snapshot=False)
        assert are_thinned((await live(client, 4))[1:]), "the exact name decides"
        await client.request("unsubscribe", channel="quotes", symbols=[BTC])
        assert set(jumps((await live(client, 20))[1:])) == {1}
        [subscription] = (await client.request("list"))["subscriptions"]
        assert (subscription["symbols"], subscription["max_rate"]) == (["sim:*"], None)
        assert sum("snapshot" in quote for quote in client.of("quote")) == 1


async def test_the_rates_on_offer_are_a_setting(tmp_path: Path) -> None:
    rates = table("[fanout]", rates=[1, 2.5, 5], ticker_rate=2.5)
    async with serving(tmp_path, rates, FEED) as service, connected(service) as client:
        assert client.messages[0]["rates"] == [5, 2.5, 1]
        assert (await client.subscribe("ticker", BTC))["max_rate"] == 2.5
        assert (await client.subscribe("quotes", BTC, max_rate=100))["max_rate"] == 5
        error = await client.mistake("subscribe", channel="quotes", symbols=[BTC], max_rate=0)
        assert (error["code"], "max_rate" in error["reason"], "5 to 1" in error["reason"]) == (400, True, True)
