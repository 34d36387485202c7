"""Serving, from the start of the process to its end: who listens when, and who is sent away before what is stopped."""

import asyncio

import structlog
from aiohttp import web

from ticker import announcements, garbage
from ticker.app import Service
from ticker.errors import ServeError
from ticker.loop import loop_factory, schedule_on, until_told
from ticker.settings import Settings

SHUTDOWN_S = 2.0  # for requests under way; with the close handshakes before it, all is over within 5 s

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
    try:
        await _listen(runner, host, port)
        feeds = asyncio.create_task(service.run_feeds())
        announcements.listening(host, port, service.feed_names, service.example_symbol)
        await until_told(loop, feeds)
        log.info("stopping")
        feeds.cancel()
        await asyncio.wait([feeds])
    finally:
        for site in runner.sites:
            await site.stop()  # no new clients
        await service.close()
        await runner.cleanup()
    log.info("stopped")


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
    except OSError as error:
        raise ServeError(
            f"cannot listen on {host}:{port}: {error.strerror or error}. "
            "Stop what uses it, or choose another with --port or [server] port"
        ) from error
