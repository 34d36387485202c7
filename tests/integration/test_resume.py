"""Resume under fire: a client that is cut again and again has in the end the trades of one that never was."""

import asyncio
from pathlib import Path
from random import Random
from typing import Any

from tests.integration.service import Service, serving, table
from tests.ticker.driving import RawClient, raw_client

CUTS = 20
TRADES_PER_S = 500
FEED = table("[[feeds]]", name="sim", adapter="simulated", symbols=5, rate=TRADES_PER_S, seed=3, channels=["trades"])

Message = dict[str, Any]
Key = tuple[str, str, int]


class Tape:
    """The trades that a client has seen, in the order in which it first saw them, over all its connections."""

    def __init__(self, since: str) -> None:
        self.since = since
        self.trades: dict[Key, str] = {}
        self.gaps: list[Message] = []

    def take(self, messages: list[Message]) -> None:
        """What came on a connection."""
        for message in messages:
            if message["type"] == "gap":
                self.gaps.append(message)
            elif message["type"] == "trade":
                self.trades.setdefault((message["symbol"], message["epoch"], message["seq"]), message["trade_id"])
            else:
                continue
            self.since = message["received"]


async def resume(client: RawClient, since: str) -> None:
    """Ask for all trades from then on."""
    await client.ask(op="subscribe", channel="trades", symbols=["sim:*"], since=since)


async def frames(client: RawClient, enough: int) -> None:
    """Read until so many have come."""
    await client.until(lambda: len(client.frames) >= enough or None, f"{enough} frames")


async def be_cut(service: Service, tape: Tape, random: Random) -> None:
    """Come back as soon as the connection is gone, with what was seen last, and be cut wherever it happens to be."""
    for _ in range(CUTS):
        async with raw_client(service) as client:
            await resume(client, tape.since)
            await frames(client, random.randrange(120))
            await client.read(most=random.randrange(1, 400))
            client.cut()
            tape.take(client.messages)


async def test_a_client_that_is_cut_has_the_trades_of_one_that_never_was(tmp_path: Path) -> None:
    async with serving(tmp_path, FEED) as service, raw_client(service) as witness, raw_client(service) as last:
        since = (await witness.message(type="welcome"))["time"]
        await resume(witness, since)
        tape, whole = Tape(since), Tape(since)
        async with asyncio.TaskGroup() as group:
            cut = group.create_task(be_cut(service, tape, Random(20)))
            await witness.until(lambda: cut.done() or None, "the last cut")
        await resume(last, tape.since)
        await last.message(type="synced")
        tape.take(last.messages)
        symbol, _, seq = list(tape.trades)[-1]
        await witness.message(type="trade", symbol=symbol, seq=seq)
        whole.take(witness.messages)
        assert (tape.gaps, whole.gaps) == ([], [])
        seen, expected = list(tape.trades.items()), list(whole.trades.items())
        assert seen == expected[: len(seen)]
        assert len(seen) > CUTS * 10
        assert await service.metric("ticker_resumes_total", result="complete") > CUTS / 2
        assert await service.metric("ticker_gaps_total") == 0
