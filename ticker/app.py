"""The service: puts the parts together. Starting it, and stopping it in order: ticker/serving.py."""

import asyncio
import math
import secrets

import structlog
from aiohttp import web

from feeds import catalog
from feeds.feed import Feed
from feeds.timestamps import SECOND, clock
from ticker import arguments, garbage, logs, sections
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
from ticker.hub import Hub
from ticker.lineup import Lineup
from ticker.metrics import Exposition, Sources
from ticker.pipeline import Pipeline
from ticker.rates import Rates
from ticker.readiness import Readiness
from ticker.reloads import Reloads
from ticker.rest import Rest
from ticker.settings import Settings
from ticker.timer import PARTS, TICK_S, Duty, Timer

READY_AFTER_S = 20.0  # a feed that cannot even be tried does not keep the others from being served for longer

log = structlog.get_logger("ticker")


class Service:
    """One running ticker: its parts, made from the settings. Raises FeedError where a feed cannot be had."""

    def __init__(self, settings: Settings, schedule: Schedule, certificate: Certificate | None = None) -> None:
        self._operations = settings.operations
        self.drain_limits = settings.drain
        self._certificate = certificate
        self._clock = clock()
        self._started = self._clock()
        self.reloads = Reloads(self._started)
        self._timer = Timer(self._duties)
        self._readiness = Readiness()
        self._fanout = Fanout(
            self._clock, schedule, write_all, **arguments.of(settings.fanout, arguments.NOT_OF_FANOUT)
        )
        fresh = settings.freshness
        self._watch = Watch(
            disconnected_s=fresh.disconnected_s, quiet_s=by_pattern(fresh.quiet_by_pattern, fresh.quiet_s)
        )
        self._retention = arguments.retention(settings.history, self._started)
        self._bus = Bus(secrets.token_hex(4), self._fanout, self._retention)
        self._bars = Bars(self._bus, **arguments.of(settings.bars))
        self._wanted = arguments.wanted(settings.history, settings.bars)
        directory = Directory()
        self._pipeline = Pipeline(self._bus, directory, self._watch, self._bars)
        self._lineup = Lineup(self._build, settings.feeds, self._pipeline, self._clock)
        self._feeds = self._lineup.feeds
        if (most := self._retention.bars.most) < settings.history.bars_per_interval:
            log.warning("[history] bytes allows fewer bars of a symbol and interval than configured", bars=most)
        self._hub = self._make_hub(settings, directory)
        self._admission = self._make_admission(settings.limits)
        cors = Cors(settings.server.origins, loopback=is_loopback(settings.server.host))
        sockets = {name: getattr(settings.fanout, name) for name in arguments.OF_FRONT}
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
        return self._front.application((*self._rest.routes(), *operating), self._rest.index)

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
            self._lineup.run(group)

    def leave_rotation(self) -> None:
        """Be ready no more, so that no more clients are sent here; those that come are taken all the same."""
        self._readiness.state = "draining"

    async def send_away(self, *, per_second: float = math.inf, within_s: float = 0) -> None:
        """Send the clients away, and let nobody in."""
        self.leave_rotation()
        self._readiness.sends_away = True
        await self._front.send_away(per_second=per_second, within_s=within_s)

    async def take_up(self, settings: Settings) -> None:
        """Work with these settings from now on, but for what takes a restart. Raises TickerError, and all stays."""
        prepared = self._lineup.prepare(settings.feeds)
        if self._certificate is not None and (pair := arguments.pem_files(settings.tls)) is not None:
            self._certificate.take_up(*pair)
        # From here on nothing can be wrong with them.
        logs.set_level(settings.logging.level)
        limits = settings.limits
        self._hub.limits = arguments.request_limits(settings.limits, settings.history, settings.bars)
        self._hub.field_sets.most = limits.field_sets
        self._admission.clients_most = arguments.clients_within(limits)
        self._admission.set_pace(limits.handshakes_per_second, limits.handshakes_burst)
        self.drain_limits = settings.drain
        self._bus.renew(secrets.token_hex(4))
        gone, new = await self._lineup.take_up(settings.feeds, prepared)
        self._hub.vanished(gone)
        if new:
            self._hub.appeared(new)

    def _build(self, stanza: catalog.AnyOptions) -> Feed:
        return catalog.build(stanza, self._pipeline.receive, self._clock, self._wanted)

    def _make_hub(self, settings: Settings, directory: Directory) -> Hub:
        fanout = settings.fanout
        return Hub(
            directory,
            self._fanout,
            ClientCounts(),
            arguments.request_limits(settings.limits, settings.history, settings.bars),
            Rates(offered=fanout.rates, ticker=fanout.ticker_rate),
            fanout.heartbeat_s,
            self._clock,
            self._retention,
            FieldSets(settings.limits.field_sets),
            self._readiness,
        )

    def _make_admission(self, limits: sections.Limits) -> Admission:
        return Admission(
            self._hub.counts,
            self._clock,
            clients=arguments.clients_within(limits),
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
            reloads=self.reloads,
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
        waited = now - self._started >= READY_AFTER_S * SECOND
        if self._readiness.state == "starting" and (waited or all(feed.tried for feed in self._feeds)):
            self._readiness.state = "ready"
