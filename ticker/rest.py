"""The REST driver: one-off answers for those who cannot, or need not, hold a connection."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from typing import Any, TypeVar

import orjson
from aiohttp import web

from feeds.feed import Feed
from feeds.timestamps import rfc3339
from ticker import __version__, frames
from ticker.answers import json_answer, listing
from ticker.bus import ChannelName, Topic
from ticker.directory import Market, is_pattern
from ticker.encodings import payload
from ticker.errors import RequestError
from ticker.etags import etag, has_it, version
from ticker.freshness import Watch
from ticker.hub import Hub
from ticker.pages import page, parse_limit
from ticker.polls import Polls, parse_wait
from ticker.queries import check_known, one_topic, streams
from ticker.readiness import Readiness
from ticker.requests import channel_named, check_names, time_given
from ticker.retained import newest_frames
from ticker.slices import in_slices
from ticker.status import FINE, feed_report
from ticker.stream_query import listed

INDEX = """\
ticker {version}: live prices, never silently old

  WebSocket  /v1/ws
  SSE        /v1/sse?channel=ticker&symbols=*        the same as a stream of events
  REST       /v1/snapshot?channel=ticker&symbols=*   the current values
             /v1/trades?symbol=…&since=…             the last minutes' trades
             /v1/bars?symbol=…&interval=1m           bars, oldest first
             /v1/symbols?match=*                     what there is
             /v1/status                              feeds, and symbols that are not live or quiet
  operating  /healthz  /readyz  /metrics
  for people /docs/                                  all of it, with every message
"""


T = TypeVar("T")


class Rest:
    """The answers, from the same directory and topics as the sessions'."""

    def __init__(self, hub: Hub, watch: Watch, feeds: Sequence[Feed], readiness: Readiness, polls: Polls) -> None:
        self._polls = polls
        self._hub = hub
        self._watch = watch
        self._feeds = feeds
        self._readiness = readiness

    def routes(self) -> list[web.RouteDef]:
        """Paths and handlers."""
        return [
            web.get("/v1/snapshot", self.snapshot),
            web.get("/v1/trades", self.trades),
            web.get("/v1/bars", self.bars),
            web.get("/v1/symbols", self.symbols),
            web.get("/v1/status", self.status),
        ]

    def health_routes(self) -> list[web.RouteDef]:
        """Those for orchestrators."""
        return [web.get("/healthz", self.healthz), web.get("/readyz", self.readyz)]

    async def index(self, _: web.Request) -> web.Response:
        """What there is."""
        return web.Response(text=INDEX.format(version=__version__))

    async def snapshot(self, request: web.Request) -> web.Response:
        """The current messages of channels and symbols, each symbol's status first; 304 for who has them.

        With `wait`, who has them is told of the next change, or 304 when the time is over.
        """
        known = request.headers.getall("If-None-Match", ())
        if wait := parse_wait(request.query.get("wait")):
            await self._wait(request, known, wait)
        topics = await self._topics(request)
        tag = await self._tag(topics)  # before the messages: one that changes meanwhile is sent again, not missed
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if has_it(known, tag):
            return web.Response(status=304, headers=headers)
        messages: list[bytes] = []
        async for topic in self._in_slices(topics):
            messages += map(payload, self._snapshot(topic))
        return listing(messages, headers=headers)

    async def trades(self, request: web.Request) -> web.Response:
        """The retained trades of a symbol, a page of them."""
        check_known(request.query, "symbol", "since", "limit")
        topic, since = self._topic(request, "trades"), request.query.get("since")
        received, limit = None if since is None else time_given(since), parse_limit(request.query.get("limit"))
        return listing(*page(topic, received, self._hub.clock(), limit, self._hub.retention))

    async def bars(self, request: web.Request) -> web.Response:
        """The newest bars of a symbol, oldest first, the open one last."""
        check_known(request.query, "symbol", "interval", "limit")
        topic, limit = self._topic(request, "bars"), parse_limit(request.query.get("limit"))
        return listing([payload(frame) for frame in frames.newest_bars(topic, limit)])

    async def symbols(self, request: web.Request) -> web.Response:
        """The directory."""
        check_known(request.query, "match")
        names = check_names([request.query.get("match", "*")], self._hub.limits)
        entries = [self._entry(market) async for market in self._in_slices(self._hub.directory.match(names[0]))]
        return json_answer(orjson.dumps({"messages": entries, "next": None}))

    async def status(self, request: web.Request) -> web.Response:
        """The feeds, and the symbols whose values cannot be relied on."""
        check_known(request.query)
        now = self._hub.clock()
        markets = list(self._hub.directory.all())
        suspects = [m.status async for m in self._in_slices(markets) if self._state(m) not in FINE]
        statuses = [payload(frames.snapshot(topic)) async for topic in self._in_slices(suspects)]
        report = {
            "server": f"ticker/{__version__}",
            "time": rfc3339(now),
            "state": self._readiness.state,
            "feeds": [feed_report(feed, self._watch, now) for feed in self._feeds],
            "symbols": [orjson.Fragment(status) for status in statuses],
        }
        return json_answer(orjson.dumps(report))

    async def healthz(self, _: web.Request) -> web.Response:
        """The process lives and its event loop turns."""
        return web.Response(text="ok\n")

    async def readyz(self, _: web.Request) -> web.Response:
        """Whether to send clients here."""
        return web.Response(text=f"{self._readiness.state}\n", status=200 if self._readiness.state == "ready" else 503)

    async def _wait(self, request: web.Request, known: Sequence[str], seconds: float) -> None:
        """Until something has changed for one who knows the current values, or the time is over."""
        topics = await self._topics(request)
        with self._polls.watching(topics) as changed:  # from before the look at them
            if has_it(known, await self._tag(topics)):
                await self._polls.wait(request, changed, seconds)

    async def _tag(self, topics: Iterable[Topic]) -> str:
        return etag([version(topic) async for topic in self._in_slices(topics)])

    def _in_slices(self, items: Iterable[T]) -> AsyncIterator[T]:
        return in_slices(items, self._hub.clock)

    async def _topics(self, request: web.Request) -> Collection[Topic]:
        """The topics that a snapshot is asked of, each symbol's status before its data. Raises RequestError."""
        check_known(request.query, "channel", "symbols", "interval", "wait")
        channels = [channel_named(name) for name in _names(request, "channel")]
        if not channels:
            raise RequestError(400, "channel: say which, like ?channel=ticker&symbols=*")
        names = _names(request, "symbols")
        if not names:
            raise RequestError(400, "symbols: say which, like ?channel=ticker&symbols=binance:BTC-USDT,coinbase:*")
        wanted = streams(request.query, channels, self._hub.limits)
        topics: dict[Topic, None] = {}
        async for market in self._in_slices(self._markets(check_names(names, self._hub.limits))):
            found = [market.status, *(market.topic(channel, interval) for channel, interval in wanted)]
            topics.update((topic, None) for topic in found if topic is not None)
        return topics

    def _topic(self, request: web.Request, channel: ChannelName) -> Topic:
        return one_topic(request.query, channel, self._hub.directory, self._hub.limits)

    def _markets(self, names: Iterable[str]) -> Iterable[Market]:
        """The markets that names and patterns stand for. Raises RequestError 404 or 413."""
        directory, limit = self._hub.directory, self._hub.limits.symbols_per_client
        found: dict[str, Market] = {}
        for name in names:
            if is_pattern(name):
                found.update((market.instrument.symbol, market) for market in directory.match(name))
            elif (market := directory.get(name)) is not None:
                found[name] = market
            else:
                raise RequestError(404, f"symbols: {name}: {directory.why_not('ticker', name)}")
        if len(found) > limit:
            raise RequestError(413, f"symbols: {len(found)} match; the limit is {limit}")
        return found.values()

    def _entry(self, market: Market) -> dict[str, Any]:
        instrument = market.instrument
        return {
            "symbol": instrument.symbol,
            "venue": market.feed,
            "kind": instrument.kind,
            "channels": market.channels,
            "price_increment": instrument.price_increment,
            "size_increment": instrument.size_increment,
            "state": self._state(market),
        }

    def _snapshot(self, topic: Topic) -> Sequence[bytes]:
        if topic.history is not None:
            return newest_frames(topic, self._hub.limits.snapshot_trades, self._hub.retention)
        if topic.bars is not None:
            return frames.newest_bars(topic, 1)
        return () if topic.value is None else (frames.snapshot(topic),)

    def _state(self, market: Market) -> str:
        freshness = self._watch.symbols.get(market.instrument.symbol)
        return "closed" if freshness is None else freshness.state  # it went while the answer was made


def _names(request: web.Request, key: str) -> list[str]:
    return listed(request.query.items(), key)
