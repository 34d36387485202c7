"""The cost of stalled clients in little, and how it is judged."""

import socket
import sys
from pathlib import Path

import pytest
from rich.console import Console

from tests import requires
from tests.bench.skmem import socket_memory
from tests.bench.stalled import measure, report
from tests.bench.stalling import Found, Load, Sample, Window, judge, waited

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is asked of Linux")

CALM = Window(p50_ms=1, p99_ms=10, p99_9_ms=20, updates_per_s=100, cpu_share=0.1, closed=0)
LOAD = Load(stalled=2)


def sample(at_s: float, *, kernel: list[int], slow: int = 0, evicted: int = 0, resident: int = 1_000_000) -> Sample:
    return Sample(at_s, at_s / 10, resident, kernel, slow, evicted)


def found(*, evicted_s: float = 32, kernel: int = 1_000, resident: int = 1_000_000) -> Found:
    samples = [
        sample(0, kernel=[0, 0]),
        sample(2, kernel=[kernel, 1_000], slow=2, resident=resident),
        sample(evicted_s, kernel=[], evicted=2),
    ]
    return Found(2, 1_000_000, samples, CALM, CALM)


def failing(one: Found) -> list[str]:
    without = Found(0, 1_000_000, [sample(0, kernel=[]), sample(1, kernel=[])], CALM, CALM)
    return [check.name for check in judge(LOAD, one, without) if not check.holds]


def test_what_costs_little_and_goes_in_time_is_well() -> None:
    assert failing(found()) == []


def test_what_costs_too_much_is_told() -> None:
    assert failing(found(kernel=300_000)) == ["memory of the kernel, the greediest one"]
    assert failing(found(resident=2_000_000)) == ["memory of the service, a stalled client"]


@pytest.mark.parametrize(("evicted_s", "name"), [(20, "the first evicted after"), (40, "the last evicted after")])
def test_evictions_at_the_wrong_time_are_told(evicted_s: float, name: str) -> None:
    assert failing(found(evicted_s=evicted_s)) == [name]


def test_who_is_never_evicted_is_told() -> None:
    assert waited([sample(0, kernel=[]), sample(1, kernel=[], slow=2)], 2) is None


def test_the_kernel_tells_the_memory_of_what_nobody_reads() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client, server.accept()[0] as peer:
            theirs = client.getsockname()[1]
            assert socket_memory(port)[theirs].queued == 0
            peer.setblocking(False)
            sent = 0
            try:
                while True:
                    sent += peer.send(bytes(65_536))
            except BlockingIOError:
                pass
            queued = socket_memory(port)[theirs].queued
            assert 0 < queued < sent + 1_000_000
            assert set(socket_memory(port)) == {theirs}


async def test_a_measurement_in_little(tmp_path: Path) -> None:
    requires.processes()
    load = Load(clients=12, stalled=2, symbols=20, per_client=20, rate=2_000, seconds=4, deadline_s=2)
    one = await measure(load, load.stalled, tmp_path)
    assert one.stalling.updates_per_s > 10_000
    assert one.kernel_most > 10_000
    assert one.samples[-1].evicted == 2
    report([one, one], Console(quiet=True))
