"""The service that is measured: started for the purpose and ended with it, and asked what it says of itself."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp

from ticker.bench.errors import BenchError
from ticker.bench.messages import Address
from ticker.bench.plan import Plan, Simulation
from ticker.bench.readings import Reading, quoted_symbols, reading

HOST = "127.0.0.1"
READY_S = 30.0
POLL_S = 0.05
STOP_S = 10.0
ANSWER_S = 30.0  # a service under more load than it holds answers late
LOG_LINES = 5  # shown of a service that failed


class Watched:
    """A service's HTTP side."""

    def __init__(self, address: Address, session: aiohttp.ClientSession) -> None:
        self._base = f"http://{address.netloc}"
        self._session = session

    async def symbols(self) -> list[str]:
        """The symbols that have quotes."""
        return quoted_symbols(await self._get("/v1/symbols"))

    async def reading(self) -> Reading:
        """Its counts as they are now."""
        exposition = await self._get("/metrics")
        return reading(exposition, time.monotonic())

    async def is_ready(self) -> bool:
        """Whether it wants clients."""
        try:
            async with self._session.get(self._base + "/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def _get(self, path: str) -> str:
        try:
            async with self._session.get(self._base + path) as answer:
                if answer.status != 200:
                    raise BenchError(f"{self._base}{path} answers {answer.status}; is this a ticker?")
                return await answer.text()
        except TimeoutError:
            raise BenchError(f"{self._base}{path} did not answer within {ANSWER_S:g} s; ask for less") from None
        except aiohttp.ClientConnectorError:
            raise BenchError(f"nothing listens at {self._base}: is the service running?") from None
        except aiohttp.ClientError as error:
            raise BenchError(f"cannot read {self._base}{path}: {error}") from error


@asynccontextmanager
async def watching(address: Address) -> AsyncIterator[Watched]:
    """A service's HTTP side, until the end of the block."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S)) as session:
        yield Watched(address, session)


@asynccontextmanager
async def serving(plan: Plan, market: Simulation, directory: Path) -> AsyncIterator[Address]:
    """A service of our own that is ready for clients, until the end of the block.

    Raises BenchError with what it logged last where it does not start, or ends too soon.
    """
    address = Address(HOST, _free_port())
    config, log = directory / "ticker.toml", directory / "ticker.log"
    config.write_text(configuration(plan, market, address.port))
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "ticker", "serve", "--config", str(config)),
            env={name: value for name, value in os.environ.items() if not name.startswith("TICKER_")},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us alone: we end the service when its clients are gone
        )
    try:
        await _until_ready(process, address, log)
        with _blaming(process, log):
            yield address
    finally:
        await _end(process)


def configuration(plan: Plan, market: Simulation, port: int) -> str:
    """The settings of a service that admits what is planned, and is as configured by default in all else."""
    return (
        f'[server]\nhost = "{HOST}"\nport = {port}\n'
        f"[limits]\nclients = {plan.clients}\nsymbols_per_client = {market.symbols}\n"
        # however seldom a symbol changes, no status but the first is sent: it would be counted as an update
        "[freshness]\nquiet_s = 86400\n"
        "[drain]\nwait_s = 0\n"
        f'[[feeds]]\nname = "bench"\nadapter = "simulated"\nchannels = ["quotes"]\n'
        f"symbols = {market.symbols}\nrate = {market.rate}\n"
    )


def last_lines(log: Path) -> str:
    """The end of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:]) or "(it logged nothing)"


@contextmanager
def _blaming(process: asyncio.subprocess.Process, log: Path) -> Iterator[None]:
    """Where something fails because the service is gone, say that instead."""
    try:
        yield
    except BenchError as error:
        if process.returncode is None:
            raise
        raise BenchError(f"the service ended by itself:\n{last_lines(log)}") from error


async def _until_ready(process: asyncio.subprocess.Process, address: Address, log: Path) -> None:
    try:
        async with asyncio.timeout(READY_S), watching(address) as watched:
            while not await watched.is_ready():
                if process.returncode is not None:
                    raise BenchError(f"the service did not start:\n{last_lines(log)}")
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise BenchError(f"the service was not ready within {READY_S:g} s:\n{last_lines(log)}") from None


async def _end(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, and SIGKILL where that does not help."""
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind((HOST, 0))
        port: int = trial.getsockname()[1]
        return port
