"""What do clients that never read cost, the others and the service? `python -m tests.bench.stalled`.

Twice the same load on the real service, as configured by default: once with clients that subscribe and then never
read, once without. Told are the others' delays, what each stalled client makes the service and the kernel hold, and
when it is evicted. Fails where that is more than it may be. Some two and a half minutes; it ends by itself, and with
it what it started. Linux only.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from tests.bench.processes import cpu_seconds, resident_bytes
from tests.bench.running import run
from tests.bench.skmem import socket_memory
from tests.bench.stalling import Found, Load, Sample, Window, judge
from tests.integration.service import Service, serving, table
from ticker import files
from ticker.bench import handshake
from ticker.bench.clients import connected
from ticker.bench.generators import Generators, generating
from ticker.bench.messages import Address, Job, Measured
from ticker.bench.plan import deal
from ticker.bench.report import KIBIBYTE, MEBIBYTE

HOST = "127.0.0.1"
SAMPLE_S = 0.5
WARM_UP_S = 2.0
SET_UP_S, ANSWER_S = 60.0, 30.0


async def measure(load: Load, stalled: int, directory: Path) -> Found:
    """One run, with so many clients that stall beside the others."""
    stanzas = (
        table("[limits]", clients=load.clients + 1),
        table("[fanout]", write_deadline_s=load.deadline_s),
        table("[freshness]", quiet_s=86_400),
        table("[[feeds]]", name="sim", adapter="simulated", channels=["quotes"], symbols=load.symbols, rate=load.rate),
    )
    async with serving(directory, *stanzas) as service:
        job = Job(Address(HOST, service.port), load.names, load.per_client, load.readers, slow=0, seed=1)
        async with generating([job], directory) as readers:
            for command in ("start", "connect", "subscribe"):
                await readers.do(command, SET_UP_S, _nothing)
            await asyncio.sleep(WARM_UP_S)
            return await _under_load(load, stalled, service, readers)


async def _under_load(load: Load, stalled: int, service: Service, readers: Generators) -> Found:
    assert service.process is not None
    resident_before = resident_bytes(service.process.pid)
    async with stalling(load, stalled, service.port) as ports:
        began = time.monotonic()
        samples, windows = list[Sample](), list[Measured]()
        for until in (load.deadline_s, load.seconds):
            await readers.do("measure", ANSWER_S, _nothing)
            while (at := time.monotonic() - began) < until:
                samples.append(await _sample(service, ports, at))
                await asyncio.sleep(SAMPLE_S)
            windows += await readers.do("report", ANSWER_S, _nothing)
    return Found(stalled, resident_before, samples, *map(Window.of, windows))


@asynccontextmanager
async def stalling(load: Load, clients: int, port: int) -> AsyncIterator[set[int]]:
    """Clients that subscribe and never read, until the end of the block; their ports."""
    upgrade, hands = handshake.upgrade(Address(HOST, port)), deal(load.names, load.per_client, Random(2))
    transports: list[asyncio.Transport] = []
    try:
        for _ in range(clients):
            transport = await connected(HOST, port, upgrade, slow=True)
            transports.append(transport)
            transport.pause_reading()
            transport.writelines(handshake.subscriptions(next(hands)))
        yield {transport.get_extra_info("sockname")[1] for transport in transports}
    finally:
        for transport in transports:
            transport.abort()


async def _sample(service: Service, ports: set[int], at_s: float) -> Sample:
    assert service.process is not None
    memory = socket_memory(service.port)
    return Sample(
        at_s=at_s,
        cpu_s=cpu_seconds(service.process.pid),
        resident=resident_bytes(service.process.pid),
        kernel=[memory[port].total for port in ports if port in memory],
        slow=int(await service.metric("ticker_slow_clients")),
        evicted=int(await service.metric("ticker_client_closes_total", code="4008")),
    )


async def both(load: Load) -> tuple[Found, Found]:
    """With clients that stall, and without."""
    with TemporaryDirectory(prefix="ticker-stalled-") as directory:
        return await measure(load, load.stalled, Path(directory)), await measure(load, 0, Path(directory))


def report(found: Sequence[Found], show: Console) -> None:
    """The figures, for people."""
    delays = Table("of the clients that read", "p50, ms", "p99", "p99.9", "updates/s", "CPU of their process")
    for one in found:
        for what, window in (("until the deadline", one.stalling), ("after it", one.after)):
            figures = (window.p50_ms, window.p99_ms, window.p99_9_ms)
            cells = [
                *(f"{figure:.1f}" for figure in figures),
                f"{window.updates_per_s:,.0f}",
                f"{window.cpu_share:.0%}",
            ]
            delays.add_row(f"{one.stalled} stalled, {what}", *cells)
    show.print(delays)
    stalled, without = found
    drift = (without.resident_most - without.resident_before) / MEBIBYTE
    shares = f"{stalled.cpu_share:.1%} of a core with stalled clients, {without.cpu_share:.1%} without"
    show.print(f"the service's CPU until the deadline: {shares}")
    show.print(f"resident memory without stalled clients: {drift:+.1f} MiB in the same time")
    show.print(f"the kernel's memory of a stalled client: {stalled.kernel_mean / KIBIBYTE:.0f} KiB on average")


def _nothing(_: int) -> None:
    """For commands that nobody waits for."""


def main(
    seconds: Annotated[float, typer.Option(min=40, max=600, help="How long each of the two runs is measured.")] = 60,
    stalled: Annotated[int, typer.Option(min=1, max=900, help="So many of the 1,000 clients never read.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="JSON in place of tables.")] = False,
) -> None:
    """Measure what stalled clients cost, and judge."""
    load = Load(stalled=stalled, seconds=seconds)
    if files.clients_within(load.clients, files.raise_limit()) < load.clients:
        raise SystemExit(f"the limit on open files does not allow {load.clients:,} clients; raise it (ulimit -n)")
    found = run(both(load))
    checks = judge(load, *found)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode({"found": found, "checks": checks})).decode())
    else:
        show = Console(soft_wrap=True)
        report(found, show)
        verdict = Table("", "", "found", "allowed")
        for check in checks:
            verdict.add_row("ok" if check.holds else "FAILS", check.name, check.found, check.allowed)
        show.print(verdict)
    if not all(check.holds for check in checks):
        raise SystemExit(1)


if __name__ == "__main__":
    typer.run(main)
