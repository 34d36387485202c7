"""The service: puts the parts together. Starting it, and stopping it in order: ticker/serving.py."""

import asyncio
import math
import secrets
from typing import Any

import structlog
from aiohttp import web

from feeds import catalog
from feeds.feed import Feed, keep_running
from feeds.timestamps import SECOND, clock
from ticker import files, garbage, sections
from ticker.addresses import is_loopback
from ticker.admission import Admission
from ticker.bars import Bars
from ticker.bus import Bus
from ticker.certificates import Certificate
from ticker.connection import write_all
from ticker.cors import Cors
from ticker.counts import ClientCounts
from ticker.directory import Directory, by_pattern
from ticker.fanout import Fanout
from ticker.fields import FieldSets
from ticker.flusher import Schedule
from ticker.freshness import Watch
from ticker.front import Front
from ticker.history import Retention
from ticker.hub import Hub
from ticker.metrics import Exposition, Sources
from ticker.pipeline import Pipeline
from ticker.rates import Rates
from ticker.requests import Limits
from ticker.rest import Readiness, Rest
from ticker.settings import Settings
from ticker.timer import PARTS, TICK_S, Duty, Timer

# Keys of [fanout] that are not the fan-out's own: the sockets' and the sessions'.
NOT_OF_FANOUT = ("ping_s", "pong_timeout_s", "send_buffer_bytes", "notsent_lowat_bytes", "rates", "ticker_rate")
# Those of [limits] that are no single request's.
NOT_OF_REQUESTS = ("clients", "handshakes_per_second", "handshakes_burst", "request_head_s", "field_sets")
OF_FRONT = ("ping_s", "pong_timeout_s", "write_deadline_s", "send_buffer_bytes", "notsent_lowat_bytes")
READY_AFTER_S = 20.0  # a feed that cannot even be tried does not keep the others from being served for longer

log = structlog.get_logger("ticker")


class Service:
    """One running ticker: its parts, made from the settings. Raises FeedError where a feed cannot be had."""

    def __init__(self, settings: Settings, schedule: Schedule, certificate: Certificate | None = None) -> None:
        self._operations = settings.operations
        self._certificate = certificate
        self._clock = clock()
        self._started = self._clock()
        self._timer = Timer(self._duties)
        self._readiness = Readiness()
        self._fanout = Fanout(self._clock, schedule, write_all, **_section(settings.fanout, leave_out=NOT_OF_FANOUT))
        fresh = settings.freshness
        self._watch = Watch(
            disconnected_s=fresh.disconnected_s, quiet_s=by_pattern(fresh.quiet_by_pattern, fresh.quiet_s)
        )
        self._retention = _retention(settings.history, self._started)
        kept = settings.history.bars_per_interval
        self._bus = Bus(secrets.token_hex(4), self._fanout, self._retention, kept)
        self._bars = Bars(self._bus, is_heard=self._fanout.is_heard, **_section(settings.bars, leave_out=()))
        directory = Directory()
        self._pipeline = Pipeline(self._bus, directory, self._watch, self._bars)
        self._feeds = [self._add_feed(stanza) for stanza in settings.feeds]
        self._hub = self._make_hub(settings, directory)
        self._admission = self._make_admission(settings.limits)
        cors = Cors(settings.server.origins, loopback=is_loopback(settings.server.host))
        sockets = {name: getattr(settings.fanout, name) for name in OF_FRONT}
        self._front = Front(self._hub, cors, self._admission, **sockets)
        self._rest = Rest(self._hub, self._watch, self._feeds, self._readiness, self._front.polls)
        self._exposition = Exposition(self._sources())

    @property
    def feed_names(self) -> list[str]:
        """The feeds, in the order of the settings."""
        return [feed.name for feed in self._feeds]

    @property
    def example_symbol(self) -> str:
        """A symbol to try the service with."""
        return self._feeds[0].instruments[0].symbol

    def application(self) -> web.Application:
        """The HTTP side, with all paths that have no port of their own."""
        operating = () if self._operations.port else self._operating_routes()
        return self._front.application((*self._rest.routes(), *operating))

    def operating_application(self) -> web.Application | None:
        """The paths for those who run the service, where these are to have a port of their own."""
        if self._operations.port is None:
            return None
        app = web.Application()
        app.add_routes(self._operating_routes())
        return app

    async def run_feeds(self) -> None:
        """Run every feed and the timer until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._timer.run())
            for feed in self._feeds:
                group.create_task(keep_running(feed, self._pipeline.receive, self._clock))

    def leave_rotation(self) -> None:
        """Be ready no more, so that no more clients are sent here; those that come are taken all the same."""
        self._readiness.state = "draining"

    async def send_away(self, *, per_second: float = math.inf, within_s: float = 0) -> None:
        """Send the clients away, and let nobody in."""
        self.leave_rotation()
        await self._front.send_away(per_second=per_second, within_s=within_s)

    def _add_feed(self, stanza: catalog.AnyOptions) -> Feed:
        feed = catalog.build(stanza, self._pipeline.receive, self._clock)
        self._pipeline.add_feed(feed.name, feed.instruments, feed.link_symbols, self._clock())
        return feed

    def _make_hub(self, settings: Settings, directory: Directory) -> Hub:
        fanout = settings.fanout
        return Hub(
            directory,
            self._fanout,
            ClientCounts(),
            _request_limits(settings),
            Rates(offered=fanout.rates, ticker=fanout.ticker_rate),
            fanout.heartbeat_s,
            self._clock,
            self._retention,
            FieldSets(settings.limits.field_sets),
        )

    def _make_admission(self, limits: sections.Limits) -> Admission:
        return Admission(
            self._hub.counts,
            self._clock,
            clients=_clients_within(limits),
            handshakes_per_second=limits.handshakes_per_second,
            handshakes_burst=limits.handshakes_burst,
        )

    def _sources(self) -> Sources:
        return Sources(
            clock=self._clock,
            started=self._started,
            feeds=self._feeds,
            watch=self._watch,
            fanout=self._fanout,
            retention=self._retention,
            clients=self._hub.counts,
            admission=self._admission,
            certificate=self._certificate,
            readiness=self._readiness,
            loop_lag=self._timer.lag,
            late_trades=self._bars.late,
        )

    def _operating_routes(self) -> list[web.RouteDef]:
        return [*self._rest.health_routes(), web.get("/metrics", self._metrics)]

    async def _metrics(self, request: web.Request) -> web.Response:
        body, content_type = self._exposition.expose(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    def _duties(self, part: int) -> list[Duty]:
        """What follows from time: the states twice a second, the clients in parts, what is kept once a second."""
        now = self._clock()
        duties: list[Duty] = [
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
        return duties

    def _close_bars(self, now: int) -> None:
        """Those whose time is over; the loop turns between some and the next."""
        if self._bars.tick(now):
            asyncio.get_running_loop().call_soon(lambda: self._close_bars(self._clock()))

    def _note_readiness(self, now: int) -> None:
        if self._readiness.state == "starting":
            waited = now - self._started >= READY_AFTER_S * SECOND
            if waited or all(feed.tried for feed in self._feeds):
                self._readiness.state = "ready"


def _retention(history: sections.History, started: int) -> Retention:
    return Retention(
        started,
        trades_kept=history.trades_per_symbol,
        trades_kept_s=history.trades_s,
        bytes_kept=history.bytes,
    )


def _request_limits(settings: Settings) -> Limits:
    return Limits(
        **_section(settings.limits, leave_out=NOT_OF_REQUESTS),
        snapshot_trades=settings.history.snapshot_trades,
        intervals=settings.bars.intervals,
    )


def _clients_within(limits: sections.Limits) -> int:
    """How many clients there may be, as far as the limit on open files allows."""
    clients = files.clients_within(limits.clients, files.raise_limit())
    if clients < limits.clients:
        log.warning("the limit on open files allows fewer clients than configured; raise it", clients=clients)
    return clients


def _section(section: sections.Section, leave_out: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in section if name not in leave_out}
