"""Does the service's WebSocket keep to RFC 6455? The Autobahn testsuite's judgement. `make conformance`.

`python -m tests.conformance.run WSTEST REPORTS`: the testsuite's program, and the directory for its reports.
"""

import asyncio
import json
import logging
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from tests.conformance.echo import echoing
from tests.conformance.verdict import EXCEPTIONS, judge
from ticker.loop import loop_factory

# 12 and 13 are about compression, which is not negotiated.
GROUPS = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"]
DEADLINE_S = 300  # it takes some 90


async def fuzz(wstest: Path, reports: Path, spec: Path) -> None:
    """Let the testsuite's fuzzing client loose on a server. Raises RuntimeError when it does not come to its end."""
    async with echoing() as server:
        _write(spec, reports, f"ws://127.0.0.1:{server.port}/v1/ws")
        await _run(wstest, spec)


def _write(spec: Path, reports: Path, url: str) -> None:
    servers = [{"agent": "ticker", "url": url}]
    spec.write_text(json.dumps({"outdir": str(reports), "servers": servers, "cases": GROUPS, "exclude-cases": []}))


async def _run(wstest: Path, spec: Path) -> None:
    client = await asyncio.create_subprocess_exec(
        wstest,
        *("--mode", "fuzzingclient", "--spec", spec),
        cwd=spec.parent,  # it leaves files where it is
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(DEADLINE_S):
            output, _ = await client.communicate()
    finally:
        if client.returncode is None:
            client.kill()
            await client.wait()
    if client.returncode:
        raise RuntimeError(f"{wstest} failed:\n{output.decode()[-2_000:]}")


def main() -> None:
    """Run it; exit code 1 where something is wrong."""
    wstest, reports = (Path(argument).resolve() for argument in sys.argv[1:])
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    shutil.rmtree(reports, ignore_errors=True)
    with TemporaryDirectory() as directory, asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(fuzz(wstest, reports, Path(directory, "spec.json")))
    verdict = judge(json.loads((reports / "index.json").read_text()))
    counts = ", ".join(f"{count} {behaviour}" for behaviour, count in sorted(verdict.counts.items()))
    lines = [f"Autobahn: {counts}", *(f"known: case {case}: {reason}" for case, reason in EXCEPTIONS.items())]
    print(*lines, *verdict.wrong, sep="\n")  # noqa: T201
    sys.exit(bool(verdict.wrong))


if __name__ == "__main__":
    main()
