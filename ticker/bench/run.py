"""One measurement from start to end: a service, its clients, a warm-up, the figures."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ticker import files
from ticker.bench.errors import BenchError
from ticker.bench.figures import Figures, Found, Setting, figures
from ticker.bench.generators import Generators, generating
from ticker.bench.messages import Address
from ticker.bench.plan import Plan, Simulation, jobs
from ticker.bench.report import Show
from ticker.bench.service import Watched, serving, watching

WARM_UP_S = 1.0
SET_UP_S = 120.0  # for all handshakes, and again for all subscriptions
ANSWER_S = 30.0  # for a generator to answer
PROGRESS_S = 0.1

ENDING = (signal.SIGTERM, signal.SIGHUP)  # SIGINT is asyncio's own


def run(plan: Plan, show: Show) -> Figures:
    """Measure. Raises BenchError where that cannot be done; whatever was started is ended in any case."""
    allowed = files.clients_within(plan.clients, files.raise_limit())
    if allowed < plan.clients:
        raise BenchError(f"the limit on open files allows {allowed} clients; raise it (ulimit -n), or lower --clients")
    with asyncio.Runner() as runner, TemporaryDirectory(prefix="ticker-bench-") as directory:
        return runner.run(_interruptible(plan, Path(directory), show))


async def _interruptible(plan: Plan, directory: Path, show: Show) -> Figures:
    loop = asyncio.get_running_loop()
    measuring = asyncio.ensure_future(_measure(plan, directory, show))
    told: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        told.append(number)
        measuring.cancel()

    for number in ENDING:
        loop.add_signal_handler(number, stop, number)
    try:
        return await measuring
    except asyncio.CancelledError:
        if told:
            raise BenchError(f"ended by {told[0].name}") from None
        raise


async def _measure(plan: Plan, directory: Path, show: Show) -> Figures:
    show("starting", 0, 0)
    async with _target(plan, directory) as address, watching(address) as watched:
        symbols = await watched.symbols()
        orders = jobs(plan, address, symbols)
        async with generating(orders, directory) as generators:
            found = await _found(plan, watched, generators, show)
    setting = Setting(
        clients=plan.clients,
        slow=plan.slow,
        symbols=len(symbols),
        per_client=orders[0].per_client,
        generators=plan.generators,
        rate_asked=plan.target.rate if isinstance(plan.target, Simulation) else None,
    )
    return figures(setting, found)


@asynccontextmanager
async def _target(plan: Plan, directory: Path) -> AsyncIterator[Address]:
    if isinstance(plan.target, Address):
        yield plan.target
    else:
        async with serving(plan, plan.target, directory) as address:
            yield address


async def _found(plan: Plan, watched: Watched, generators: Generators, show: Show) -> Found:
    await generators.do("start", ANSWER_S, _nothing)
    idle = await watched.reading()
    started = time.monotonic()
    await generators.do("connect", SET_UP_S, lambda done: show("connecting", done, plan.clients))
    connect_s = time.monotonic() - started
    await generators.do("subscribe", SET_UP_S, lambda done: show("subscribing", done, plan.readers))
    await _pass("warming up", WARM_UP_S, show)
    before = await watched.reading()
    await generators.do("measure", ANSWER_S, _nothing)
    await _pass("measuring", plan.seconds, show)
    measured = await generators.do("report", ANSWER_S, _nothing)
    return Found(connect_s, idle, before, await watched.reading(), measured)


async def _pass(what: str, seconds: float, show: Show) -> None:
    """Let time go by."""
    started = time.monotonic()
    while (left := started + seconds - time.monotonic()) > 0:
        show(what, round(seconds - left, 1), seconds)
        await asyncio.sleep(min(left, PROGRESS_S))


def _nothing(_: int) -> None:
    """For commands that are carried out at once."""
