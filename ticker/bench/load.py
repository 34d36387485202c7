"""A load generator: a process of many clients that subscribe and count. `python -m ticker.bench.load JOB.json`.

It is a process of its own so that what it costs is not taken for the service's, and so that there can be several.
"""

import asyncio
import gc
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import assert_never, cast

import msgspec
import uvloop

from ticker import files
from ticker.bench import handshake
from ticker.bench.clients import CLOSED, Reader, Subscribing, connected
from ticker.bench.counting import Tally
from ticker.bench.errors import BenchError
from ticker.bench.messages import Command, Done, Failed, Job, Measured, Progress, Reply
from ticker.bench.plan import deal

HANDSHAKES_AT_ONCE = 32
PROGRESS_EACH = 50  # clients

Say = Callable[[Reply], None]


class Load:
    """The clients of one job. `say` tells how far it is."""

    def __init__(self, job: Job, say: Say) -> None:
        self._job = job
        self._say = say
        self._tally = Tally(time.time_ns, random.random)
        self._hands = deal(job.symbols, job.per_client, random.Random(job.seed))
        self._readers: list[tuple[asyncio.Transport, Reader]] = []
        self._slow: list[asyncio.Transport] = []
        self._closed = 0
        self._started = (0.0, 0.0)  # monotonic and processor time

    async def do(self, command: Command) -> Reply:
        """Carry out a command. Raises BenchError where that cannot be done."""
        match command:
            case "start":
                pass  # that it is answered says that the process is up
            case "connect":
                await self._connect()
            case "subscribe":
                await self._subscribe()
            case "measure":
                self._measure()
            case "report":
                return self._report()
            case _:
                assert_never(command)
        return Done()

    def end(self) -> None:
        """Let go of all connections."""
        for transport in [*self._slow, *(transport for transport, _ in self._readers)]:
            transport.abort()

    async def _connect(self) -> None:
        job = self._job
        turns = iter([False] * job.readers + [True] * job.slow)
        request = handshake.upgrade(job.address)

        async def open_some() -> None:
            for slow in turns:
                transport = await connected(job.address.host, job.address.port, request, slow=slow)
                self._add(transport, slow=slow)

        await asyncio.gather(*(open_some() for _ in range(HANDSHAKES_AT_ONCE)))

    def _add(self, transport: asyncio.Transport, *, slow: bool) -> None:
        if slow:
            transport.pause_reading()
            self._slow.append(transport)
        else:
            reader = Reader(transport, self._tally, self._lose)
            transport.set_protocol(reader)
            self._readers.append((transport, reader))
        self._progress(len(self._readers) + len(self._slow))

    async def _subscribe(self) -> None:
        waiting = [self._ask(transport, reader) for transport, reader in self._readers]
        for transport in self._slow:
            transport.writelines(self._requests())
        for number, (transport, reader) in enumerate(self._readers):
            await waiting[number].synced
            transport.set_protocol(reader)
            self._progress(number + 1)
        if self._closed:
            raise BenchError(CLOSED)
        gc.disable()  # a pause of ours would be taken for the service's; what we make from here on has no cycles

    def _ask(self, transport: asyncio.Transport, reader: Reader) -> Subscribing:
        if transport.is_closing():
            raise BenchError(CLOSED)
        requests = self._requests()
        subscribing = Subscribing(reader, len(requests))
        transport.set_protocol(subscribing)
        transport.writelines(requests)
        return subscribing

    def _requests(self) -> list[bytes]:
        return list(handshake.subscriptions(next(self._hands)))

    def _measure(self) -> None:
        self._tally.start_over()
        self._started = (time.monotonic(), time.process_time())

    def _report(self) -> Measured:
        at, cpu_s = self._started
        tally = self._tally
        return Measured(
            seconds=time.monotonic() - at,
            updates=tally.updates,
            bytes=tally.bytes,
            delays=dict(tally.delays.counts),
            longest_us=tally.delays.longest_us,
            cpu_s=time.process_time() - cpu_s,
            closed=self._closed,
        )

    def _lose(self) -> None:
        self._closed += 1

    def _progress(self, clients: int) -> None:
        if clients % PROGRESS_EACH == 0:
            self._say(Progress(clients))


async def work(job: Job, say: Say) -> None:
    """Carry out the commands on stdin until it ends, or one fails."""
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    load = Load(job, say)
    try:
        while line := await commands.readline():
            say(await load.do(cast(Command, line.decode().strip())))
    except BenchError as error:
        say(Failed(str(error)))
    finally:
        load.end()


def main() -> None:
    """Run the process."""
    files.raise_limit()
    job = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Job)
    encoder = msgspec.json.Encoder()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work(job, lambda reply: print(encoder.encode(reply).decode(), flush=True)))  # noqa: T201


if __name__ == "__main__":
    main()
