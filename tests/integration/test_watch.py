"""`ticker watch` against the real service: in a terminal, and where its output is read by a program."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.service import Service, running, table
from tests.requires import ROOT
from tests.waiting import DEADLINE_S

FEED = table("[[feeds]]", name="sim", adapter="simulated", symbols=["BTC-USDT"], rate=50)
CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
LEAVES_THE_SCREEN = "\x1b[?1049l"


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """What a shell starts in the background ignores SIGINT, and so would what is started from here."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Service]:
    """A service that a test may kill and start again."""
    with running(tmp_path, FEED) as service:
        service.wait_until_ready()
        yield service


def command(service: Service, *symbols: str) -> list[str]:
    return [sys.executable, "-m", "ticker", "watch", "--url", service.websocket, *symbols]


class Terminal:
    """A terminal with a program in it."""

    def __init__(self, *command: str) -> None:
        try:
            self._ours, theirs = pty.openpty()
        except OSError as error:
            pytest.skip(f"there are no terminals to try it in ({error}): mount /dev/pts")
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 120, 0, 0))
        environment = {**os.environ, "TERM": "xterm"}
        environment.pop("COLUMNS", None)
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        self.written = ""

    def until(self, text: str) -> None:
        """Read on until a text was written since the last one that was waited for."""
        deadline = time.monotonic() + DEADLINE_S
        while text not in CONTROLS.sub("", self.written):
            assert time.monotonic() < deadline, f"waited in vain for {text!r}; the end of it: {self.written[-2000:]!r}"
            self._read()
        self.written = ""

    def rest(self) -> str:
        """All that is written until the program ends."""
        while self._read():
            pass
        return self.written

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def _read(self) -> bool:
        if not select.select([self._ours], [], [], DEADLINE_S)[0]:
            return False
        try:
            data = os.read(self._ours, 65_536)
        except OSError:  # nobody has the other end any more
            return False
        self.written += data.decode()
        return bool(data)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_draws_tells_a_lost_connection_comes_back_and_ends_cleanly(watched: Service, number: signal.Signals) -> None:
    with contextlib.closing(Terminal(*command(watched, "sim:*", "sim:BTC-USDTT"))) as terminal:
        terminal.until(f"connected to 127.0.0.1:{watched.port}")
        terminal.until("sim:BTC-USDTT: no such symbol; did you mean sim:BTC-USDT?")
        terminal.until("live")
        watched.kill()
        terminal.until("NOT CONNECTED")
        terminal.until("these prices are OLD")
        watched.start()
        terminal.until(f"connected to 127.0.0.1:{watched.port}")
        terminal.until("live")
        terminal.process.send_signal(number)
        rest = terminal.rest()
        assert terminal.process.wait(DEADLINE_S) == 0
    assert LEAVES_THE_SCREEN in rest
    assert "Traceback" not in rest


def test_without_a_terminal_it_prints_lines(watched: Service) -> None:
    with subprocess.Popen(command(watched, "*"), cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(20)]
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE_S) == 0
    assert re.fullmatch(r"- - connected ticker/\S+\n", lines[0])
    assert re.fullmatch(r"\S+Z sim:BTC-USDT status state=live reason=-\n", lines[1])
    assert re.fullmatch(
        r"\S+Z sim:BTC-USDT ticker last=[\d.]+ change_pct=\S+ bid=[\d.]+ ask=[\d.]+ volume=\S+\n", lines[-1]
    )


def test_what_it_cannot_watch_ends_it(watched: Service) -> None:
    run = subprocess.run(
        command(watched, "sim:NOPE"), cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    assert run.returncode == 1
    assert run.stderr.startswith("sim:NOPE: no such symbol")
    assert len(run.stderr.splitlines()) == 1
