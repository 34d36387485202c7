"""A client that does not read gets slower, costs a bounded amount of memory, and is told what it missed."""

from itertools import pairwise
from pathlib import Path

from tests.integration.client import Client, connected
from tests.integration.service import Service, serving, table

SYMBOLS = 20
QUEUE = 50
BUSY = table("[[feeds]]", name="sim", adapter="simulated", symbols=SYMBOLS, rate=10_000)


async def stall(service: Service, client: Client) -> None:
    """Subscribes to everything and reads nothing, until the service has noticed and its queue has run over."""
    for channel in ("quotes", "trades"):
        await client.request("subscribe", channel=channel, symbols=["sim:*"])
    await service.metric_reaches(1, "ticker_slow_clients")
    await service.metric_reaches(1, "ticker_events_lost_total", reason="slow_consumer")


async def test_it_gets_the_newest_and_what_it_missed_is_announced(tmp_path: Path) -> None:
    fanout = table("[fanout]", slow_queue_messages=QUEUE)
    async with (
        serving(tmp_path, fanout, BUSY) as service,
        connected(service, max_queue=1) as client,
        connected(service) as witness,
    ):
        await stall(service, client)
        assert await service.metric("ticker_queued_events") <= QUEUE
        await witness.subscribe("quotes", "sim:SYM0")
        await witness.more("quote", "sim:SYM0")
        await client.expect("gap", reason="slow_consumer")
        await client.request("unsubscribe", channel="quotes")
        await client.request("unsubscribe", channel="trades")
        for number in range(SYMBOLS):
            assert_told_without_a_hole(client, f"sim:SYM{number}")


def assert_told_without_a_hole(client: Client, symbol: str) -> None:
    """Each trade came or stands in a gap, in order; quotes never went back."""
    told = [m for m in client.messages if m.get("symbol") == symbol and m["type"] in ("trade", "gap")]
    spans = [(m["seq"], m["seq"]) if m["type"] == "trade" else (m["from_seq"], m["to_seq"]) for m in told]
    for (_, before), (after, _) in pairwise(spans):
        assert after == before + 1, (symbol, spans)
    assert all(m["missed"] == m["to_seq"] - m["from_seq"] + 1 for m in told if m["type"] == "gap")
    quotes = client.values("quote", symbol, "seq")
    assert quotes == sorted(quotes)


async def test_one_that_never_reads_again_is_closed(tmp_path: Path) -> None:
    fanout = table("[fanout]", write_deadline_s=1)
    async with serving(tmp_path, fanout, BUSY) as service, connected(service, max_queue=1) as client:
        await client.request("subscribe", channel="quotes", symbols=["sim:*"])
        await service.metric_reaches(1, "ticker_client_closes_total", code="4008")
        assert await service.metric("ticker_clients") == 0
        assert await service.metric("ticker_slow_clients") == 0
