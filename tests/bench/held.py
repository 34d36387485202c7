"""The service with a probe on its event loop: how long was that held? `python -m tests.bench.held CONFIG`.

Each line on stdin is answered on stdout with a Hold as JSON: the longest since the line before. With `--causes MS` a
second thread looks where the loop is whenever a turn takes longer than that, which costs a little itself.
"""

import asyncio
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Annotated

import msgspec
import typer
from msgspec import Struct

from feeds.timestamps import SECOND
from tests.requires import ROOT
from ticker import logs, serving
from ticker.loop import loop_factory
from ticker.settings import Settings, load

EVERY_S = 0.001  # what a turn may be taken to last too long by: the loop's timers have no finer grain
LOOK_S = 0.001
SWITCH_S = 0.0005  # Python lets another thread in each 5 ms unless told otherwise
HERE = Path(__file__)
DEPTH = 4  # of our own functions, told of where the loop was
ELSEWHERE = "in a library, in the loop itself, or waiting for a processor"
MILLISECOND = SECOND // 1000


class Hold(Struct, frozen=True):
    """The longest time between two turns of the loop: by the clock, and in processor time of the loop's thread.

    The former has in it what else the machine did meanwhile. `where` counts looks at turns that took too long.
    """

    wall_ms: float
    cpu_ms: float
    where: dict[str, int]


class Probe:
    """A timer that measures how late it comes."""

    def __init__(self) -> None:
        self.since = time.perf_counter_ns()  # when the turn began
        self.where: Counter[str] = Counter()
        self._cpu = time.thread_time_ns()
        self._wall_longest = self._cpu_longest = 0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Measure from now on."""
        self.since, self._cpu = time.perf_counter_ns(), time.thread_time_ns()
        loop.call_later(EVERY_S, self._turn, loop)

    def take(self) -> Hold:
        """The longest since this was asked last."""
        wall_ms, cpu_ms = self._wall_longest / MILLISECOND, self._cpu_longest / MILLISECOND
        hold = Hold(round(wall_ms, 1), round(cpu_ms, 1), dict(self.where.most_common(3)))
        self._wall_longest = self._cpu_longest = 0
        self.where.clear()
        return hold

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        waited = int(EVERY_S * SECOND)
        self._wall_longest = max(self._wall_longest, time.perf_counter_ns() - self.since - waited)
        self._cpu_longest = max(self._cpu_longest, time.thread_time_ns() - self._cpu)
        self.start(loop)


def watch(probe: Probe, thread: int, longest_ms: float) -> None:
    """Note where a thread is whenever its turn takes too long. Does not return."""
    sys.setswitchinterval(SWITCH_S)
    while True:
        time.sleep(LOOK_S)
        if time.perf_counter_ns() - probe.since > longest_ms * MILLISECOND:
            where = " < ".join(islice(_ours(sys._current_frames()[thread]), DEPTH))
            probe.where[where or ELSEWHERE] += 1


async def serve(settings: Settings, probe: Probe) -> None:
    """As `ticker serve`, and answer on stdin and stdout."""
    loop = asyncio.get_running_loop()

    def answer() -> None:
        if sys.stdin.readline():
            print(msgspec.json.encode(probe.take()).decode(), flush=True)  # noqa: T201
        else:
            loop.remove_reader(sys.stdin)

    loop.add_reader(sys.stdin, answer)
    probe.start(loop)
    await serving.serve(settings)


def main(config: Path, causes: Annotated[float, typer.Option(metavar="MS")] = 0) -> None:
    """Serve with a probe."""
    settings = load(config, {}, os.environ)
    logs.set_up(settings.logging.level, settings.logging.format)
    probe = Probe()
    if causes:
        watching = (probe, threading.get_ident(), causes)
        threading.Thread(target=watch, args=watching, daemon=True).start()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(settings, probe))


def _ours(frame: FrameType | None) -> Iterator[str]:
    """A stack from the inside out, as far as it is this project's."""
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT) and path != HERE and ".venv" not in path.parts:
            yield f"{path.relative_to(ROOT)}:{frame.f_lineno} {frame.f_code.co_name}"
        frame = frame.f_back


if __name__ == "__main__":
    typer.run(main)
