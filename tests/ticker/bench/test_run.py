"""Measurements of the real service, with real clients, in little."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.service import Service, running, table
from tests.requires import ROOT
from tests.waiting import DEADLINE_S, POLL_S
from ticker.bench.errors import BenchError
from ticker.bench.plan import Plan, Simulation
from ticker.bench.run import run


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """What a shell starts in the background ignores SIGINT, and so would what is started from here."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def command(*arguments: str, directory: Path) -> subprocess.Popen[str]:
    """`ticker bench` with its files in `directory`, and with a variable that would break its service."""
    return subprocess.Popen(
        [sys.executable, "-m", "ticker", "bench", *arguments],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(directory), "TICKER_SERVER__PORT": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def measured(*arguments: str, directory: Path) -> Any:
    """The figures, and nothing else said or left behind."""
    with command(*arguments, "--json", directory=directory) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert list(directory.iterdir()) == []
    return json.loads(out)


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(POLL_S)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    feed = table("[[feeds]]", name="sim", adapter="simulated", symbols=4, rate=200.0)
    with running(tmp_path, feed) as service:
        service.wait_until_ready()
        yield service


def test_a_service_of_its_own_is_measured(tmp_path: Path) -> None:
    options = "--clients 20 --slow 2 --symbols 50 --per-client 5 --rate 1000 --seconds 1 --generators 2"
    found = measured(*options.split(), directory=tmp_path)
    assert (found["clients"], found["slow_clients"], found["subscriptions"]) == (20, 2, 100)
    assert (found["updates_asked_per_s"], found["generators"]) == (1000, 2)
    assert 800 < found["updates_in_per_s"] < 1200
    assert 80 < found["delivered_percent"] < 120
    assert 1300 < found["updates_delivered_per_s"] < 2300  # 18 readers of 5 in 50 symbols each: 1.8 a symbol
    assert found["megabytes_per_s"] * 1e6 / found["updates_delivered_per_s"] == pytest.approx(170, abs=50)
    latencies = [found[f"latency_{name}_ms"] for name in ("p50", "p90", "p99", "p99_9", "max")]
    assert latencies == sorted(latencies)
    assert 0 < latencies[0] < 1000
    assert found["handshakes_per_s"] > 1
    assert (found["events_lost"], found["clients_closed"], found["slow_clients_evicted"]) == (0, 0, 0)
    assert 0 < found["generator_cpu_share"] < 1.1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the service reads its CPU and memory from /proc")
def test_a_running_service_is_measured_with_its_own_symbols(service: Service, tmp_path_factory: Any) -> None:
    directory = tmp_path_factory.mktemp("bench")
    found = measured("--url", service.websocket, "--clients", "10", "--seconds", "1", directory=directory)
    assert (found["symbols"], found["subscriptions"], found["updates_asked_per_s"]) == (4, 40, None)
    assert 80 < found["delivered_percent"] < 120
    assert 0 < found["server_cpu_share"] < 1.1
    assert found["resident_bytes"] > 10_000_000


def test_a_service_that_does_not_take_them_all_is_told(tmp_path: Path, tmp_path_factory: Any) -> None:
    feed = table("[[feeds]]", name="sim", adapter="simulated", symbols=1)
    with running(tmp_path, table("[limits]", clients=2), feed) as service:
        service.wait_until_ready()
        options = ("--url", service.websocket, "--clients", "4")
        with command(*options, directory=tmp_path_factory.mktemp("bench")) as process:
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "")
    assert err.startswith("the service closed a connection before the measurement began: ")


def test_a_service_that_is_not_there_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with command("--url", f"ws://127.0.0.1:{port}/v1/ws", directory=tmp_path) as process:
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "")
    assert err == f"nothing listens at http://127.0.0.1:{port}: is the service running?\n"


def test_a_service_that_cannot_start_is_told_with_what_it_logged() -> None:
    plan = Plan(clients=1, slow=0, per_client=1, seconds=1, generators=1, target=Simulation(symbols=1, rate=-1))
    with pytest.raises(BenchError) as caught:
        run(plan, lambda *_: None)
    first, *log = str(caught.value).splitlines()
    assert first == "the service did not start:"
    assert log[-1].endswith("feeds[0].rate: found -1; allowed: a number above 0")


@pytest.mark.parametrize(
    ("number", "said"),
    [(signal.SIGINT, None), (signal.SIGTERM, "ended by SIGTERM\n"), (signal.SIGHUP, "ended by SIGHUP\n")],
)
def test_nothing_is_left_when_it_is_interrupted(tmp_path: Path, number: signal.Signals, said: str | None) -> None:
    with command("--clients", "5", "--seconds", "600", directory=tmp_path) as process:
        wait_for(lambda: bool(list(tmp_path.glob("*/generator-0.json"))), "the first generator")
        [config] = tmp_path.glob("*/ticker.toml")
        port = int(config.read_text().split("port = ")[1].split()[0])
        process.send_signal(number)
        out, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode != 0
    assert "Traceback" not in err
    assert out == ""
    assert said in (None, err)
    assert list(tmp_path.iterdir()) == []
    with socket.socket() as trial:
        assert trial.connect_ex(("127.0.0.1", port)) != 0


def test_more_clients_than_open_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticker.files.raise_limit", lambda: 110)
    plan = Plan(clients=11, slow=0, per_client=1, seconds=1, generators=1, target=Simulation(symbols=1, rate=1))
    with pytest.raises(BenchError, match="the limit on open files allows 5 clients"):
        run(plan, lambda *_: None)
