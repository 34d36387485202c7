"""The load generators' processes, as seen from outside: commanded all at once, and ended with the measurement."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec

from ticker.bench.errors import BenchError
from ticker.bench.messages import Command, Done, Failed, Job, Measured, Progress, Reply

LINE_MOST = 1_048_576  # bytes of an answer; a histogram takes some 10,000

Told = Callable[[int], None]  # how many clients are done


class Generator:
    """One process."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log
        self._replies: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)

    async def do(self, command: Command, told: Told) -> Done | Measured:
        """Have a command carried out. Raises BenchError where that fails."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())
        while True:
            match await self._reply():
                case Progress(clients):
                    told(clients)
                case Failed(reason):
                    raise BenchError(reason)
                case reply:
                    return reply

    async def end(self) -> None:
        """End the process, which holds nothing that would have to be saved."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def _reply(self) -> Reply:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            last = self._log.read_text(errors="replace").strip().rpartition("\n")[2]
            raise BenchError(f"a load generator ended by itself: {last or 'it did not say why'}")
        return self._replies.decode(line)


class Generators:
    """All of them."""

    def __init__(self, members: Sequence[Generator]) -> None:
        self._members = members

    async def do(self, command: Command, within_s: float, told: Told) -> list[Measured]:
        """Have a command carried out by all at once; what they measured, if that was the command.

        Raises BenchError where one fails, or when the time is over.
        """
        clients = [0] * len(self._members)

        def tell(index: int, done: int) -> None:
            clients[index] = done
            told(sum(clients))

        asked = [member.do(command, partial(tell, index)) for index, member in enumerate(self._members)]
        try:
            async with asyncio.timeout(within_s):
                replies = await asyncio.gather(*asked)
        except TimeoutError:
            raise BenchError(f"the clients' {command} took more than {within_s:g} s; ask for less") from None
        return [reply for reply in replies if isinstance(reply, Measured)]


@asynccontextmanager
async def generating(jobs: Sequence[Job], directory: Path) -> AsyncIterator[Generators]:
    """A generator for each job, until the end of the block. Their jobs and logs are put into `directory`."""
    members: list[Generator] = []
    try:
        for index, job in enumerate(jobs):
            members.append(await _start(job, directory / f"generator-{index}"))
        yield Generators(members)
    finally:
        await asyncio.gather(*(member.end() for member in members))


async def _start(job: Job, path: Path) -> Generator:
    order, log = path.with_suffix(".json"), path.with_suffix(".log")
    order.write_bytes(msgspec.json.encode(job))
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "ticker.bench.load", str(order)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            limit=LINE_MOST,
            start_new_session=True,  # Ctrl-C is for us alone: we end the others in order
        )
    return Generator(process, log)
