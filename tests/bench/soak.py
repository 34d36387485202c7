"""Does the service hold for hours? Minutes of churn, and what it leaves behind. `python -m tests.bench.soak`.

It starts the real service with a simulated market, has clients come and go in every way in a second process, samples
the service's memory and open files each second, and judges at the end: exit code 1 where something grew, was left
behind, or was complained about in the log. It ends by itself, and with it what it started. Linux only.
"""

import asyncio
import json
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from tests.bench.churn import FAILED
from tests.bench.processes import open_files, resident_bytes
from tests.bench.running import run
from tests.bench.verdict import MEBIBYTE, NOTHING_LEFT, Check, Found, Sample, judge, per_minute, unexpected
from tests.integration.service import Service, table
from tests.waiting import eventually

SYMBOLS, RATE = 500, 2_000.0
DEADLINE_S = 6.0
CHURN_ENDS_S = 30.0  # after its time
STOP_S = 15.0
LOG_LINES = 40  # shown of what was not expected
GONE_S = 20.0  # for the service to notice that everybody is gone


class Plan(Struct, frozen=True):
    """How long: `minute_s` is shorter in tests of the soak itself."""

    minutes: float
    minute_s: float = 60.0

    @property
    def seconds(self) -> float:
        """In all."""
        return self.minutes * self.minute_s


def stanzas(plan: Plan) -> list[str]:
    """The service's settings: as configured by default, but with everything that takes minutes made to take seconds."""
    return [
        # Full by the second minute: else memory grows for as long as trades, and bars, are kept, as it should.
        table("[history]", trades_s=plan.minute_s / 3, bars_per_interval=1),
        table("[fanout]", write_deadline_s=DEADLINE_S, ping_s=2, pong_timeout_s=3),
        table("[freshness]", quiet_s=5, disconnected_s=0.5),
        table("[limits]", clients=1_000),
        table("[logging]", format="json"),
        table("[[feeds]]", name="sim", adapter="simulated", symbols=SYMBOLS, rate=RATE),
        table("[[feeds]]", name="flaky", adapter="simulated", symbols=20, rate=50.0, outage_every_s=5.0, outage_s=2.0),
    ]


async def soak(plan: Plan, show: Console) -> tuple[Found, Counter[str]]:
    """What was found, and what the churn did."""
    with TemporaryDirectory(prefix="ticker-soak-") as directory:
        service = Service(Path(directory), *stanzas(plan))
        service.start()
        assert service.process is not None
        pid = service.process.pid
        try:
            await asyncio.to_thread(service.wait_until_ready)
            files_before = open_files(pid)
            samples, did = await _under_churn(service, plan, pid, show)
            left = await _left(service)
            files_after = open_files(pid)
            evicted = await service.metric("ticker_client_closes_total", code="4008")
            service.signal(signal.SIGTERM)
            exit_code = await service.exit_code(STOP_S)
        finally:
            service.kill()
        found = Found(
            samples=samples,
            minute_s=plan.minute_s,
            files_before=files_before,
            files_after=files_after,
            left=left,
            evicted=evicted,
            failures=sum(count for what, count in did.items() if what.startswith(FAILED)),
            log=service.log,
            exit_code=exit_code,
        )
        return found, did


async def _under_churn(service: Service, plan: Plan, pid: int, show: Console) -> tuple[list[Sample], Counter[str]]:
    arguments = map(str, (service.port, plan.seconds, SYMBOLS, DEADLINE_S))
    churn = await asyncio.create_subprocess_exec(
        sys.executable, *("-m", "tests.bench.churn", *arguments), stdout=asyncio.subprocess.PIPE
    )
    try:
        samples = await _sampled(plan, pid, show)
        async with asyncio.timeout(CHURN_ENDS_S):
            output, _ = await churn.communicate()
    finally:
        if churn.returncode is None:
            churn.kill()
            await churn.wait()
    return samples, Counter(json.loads(output))


async def _sampled(plan: Plan, pid: int, show: Console) -> list[Sample]:
    """A sample each second; a line for people each minute."""
    started, samples = time.monotonic(), list[Sample]()
    second = plan.minute_s / 60
    while (at := len(samples) * second) < plan.seconds:
        await asyncio.sleep(started + at - time.monotonic())
        samples.append(Sample(at, resident_bytes(pid), open_files(pid)))
        if len(samples) % 60 == 0:
            minute = samples[-60:]
            megabytes = median(sample.resident for sample in minute) / MEBIBYTE
            files = median(sample.files for sample in minute)
            show.print(f"minute {len(samples) // 60}: {megabytes:.1f} MiB resident, {files:g} files open")
    return samples


async def _left(service: Service) -> dict[str, float]:
    """What there still is of the clients when the service has had time to notice that they are gone."""

    async def nothing() -> bool:
        return not any([await service.metric(name) for name in NOTHING_LEFT])

    with suppress(AssertionError):  # the judge will say so
        await eventually(nothing, "everybody to be gone", GONE_S)
    return {name: await service.metric(name) for name in NOTHING_LEFT}


def report(found: Found, did: Counter[str], checks: list[Check], show: Console) -> None:
    """What happened, minute by minute, and the verdict."""
    minutes = Table("minute", "resident MiB", "least", "most", "open files", title="medians of each minute")
    for number, samples in enumerate(per_minute(found.samples, found.minute_s), 1):
        resident = [sample.resident / MEBIBYTE for sample in samples]
        figures = (median(resident), min(resident), max(resident))
        minutes.add_row(str(number), *(f"{f:.1f}" for f in figures), f"{median(s.files for s in samples):g}")
    show.print(minutes)
    show.print(", ".join(f"{count:,} {what}" for what, count in sorted(did.items())))
    verdict = Table("", "", "found", "allowed")
    for check in checks:
        verdict.add_row("ok" if check.holds else "FAILS", check.name, check.found, check.allowed)
    show.print(verdict)


def main(minutes: Annotated[float, typer.Option(min=3, max=600, help="How long.")] = 10) -> None:
    """Put the service under churn, and judge."""
    show = Console(soft_wrap=True)
    found, did = run(soak(Plan(minutes), show))
    checks = judge(found)
    report(found, did, checks, show)
    for line in islice(unexpected(found.log), LOG_LINES):
        typer.echo(line, err=True)
    if not all(check.holds for check in checks):
        raise SystemExit(1)


if __name__ == "__main__":
    typer.run(main)
