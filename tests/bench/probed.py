"""A service whose event loop is watched, in a process of its own, until the end of a block."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from tests.bench.held import Hold
from tests.integration.service import free_port, table
from tests.requires import ROOT
from ticker.bench.messages import Address
from ticker.bench.service import last_lines, watching

HOST = "127.0.0.1"
READY_S, ANSWER_S, STOP_S = 30.0, 30.0, 15.0
POLL_S = 0.05


class Probed:
    """The service: where it is, and how long its loop was held."""

    def __init__(self, address: Address, process: asyncio.subprocess.Process) -> None:
        self.address = address
        self._process = process

    async def held(self) -> Hold:
        """The longest hold since this was asked last. Raises TimeoutError where the loop does not turn any more."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(b"\n")
        async with asyncio.timeout(ANSWER_S):
            return msgspec.json.decode(await stdout.readline(), type=Hold)


@asynccontextmanager
async def probed(*stanzas: str, causes_ms: float = 0) -> AsyncIterator[Probed]:
    """A service with these settings that is ready. Raises RuntimeError with what it logged last where it is not."""
    address = Address(HOST, free_port())
    with TemporaryDirectory(prefix="ticker-holds-") as directory:
        config, log = Path(directory) / "ticker.toml", Path(directory) / "ticker.log"
        config.write_text("\n\n".join([table("[server]", port=address.port), *stanzas]) + "\n")
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "tests.bench.held", str(config), "--causes", str(causes_ms)),
                cwd=ROOT,
                env={name: value for name, value in os.environ.items() if not name.startswith("TICKER_")},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C is for us alone: we end it in order
            )
        try:
            await _until_ready(address, process, log)
            yield Probed(address, process)
        finally:
            await _end(process)


async def _until_ready(address: Address, process: asyncio.subprocess.Process, log: Path) -> None:
    try:
        async with asyncio.timeout(READY_S), watching(address) as service:
            while not await service.is_ready():
                if process.returncode is not None:
                    raise RuntimeError(f"the service did not start:\n{last_lines(log)}")
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise RuntimeError(f"the service was not ready within {READY_S:g} s:\n{last_lines(log)}") from None


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
