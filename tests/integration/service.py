"""The real service, in a process of its own, with settings of the test's choice."""

import asyncio
import contextlib
import http.client
import json
import os
import random
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.described import check_answer
from tests.requires import ROOT
from tests.waiting import DEADLINE_S, POLL_S, eventually

# Below what the kernel hands out by itself: no connection of another test can take the port in the meantime.
PORTS = range(20_000, 32_000)
METRIC = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)

Value = str | float | bool | list[str] | list[float] | dict[str, float]


@dataclass(frozen=True)
class Answer:
    """What the service answered to a request."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


def feed(name: str, symbols: list[str], url: str, **options: Value) -> str:
    """A venue's stanza; waits between two tries are short, unless `options` say otherwise."""
    usual: dict[str, Value] = {"adapter": name, "backoff_min_s": 0.05, "backoff_max_s": 0.2}
    return table("[[feeds]]", name=name, symbols=symbols, url=url, **(usual | options))


def table(header: str, **values: Value) -> str:
    """A TOML table."""
    return "\n".join([header, *(f"{key} = {_toml(value)}" for key, value in values.items())])


def _toml(value: Value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


class Service:
    """One run of the service. What it logs is in `log`."""

    def __init__(
        self, directory: Path, *stanzas: str, port: int | None = None, secure: ssl.SSLContext | None = None
    ) -> None:
        self.port = port or free_port()
        self.probed = self.port  # where /readyz is
        self.secure = secure  # what a client needs, where the stanzas give the service a certificate
        self.program: tuple[str, ...] = ("ticker",)  # the module that is run, and what comes before `serve`
        self.process: subprocess.Popen[bytes] | None = None
        self._log = directory / f"ticker-{self.port}.log"
        self._config = directory / f"ticker-{self.port}.toml"
        self.configure(*stanzas)

    def configure(self, *stanzas: str) -> None:
        """Write the settings."""
        # Who ends a test's service sends it no clients any more: it need not wait for them.
        drain = () if any(stanza.startswith("[drain]") for stanza in stanzas) else (table("[drain]", wait_s=0),)
        self._config.write_text("\n\n".join([table("[server]", port=self.port), *drain, *stanzas]) + "\n")

    @property
    def log(self) -> str:
        """All that the service has logged."""
        return self._log.read_text()

    @property
    def websocket(self) -> str:
        """Where clients connect to."""
        return f"ws{'s' if self.secure else ''}://127.0.0.1:{self.port}/v1/ws"

    def start(self) -> None:
        """Start the process."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("TICKER_")}
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.program, "serve", "--config", str(self._config)],
                cwd=ROOT,
                env=environment | {"NO_PROXY": "127.0.0.1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """End the process at once."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    async def exit_code(self, within_s: float) -> int:
        """The process's exit code, once it has ended."""
        assert self.process is not None
        return await asyncio.to_thread(self.process.wait, within_s)

    def wait_until_ready(self) -> None:
        """Returns once `/readyz` says so. Raises AssertionError with the log when it does not, or the process ends."""
        deadline = time.monotonic() + DEADLINE_S
        while not self._ready():
            assert self.process is not None
            assert self.process.poll() is None, f"the service ended:\n{self.log}"
            assert time.monotonic() < deadline, f"the service did not become ready:\n{self.log}"
            time.sleep(POLL_S)

    def request(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Ask the service for `path`. The answer has to be as described."""
        return self._request(path, self.port, method, **headers)

    def _request(self, path: str, port: int, method: str = "GET", **headers: str) -> Answer:
        connection: http.client.HTTPConnection
        if self.secure and port == self.port:
            connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=DEADLINE_S, context=self.secure)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            answer = Answer(response.status, dict(response.getheaders()), response.read().decode())
        check_answer(method, path, answer.status, answer.headers, answer.body)
        return answer

    async def get(self, path: str, **headers: str) -> Answer:
        """As `request`, while the event loop goes on."""
        return await asyncio.to_thread(self.request, path, **headers)

    async def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels; 0 where there are none."""
        samples = METRIC.findall((await self.get("/metrics")).body)
        wanted = {f'{key}="{value}"' for key, value in labels.items()}
        return sum(float(value) for found, has, value in samples if found == name and wanted <= set(has.split(",")))

    async def metric_reaches(self, least: float, name: str, **labels: str) -> None:
        """Returns once a metric is at least `least`."""

        async def reached() -> bool:
            return await self.metric(name, **labels) >= least

        await eventually(reached, f"{name}{labels} to reach {least}")

    def _ready(self) -> bool:
        try:
            return self._request("/readyz", self.probed).status == 200
        except OSError:
            return False


@contextlib.contextmanager
def running(directory: Path, *stanzas: str, secure: ssl.SSLContext | None = None) -> Iterator[Service]:
    """A service that has been started, and has logged no exception in the end."""
    service = Service(directory, *stanzas, secure=secure)
    service.start()
    try:
        yield service
    finally:
        service.kill()
    assert "Traceback" not in service.log, service.log


@contextlib.asynccontextmanager
async def serving(
    directory: Path, *stanzas: str, secure: ssl.SSLContext | None = None, probed: int | None = None
) -> AsyncIterator[Service]:
    """As `running`, once it is ready; venues that run in this event loop can be tried in the meantime."""
    with running(directory, *stanzas, secure=secure) as service:
        service.probed = probed or service.port
        await asyncio.to_thread(service.wait_until_ready)
        yield service


def free_port() -> int:
    """A port of the loopback address that nobody has."""
    return next(port for port in random.sample(PORTS, 100) if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) != 0


@contextlib.contextmanager
def refusing() -> Iterator[str]:
    """A venue's address at which every connection is refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"ws://127.0.0.1:{taken.getsockname()[1]}"
