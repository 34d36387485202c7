"""The event loop: which one, how to call something later on it, and how the process is told to stop."""

import asyncio
import signal
from collections.abc import Callable

import structlog

from ticker.flusher import Schedule

ENDING = (signal.SIGTERM, signal.SIGINT)

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


async def until_told(loop: asyncio.AbstractEventLoop, feeds: "asyncio.Task[None]") -> signal.Signals:
    """Until SIGTERM or SIGINT; which. A second one ends the process at once, as if it were not handled."""
    told: asyncio.Future[signal.Signals] = loop.create_future()

    def stop(told_by: signal.Signals) -> None:
        told.set_result(told_by)
        for number in ENDING:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in ENDING:
        loop.add_signal_handler(number, stop, number)
    feeds.add_done_callback(lambda _: told.done() or told.cancel())
    await asyncio.wait([told])
    if told.cancelled():  # they never end by themselves but by a bug
        feeds.result()
    return told.result()
