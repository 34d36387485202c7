"""The event loop: which one, how to call something later on it, and how the process is told to stop."""

import asyncio
import signal
from collections.abc import Callable

import structlog

from ticker.flusher import Schedule

log = structlog.get_logger("ticker")


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop's, or asyncio's own where that is missing."""
    try:
        import uvloop  # noqa: PLC0415 - not there on every platform
    except ImportError:
        log.warning("uvloop is not installed: asyncio's own event loop serves fewer clients")
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def schedule_on(loop: asyncio.AbstractEventLoop) -> Schedule:
    """The fan-out's way to have something done later."""

    def schedule(wait_s: float, what: Callable[[], None]) -> object:
        return loop.call_later(wait_s, what) if wait_s else loop.call_soon(what)

    return schedule


async def until_told(loop: asyncio.AbstractEventLoop, feeds: "asyncio.Task[None]") -> None:
    """Until SIGTERM or SIGINT. A second one ends the process at once, as if it were not handled."""
    told = asyncio.Event()

    def stop(signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGINT)) -> None:
        told.set()
        for number in signals:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait([waiting, feeds], return_when=asyncio.FIRST_COMPLETED)
    if feeds.done():
        waiting.cancel()
        feeds.result()
