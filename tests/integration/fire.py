"""Resume under fire: clients of both transports that are cut again and again, beside one that never is."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median

from tests.integration import stepped
from tests.integration.scissors import Scissors
from tests.integration.service import Service, table
from tests.integration.tape import PATTERN, Tape, over_sse, over_websocket
from tests.ticker.driving import Listening, RawClient, raw_client

SYMBOLS = 5
REWINDS = 0.3  # this share of resumes
Wait = Callable[[], Awaitable[None]]
Open = Callable[[Listening, str], AbstractAsyncContextManager[RawClient]]


def feed(rate: float) -> str:
    """The stanza of the seeded feed, which has so many trades per second."""
    return table("[[feeds]]", name="sim", adapter="simulated", symbols=SYMBOLS, rate=rate, seed=3, channels=["trades"])


def program(ahead_s: int) -> tuple[str, ...]:
    """What a Service runs in place of the `ticker` module."""
    return stepped.__name__, str(ahead_s)


@contextlib.asynccontextmanager
async def stepping(directory: Path, *stanzas: str) -> AsyncIterator[Service]:
    """A service whose wall clock can be stepped, once it is ready."""
    service = Service(directory, *stanzas)
    service.program = program(0)
    service.start()
    try:
        await asyncio.to_thread(service.wait_until_ready)
        yield service
    finally:
        service.kill()
    assert "Traceback" not in service.log, service.log


TRANSPORTS: Mapping[str, Open] = {"websocket": over_websocket, "sse": over_sse}


@dataclass
class Cuts:
    """What the cuts of a client have met."""

    made: int = 0
    in_handshake: int = 0
    in_snapshot: int = 0
    in_frame: int = 0
    away_ms: tuple[float, float] = (0.0, 0.0)  # usually (the median), and at most


@dataclass
class Found:
    """What a client that was cut had in the end. Without differences that is what the other had."""

    cuts: Cuts = field(default_factory=Cuts)
    trades: int = 0
    gaps: Counter[str] = field(default_factory=Counter)  # by reason
    differences: list[str] = field(default_factory=list)


class Client:
    """One that is cut."""

    def __init__(self, open_: Open, scissors: Scissors, tape: Tape) -> None:
        self._open = open_
        self._scissors = scissors
        self._random = Random(scissors.seed)
        self.tape = tape
        self.cuts = Cuts()

    async def stand_it(self, wait: Wait) -> None:
        """Come back as soon as the connection is gone, until all cuts were made, and then stay for some time."""
        while not self._scissors.done:
            since = self.tape.connect(rewind=self._random.random() < REWINDS)
            try:
                async with self._open(self._scissors, since) as client:
                    await self._read(client)
            except ConnectionError:
                self.cuts.in_handshake += 1
        self.cuts.made = self._scissors.made
        away = self._scissors.away_s
        self.cuts.away_ms = median(away) * 1000, max(away) * 1000
        async with self._open(self._scissors, self.tape.connect()) as client, following(client, self.tape):
            await self.tape.until(lambda: self.tape.synced, "the last resume to be over")
            await wait()

    async def _read(self, client: RawClient) -> None:
        while not client.ended:
            await self.tape.read(client)
        self.cuts.in_frame += client.torn
        self.cuts.in_snapshot += not self.tape.synced


@contextlib.asynccontextmanager
async def following(client: RawClient, tape: Tape) -> AsyncIterator[None]:
    """Takes all that comes, until the end of the block. The connection must last as long."""

    async def follow() -> None:
        while not client.ended:
            await tape.read(client)
        raise AssertionError("cut, and not by us")

    async with asyncio.TaskGroup() as group:
        reading = group.create_task(follow())
        yield
        reading.cancel()


async def under_fire(
    service: Listening,
    cuts: int,
    bytes_between: Mapping[str, float],
    *,
    since: str | None = None,
    at_half: Wait | None = None,
    wait: Wait | None = None,
) -> dict[str, Found]:
    """What clients have in the end that are cut so many times, beside one that never is.

    There is one for each transport, whose cuts are so many bytes apart on average. They begin with `since`, None: now.
    `at_half` is done once half of the cuts were made; all stay connected in the end until `wait` is over.
    """
    async with contextlib.AsyncExitStack() as stack:
        witness = await stack.enter_async_context(raw_client(service))
        since = since or str((await witness.message(type="welcome"))["time"])
        await witness.ask(op="subscribe", channel="trades", symbols=[PATTERN], since=since)
        whole = Tape(since)
        await stack.enter_async_context(following(witness, whole))
        scissors = {
            name: await stack.enter_async_context(Scissors(service.port, cuts, mean))
            for name, mean in bytes_between.items()
        }
        clients = {name: Client(TRANSPORTS[name], way, Tape(since)) for name, way in scissors.items()}
        async with asyncio.TaskGroup() as group:
            for client in clients.values():
                group.create_task(client.stand_it(wait or _nothing))
            for way in scissors.values():
                await way.until(cuts // 2)
            await (at_half or _nothing)()
        lasts = [next(reversed(client.tape.trades)) for client in clients.values()]
        await whole.until(lambda: all(last in whole.trades for last in lasts), "what the others have")
        return {name: compared(client, whole) for name, client in clients.items()}


async def _nothing() -> None:
    """Where there is nothing to do, or to wait for."""


def compared(client: Client, whole: Tape) -> Found:
    """What a client has, and where that is not what the one has that was never cut."""
    seen, expected = list(client.tape.trades.values()), list(whole.trades.values())[: len(client.tape.trades)]
    differences = [f"{a} in place of {b}" for a, b in zip(seen, expected, strict=True) if a != b]
    differences += [f"no word of {gap}" for gap in whole.gaps if gap not in client.tape.gaps]
    return Found(client.cuts, len(seen), Counter(gap["reason"] for gap in client.tape.gaps), differences)
