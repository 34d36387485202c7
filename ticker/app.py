"""The service: puts the parts together, owns the one timer, and starts and stops everything in order."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import web

from feeds import catalog
from feeds.archive import Wanted
from feeds.counts import Histogram
from feeds.feed import Feed, keep_running
from feeds.timestamps import SECOND, clock
from ticker import announcements, files, garbage
from ticker.addresses import is_loopback
from ticker.bars import Bars
from ticker.bus import Bus
from ticker.connection import write_all
from ticker.cors import Cors
from ticker.counts import SHORT_BUCKETS, ClientCounts
from ticker.directory import Directory, by_pattern
from ticker.errors import ServeError
from ticker.fanout import Fanout
from ticker.fields import FieldSets
from ticker.flusher import Schedule
from ticker.freshness import Watch
from ticker.front import Front
from ticker.history import Retention
from ticker.hub import Hub
from ticker.loop import loop_factory, schedule_on, until_told
from ticker.metrics import Exposition, Sources
from ticker.pipeline import Pipeline
from ticker.rates import Rates
from ticker.readiness import Readiness
from ticker.requests import Limits
from ticker.rest import Rest
from ticker.settings import Section, Settings

TICK_S = 0.1
PARTS = 10  # each tick sees to a tenth of the clients' pings: they come a second late at most
# Keys of [fanout] that are not the fan-out's own: the sockets' and the sessions'.
NOT_OF_FANOUT = ("ping_s", "pong_timeout_s", "send_buffer_bytes", "notsent_lowat_bytes", "rates", "ticker_rate")
OF_FRONT = ("ping_s", "pong_timeout_s", "write_deadline_s", "send_buffer_bytes", "notsent_lowat_bytes")
READY_AFTER_S = 20.0  # a feed that cannot even be tried does not keep the others from being served for longer
SHUTDOWN_S = 2.0  # for requests under way; with the close handshakes before it, all is over within 5 s

log = structlog.get_logger("ticker")


class Service:
    """One running ticker: its parts, made from the settings. Raises FeedError where a feed cannot be had."""

    def __init__(self, settings: Settings, schedule: Schedule) -> None:
        self._clock = clock()
        self._started = self._clock()
        self._loop_lag = Histogram(SHORT_BUCKETS)
        self._readiness = Readiness()
        fanout, limits, history, fresh = settings.fanout, settings.limits, settings.history, settings.freshness
        self._fanout = Fanout(self._clock, schedule, write_all, **_section(fanout, leave_out=NOT_OF_FANOUT))
        self._watch = Watch(
            disconnected_s=fresh.disconnected_s, quiet_s=by_pattern(fresh.quiet_by_pattern, fresh.quiet_s)
        )
        directory = Directory()
        self._retention = Retention(
            self._started,
            trades_kept=history.trades_per_symbol,
            trades_kept_s=history.trades_s,
            bytes_kept=history.bytes,
            bars_kept=history.bars_per_interval,
        )
        self._bus = Bus(secrets.token_hex(4), self._fanout, self._retention)
        self._bars = Bars(self._bus, **_section(settings.bars, leave_out=()))
        self._pipeline = Pipeline(self._bus, directory, self._watch, self._bars)
        self._feeds = self._add_feeds(settings)
        hub = Hub(
            directory,
            self._fanout,
            ClientCounts(),
            Limits(
                **_section(limits, leave_out=("clients", "request_head_s", "field_sets")),
                snapshot_trades=history.snapshot_trades,
                intervals=settings.bars.intervals,
            ),
            Rates(offered=fanout.rates, ticker=fanout.ticker_rate),
            fanout.heartbeat_s,
            self._clock,
            self._retention,
            FieldSets(limits.field_sets),
            self._readiness,
        )
        clients = files.clients_within(limits.clients, files.raise_limit())
        if clients < limits.clients:
            log.warning("the limit on open files allows fewer clients than configured; raise it", clients=clients)
        self._front = Front(
            hub,
            Cors(settings.server.origins, loopback=is_loopback(settings.server.host)),
            clients=clients,
            **{name: getattr(fanout, name) for name in OF_FRONT},
        )
        self._rest = Rest(hub, self._watch, self._feeds, self._readiness, self._front.polls)
        self._exposition = Exposition(self._sources(hub, clients))

    @property
    def feed_names(self) -> list[str]:
        """The feeds, in the order of the settings."""
        return [feed.name for feed in self._feeds]

    @property
    def example_symbol(self) -> str:
        """A symbol to try the service with."""
        return self._feeds[0].instruments[0].symbol

    def application(self) -> web.Application:
        """The HTTP side."""
        return self._front.application(self._rest, self._metrics)

    async def run_feeds(self) -> None:
        """Run every feed and the timer until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tick())
            for feed in self._feeds:
                group.create_task(keep_running(feed, self._pipeline.receive, self._clock))

    async def close(self) -> None:
        """Send the clients away."""
        self._readiness.state = "draining"
        await self._front.close()

    def _add_feeds(self, settings: Settings) -> list[Feed]:
        history, add = settings.history, self._pipeline.add_feed
        wanted = Wanted(dict.fromkeys(settings.bars.intervals, history.bars_per_interval), history.trades_per_symbol)
        feeds = [catalog.build(stanza, self._pipeline.receive, self._clock, wanted) for stanza in settings.feeds]
        for feed in feeds:
            add(feed.name, feed.instruments, feed.link_symbols, self._clock(), has_past=feed.has_past)
        if (most := self._retention.bars.most) < history.bars_per_interval:
            log.warning("[history] bytes allows fewer bars of a symbol and interval than configured", bars=most)
        return feeds

    def _sources(self, hub: Hub, clients_limit: int) -> Sources:
        return Sources(
            clock=self._clock,
            started=self._started,
            feeds=self._feeds,
            watch=self._watch,
            fanout=self._fanout,
            retention=self._retention,
            clients=hub.counts,
            connected=self._front.connected,
            clients_limit=clients_limit,
            readiness=self._readiness,
            loop_lag=self._loop_lag,
            late_trades=self._bars.late,
        )

    async def _metrics(self, request: web.Request) -> web.Response:
        body, content_type = self._exposition.expose(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        part, at = 0, loop.time()
        while True:
            at += TICK_S
            await asyncio.sleep(at - loop.time())
            late = loop.time() - at
            self._loop_lag.observe(max(0.0, late))
            self._see_to(part)
            part = (part + 1) % PARTS
            if late > 1:  # the machine slept, or the loop was held: no burst of ticks to catch up
                at = loop.time()

    def _see_to(self, part: int) -> None:
        """What follows from time: the states twice a second, the clients in parts, what is kept once a second."""
        now = self._clock()
        duties: list[Callable[[], None]] = [
            lambda: self._fanout.heartbeat(now, now + int(TICK_S * SECOND)),
            lambda: self._front.tick(now, part, PARTS),
            lambda: self._note_readiness(now),
            lambda: self._close_bars(now),
            garbage.see_to,
        ]
        if part % 5 == 0:
            duties.append(lambda: self._pipeline.tick(now))
        if part == 0:
            duties.append(lambda: self._retention.prune(now))
        for duty in duties:
            try:
                duty()
            except Exception:  # a bug in one of them must not end the others, and with them the service
                log.exception("a regular duty failed, which is a bug")

    def _close_bars(self, now: int) -> None:
        """Those whose time is over; the loop turns between some and the next."""
        if self._bars.tick(now):
            asyncio.get_running_loop().call_soon(lambda: self._close_bars(self._clock()))

    def _note_readiness(self, now: int) -> None:
        waited = now - self._started >= READY_AFTER_S * SECOND
        if self._readiness.state == "starting" and (waited or all(feed.tried for feed in self._feeds)):
            self._readiness.state = "ready"


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; the exit code. Raises TickerError where the service cannot start."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(settings))
    return 0


async def _serve(settings: Settings) -> None:
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


def _section(section: Section, leave_out: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in section if name not in leave_out}
