"""The service: puts the parts together. Starting it, and stopping it in order: ticker/serving.py."""

import asyncio
import secrets
from typing import Any

import structlog
from aiohttp import web

from feeds import catalog
from feeds.archive import Wanted
from feeds.feed import Feed, keep_running
from feeds.timestamps import SECOND, clock
from ticker import files, garbage
from ticker.addresses import is_loopback
from ticker.bars import Bars
from ticker.bus import Bus
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
from ticker.readiness import Readiness
from ticker.requests import Limits
from ticker.rest import Rest
from ticker.settings import Section, Settings
from ticker.timer import PARTS, TICK_S, Duty, Timer

# Keys of [fanout] that are not the fan-out's own: the sockets' and the sessions'.
NOT_OF_FANOUT = ("ping_s", "pong_timeout_s", "send_buffer_bytes", "notsent_lowat_bytes", "rates", "ticker_rate")
OF_FRONT = ("ping_s", "pong_timeout_s", "write_deadline_s", "send_buffer_bytes", "notsent_lowat_bytes")
READY_AFTER_S = 20.0  # a feed that cannot even be tried does not keep the others from being served for longer

log = structlog.get_logger("ticker")


class Service:
    """One running ticker: its parts, made from the settings. Raises FeedError where a feed cannot be had."""

    def __init__(self, settings: Settings, schedule: Schedule) -> None:
        self._clock = clock()
        self._started = self._clock()
        self._timer = Timer(self._duties)
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
            group.create_task(self._timer.run())
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
            loop_lag=self._timer.lag,
            late_trades=self._bars.late,
        )

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


def _section(section: Section, leave_out: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in section if name not in leave_out}
