"""Running a script's work so that whatever it started ends with it, also by SIGTERM."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
LoopFactory = Callable[[], asyncio.AbstractEventLoop]

ENDING = (signal.SIGTERM, signal.SIGHUP)  # SIGINT is asyncio's own


def run(work: Coroutine[Any, Any, T], loop_factory: LoopFactory | None = None) -> T:
    """What the work returns. Told to end, it is cancelled, and the process ends with 128 and the signal's number.

    It runs on asyncio's own loop unless another is given.
    """
    told: list[signal.Signals] = []

    async def interruptible() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)

        def stop(number: signal.Signals) -> None:
            told.append(number)
            task.cancel()

        for number in ENDING:
            loop.add_signal_handler(number, stop, number)
        return await task

    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(interruptible())
    except asyncio.CancelledError:
        raise SystemExit(128 + told[0] if told else 1) from None
