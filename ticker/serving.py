"""Serving, from the start of the process to its end: who listens when, and who is sent away before what is stopped."""

import asyncio
import signal

import structlog
from aiohttp import web

from ticker import announcements, garbage
from ticker.app import Service
from ticker.connection import CLOSE_TIMEOUT_S
from ticker.errors import ServeError
from ticker.loop import loop_factory, schedule_on, until_told
from ticker.sections import Drain
from ticker.settings import Settings

SHUTDOWN_S = 2.0  # for requests under way, when all clients are gone

log = structlog.get_logger("ticker")


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; the exit code. Raises TickerError where the service cannot start."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(settings))
    return 0


async def serve(settings: Settings) -> None:
    """As `run`, on the running loop."""
    loop = asyncio.get_running_loop()
    announcements.before(settings.server.host, settings.server.port, demo=settings.demo)
    service = Service(settings, schedule_on(loop))
    garbage.set_aside()
    runner = web.AppRunner(
        service.application(),
        access_log=None,
        keepalive_timeout=settings.limits.request_head_s,  # aiohttp's limit for a request's head, too
        shutdown_timeout=SHUTDOWN_S,
    )
    await runner.setup()
    host, port = settings.server.host, settings.server.port
    feeds: asyncio.Task[None] | None = None
    try:
        await _listen(runner, host, port)
        feeds = asyncio.create_task(service.run_feeds())
        announcements.listening(host, port, service.feed_names, service.example_symbol)
        told = await until_told(loop, feeds)
        await _drain(service, settings.drain, wait=told == signal.SIGTERM)
    finally:
        await service.send_away()
        if feeds is not None:
            feeds.cancel()
            await asyncio.wait([feeds])
        await runner.cleanup()
    log.info("stopped")


async def _drain(service: Service, limits: Drain, *, wait: bool) -> None:
    """Send the clients away in order. Their data goes on until then, and who asks is answered until all are gone.

    An orchestrator sends SIGTERM, and clients for a while after that: they are taken, and not refused. Who presses
    Ctrl-C has no such thing, and does not want to wait.
    """
    wait_s = limits.wait_s if wait else 0
    log.info("stopping", wait_s=wait_s, at_most_s=limits.total_s)
    service.leave_rotation()
    await asyncio.sleep(wait_s)
    within_s = limits.total_s - wait_s - CLOSE_TIMEOUT_S - SHUTDOWN_S
    await service.send_away(per_second=limits.closes_per_second, within_s=within_s)


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
    except OSError as error:
        raise ServeError(
            f"cannot listen on {host}:{port}: {error.strerror or error}. "
            "Stop what uses it, or choose another with --port or [server] port"
        ) from error
