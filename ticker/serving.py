"""Serving, from the start of the process to its end: who listens when, and who is sent away before what is stopped."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from aiohttp import web

from feeds.timestamps import clock
from ticker import announcements, garbage
from ticker.addresses import reachable
from ticker.app import Service
from ticker.arguments import pem_files
from ticker.certificates import Certificate
from ticker.connection import CLOSE_TIMEOUT_S
from ticker.listening import Listener
from ticker.loop import loop_factory, schedule_on, until_told
from ticker.reload import Reloader, Source
from ticker.sections import Drain, Tls
from ticker.settings import Settings

SHUTDOWN_S = 2.0  # for requests under way, when all clients are gone

log = structlog.get_logger("ticker")


def run(settings: Settings, source: Source) -> int:
    """Serve until SIGTERM or SIGINT; the exit code. Raises TickerError where the service cannot start."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(settings, source))
    return 0


async def serve(settings: Settings, source: Source) -> None:
    """As `run`, on the running loop."""
    loop = asyncio.get_running_loop()
    announcements.before(settings.server.host, settings.server.port, demo=settings.demo)
    certificate = _certificate(settings.tls)
    service = Service(settings, schedule_on(loop), certificate)
    garbage.set_aside()
    feeds: asyncio.Task[None] | None = None
    runners: list[web.AppRunner] = []
    try:
        await _listen(service, settings, certificate, runners)
        feeds = asyncio.create_task(service.run_feeds())
        _announce(service, settings)
        with _reloading(service, settings, source):
            told = await until_told(loop, feeds)
        await _drain(service, service.drain_limits, wait=told == signal.SIGTERM)
    finally:
        await service.send_away()
        if feeds is not None:
            feeds.cancel()
            await asyncio.wait([feeds])
        for runner in runners:
            await runner.cleanup()
    log.info("stopped")


async def _listen(
    service: Service, settings: Settings, certificate: Certificate | None, runners: list[web.AppRunner]
) -> None:
    """Take clients, and those who run the service. Raises ServeError; `runners` are to be cleaned up in any case."""
    server, operations, fanout = settings.server, settings.operations, settings.fanout
    # A client that lives and does not read is ended by the write deadline; the kernel must not be sooner.
    silence_s = fanout.write_deadline_s + fanout.pong_timeout_s
    listener = Listener(
        await _runner(service.application(), settings, runners),
        server.host,
        server.port,
        context=None if certificate is None else certificate.context,
        handshake_s=settings.tls.handshake_s,
        silence_s=silence_s,
        advice="Stop what uses it, or choose another with --port or [server] port",
    )
    await listener.start()
    app = service.operating_application()
    if app is not None and operations.port is not None:
        runner = await _runner(app, settings, runners)
        advice = "Stop what uses it, or choose another with [operations] port"
        host = operations.host or server.host
        await Listener(runner, host, operations.port, silence_s=silence_s, advice=advice).start()


async def _runner(app: web.Application, settings: Settings, runners: list[web.AppRunner]) -> web.AppRunner:
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=settings.limits.request_head_s,  # aiohttp's limit for a request's head, too
        shutdown_timeout=SHUTDOWN_S,
    )
    await runner.setup()
    runners.append(runner)
    return runner


def _certificate(tls: Tls) -> Certificate | None:
    pair = pem_files(tls)
    return None if pair is None else Certificate(*pair)


@contextmanager
def _reloading(service: Service, settings: Settings, source: Source) -> Iterator[None]:
    """Take up what changes, until the end of the block. Where nothing can, SIGHUP ends the process as ever."""
    reloader = Reloader(source, settings, service.take_up, service.reloads, clock())
    if not reloader.has_files:
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, reloader.look_now)
    looking = asyncio.create_task(reloader.run(settings.reload.every_s))
    try:
        yield
    finally:
        looking.cancel()  # SIGHUP goes on to do nothing: it must not end what drains


def _announce(service: Service, settings: Settings) -> None:
    server, operations = settings.server, settings.operations
    where = operations.port and f"http://{reachable(operations.host or server.host)}:{operations.port}"
    announcements.listening(
        server.host,
        server.port,
        service.feed_names,
        service.example_symbol,
        secure=settings.tls.certificate is not None,
        operations=where or None,
    )


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
