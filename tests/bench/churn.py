"""Clients that come and go: the load of a soak, in a process of its own. `python -m tests.bench.churn PORT SECONDS`.

It ends by itself when the time is over, and says in JSON what it did.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import aiohttp
import orjson

from tests.bench.wishes import Wishes
from ticker.bench import handshake
from ticker.bench.clients import Reader, connected
from ticker.bench.counting import Tally
from ticker.bench.errors import BenchError
from ticker.bench.messages import Address

HOST = "127.0.0.1"
CLIENTS = 100  # at any time
HERD, HERD_EACH_S = 50, 15.0  # so many more come at once, take the big snapshot, and are cut off together
FAILED = "failed:"  # begins the count of what clients could not do
STALL_S = (1.0, 5.0)
GONE_S = 5.0  # for the service to end a connection after our goodbye
GOODBYE = b"\x88\x82" + handshake.NO_MASK + (1000).to_bytes(2, "big")
BINARY = b"\x82\x81" + handshake.NO_MASK + b"x"
REST_PAUSE_S = 0.05
REST = ("/v1/symbols", "/v1/status", "/metrics", "/readyz", "/v1/snapshot?channel=trades&channel=stats&symbols=sim:*")


class Client:
    """One connection, which reads as fast as it can unless it is told to stall."""

    def __init__(self, transport: asyncio.Transport, tally: Tally) -> None:
        self.gone = asyncio.Event()
        self._transport = transport
        transport.set_protocol(Reader(transport, tally, self.gone.set))

    def say(self, request: dict[str, object] | bytes) -> None:
        """Send a request, or bytes that are none."""
        frame = request if isinstance(request, bytes) else handshake.text_frame(orjson.dumps(request))
        if not self._transport.is_closing():
            self._transport.write(frame)

    async def stall(self, seconds: float) -> None:
        """Read nothing for a while."""
        self._transport.pause_reading()
        await asyncio.sleep(seconds)
        if not self._transport.is_closing():
            self._transport.resume_reading()

    async def leave(self) -> None:
        """Say goodbye, and wait for the service to end it."""
        self.say(GOODBYE)
        async with asyncio.timeout(GONE_S):
            await self.gone.wait()

    def cut(self) -> None:
        """Vanish, with a reset where data is unread."""
        self._transport.abort()


class Churn:
    """All the clients of one service. `deadline_s` is how long it waits for a stalled client to take anything."""

    def __init__(self, address: Address, wishes: Wishes, deadline_s: float) -> None:
        self.did: Counter[str] = Counter()
        self._address = address
        self._wishes = wishes
        self._deadline_s = deadline_s
        self._tally = Tally(time.time_ns, random.random)
        self._upgrade = handshake.upgrade(address)
        self._manners: dict[Callable[[], Awaitable[None]], int] = {
            self._browse: 70,
            self._stall: 15,
            self._fall_asleep: 5,
            self._misbehave: 5,
            self._give_up_at_the_door: 5,
        }

    async def run(self, seconds: float) -> None:
        """Keep it going for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                for _ in range(CLIENTS):
                    group.create_task(self._come_and_go())
                group.create_task(self._herds())
                group.create_task(self._ask_over_http())
        self.did["updates"], self.did["bytes"] = self._tally.updates, self._tally.bytes

    async def _come_and_go(self) -> None:
        """One after the other, each with manners of its own."""
        manners, weights = list(self._manners), list(self._manners.values())
        while True:
            try:
                await random.choices(manners, weights)[0]()
            except (BenchError, OSError, TimeoutError) as error:
                self.did[f"{FAILED} {str(error) or type(error).__name__}"] += 1
            await asyncio.sleep(random.uniform(0, 0.5))

    async def _open(self, *, slow: bool = False) -> Client:
        transport = await connected(self._address.host, self._address.port, self._upgrade, slow=slow)
        self.did["connected"] += 1
        return Client(transport, self._tally)

    async def _browse(self) -> None:
        """Subscribe to this and that, change one's mind, and go, politely or not."""
        client = await self._open()
        try:
            for _ in range(random.randint(1, 8)):
                client.say(self._wishes.any())
                await asyncio.sleep(random.uniform(0.1, 1.5))
            if random.random() < 0.5:
                await client.leave()
                self.did["left"] += 1
            else:
                self.did["cut off"] += 1
        finally:
            client.cut()

    async def _stall(self) -> None:
        """Stall and drain, more than once."""
        client = await self._open(slow=True)
        try:
            client.say(self._wishes.much())
            for _ in range(random.randint(1, 3)):
                await client.stall(random.uniform(*STALL_S))
                self.did["stalled"] += 1
                client.say(self._wishes.any())
                await asyncio.sleep(random.uniform(0.2, 1))
        finally:
            client.cut()

    async def _fall_asleep(self) -> None:
        """Never read again: the service has to evict this one."""
        client = await self._open(slow=True)
        try:
            client.say(self._wishes.much())
            client.say(self._wishes.all_trades())
            await client.stall(self._deadline_s * 1.5)
            self.did["slept"] += 1
        finally:
            client.cut()

    async def _misbehave(self) -> None:
        """Say what no client should, and be thrown out in the end."""
        client = await self._open()
        try:
            client.say(self._wishes.any())
            client.say(handshake.text_frame(b'{"op": "subscribe", "channel": "quotes", "symbols": ["*", '))
            client.say(handshake.text_frame(b'{"op": "nonsense", "id": {}}'))
            client.say(random.choice((BINARY, handshake.text_frame(b"\xff\xfe"), b"\xff" * 20)))
            async with asyncio.timeout(GONE_S):
                await client.gone.wait()
            self.did["thrown out"] += 1
        finally:
            client.cut()

    async def _give_up_at_the_door(self) -> None:
        """Be gone before, or just when, the handshake is over."""
        _, writer = await asyncio.open_connection(self._address.host, self._address.port)
        writer.write(self._upgrade[: random.choice((40, -2, len(self._upgrade)))])
        await asyncio.sleep(random.uniform(0, 0.1))
        writer.transport.abort()
        self.did["gave up"] += 1

    async def _herds(self) -> None:
        while True:
            await asyncio.sleep(HERD_EACH_S)
            clients = await asyncio.gather(*(self._open() for _ in range(HERD)), return_exceptions=True)
            herd = [client for client in clients if isinstance(client, Client)]
            for client in herd:
                client.say(self._wishes.much())
            await asyncio.sleep(random.uniform(0.05, 1))
            for client in herd:
                client.cut()
            self.did["herds"] += 1

    async def _ask_over_http(self) -> None:
        """Snapshots with and without a tag, the directory, metrics."""
        tags: dict[str, str] = {}
        async with aiohttp.ClientSession(f"http://{self._address.netloc}") as session:
            while True:
                path = random.choice([*REST, *self._wishes.snapshots()])
                condition = {"If-None-Match": tags[path]} if path in tags else {}
                async with session.get(path, headers=condition) as answer:
                    self.did[f"HTTP {answer.status}"] += 1
                    if random.random() < 0.9:  # else the connection is cut in the middle of an answer
                        await answer.read()
                    if "ETag" in answer.headers:
                        tags[path] = answer.headers["ETag"]
                await asyncio.sleep(REST_PAUSE_S)


async def offered_rates(address: Address) -> Sequence[float]:
    """The delivery rates that the service offers."""
    async with aiohttp.ClientSession() as session, session.ws_connect(f"ws://{address.netloc}{address.path}") as ws:
        rates: list[float] = (await ws.receive_json())["rates"]
        return rates


async def work(port: int, seconds: float, symbols: int, deadline_s: float) -> Counter[str]:
    """Churn for so long; what was done, by name."""
    address = Address(HOST, port)
    churn = Churn(address, Wishes(symbols, await offered_rates(address)), deadline_s)
    await churn.run(seconds)
    return churn.did


def main() -> None:
    """Run the process."""
    port, seconds, symbols, deadline_s = sys.argv[1:]
    did = asyncio.run(work(int(port), float(seconds), int(symbols), float(deadline_s)))
    print(json.dumps(did))  # noqa: T201


if __name__ == "__main__":
    main()
