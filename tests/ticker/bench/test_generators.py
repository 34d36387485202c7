"""Load generators as processes: what they do when something goes wrong."""

from pathlib import Path
from typing import Any, cast

import pytest

from tests.integration.service import refusing
from ticker.bench.errors import BenchError
from ticker.bench.generators import Generators, generating
from ticker.bench.messages import Address, Job

WITHIN_S = 30


def job(port: int) -> Job:
    return Job(Address("127.0.0.1", port), ["sim:SYM0"], per_client=1, readers=2, slow=0, seed=0)


def ignore(_: int) -> None:
    """Progress is for somebody else."""


async def said(generators: Generators, command: Any, within_s: float = WITHIN_S) -> str:
    with pytest.raises(BenchError) as caught:
        await generators.do(command, within_s, ignore)
    return str(caught.value)


async def test_a_service_that_does_not_listen_is_told(tmp_path: Path) -> None:
    with refusing() as url:
        port = int(url.rpartition(":")[2])
        async with generating([job(port), job(port)], tmp_path) as generators:
            assert await generators.do("start", WITHIN_S, ignore) == []
            assert await said(generators, "connect") == f"cannot connect to 127.0.0.1 port {port}: Connection refused"


async def test_a_generator_that_breaks_off_is_told_with_its_last_words(tmp_path: Path) -> None:
    async with generating([job(1)], tmp_path) as generators:
        told = await said(generators, cast(Any, "dance"))
    assert told.startswith("a load generator ended by itself: AssertionError")
    assert "dance" in told


async def test_waiting_for_a_generator_has_an_end(tmp_path: Path) -> None:
    async with generating([job(1)], tmp_path) as generators:
        assert await said(generators, "start", within_s=0) == "the clients' start took more than 0 s; ask for less"
