"""A stand-in for a venue's REST, on loopback: what it answers is the test's to say, what it was asked is kept."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Self

from aiohttp import web

MILLISECOND = 1_000_000  # nanoseconds
LENGTHS = {"1s": 1, "1m": 60, "5m": 300, "1h": 3_600, "1d": 86_400}  # in seconds

Answer = web.StreamResponse | Callable[[], web.StreamResponse]


class Print(NamedTuple):
    """A trade: when, in nanoseconds since 1970, its price and its number."""

    at: int
    price: str
    number: int


class RestVenue:
    """Answers what `answer` makes of a request, while its `async with` block runs."""

    def __init__(self, answer: Callable[[web.Request], web.StreamResponse]) -> None:
        self.asked: list[str] = []
        self.answer = answer
        self.under_way = self.at_most = 0
        self.stalled = asyncio.Event()
        self.stalls = False
        self._site: web.TCPSite
        self._runner: web.AppRunner

    @property
    def url(self) -> str:
        """Where to ask."""
        server = self._site._server
        assert isinstance(server, asyncio.Server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_get("/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await self._site.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        self.under_way += 1
        self.at_most = max(self.at_most, self.under_way)
        try:
            await asyncio.sleep(0)
            if self.stalls:
                self.stalled.set()
                await asyncio.Event().wait()
            return self.answer(request)
        finally:
            self.under_way -= 1


def binance(tape: Mapping[str, Iterable[Print]]) -> Callable[[web.Request], web.StreamResponse]:
    """Binance's answers, from the trades of each symbol, oldest first; all sizes are 1."""

    def answer(request: web.Request) -> web.StreamResponse:
        query = request.query
        prints = list(tape.get(query["symbol"], ()))
        if query["symbol"] not in tape:
            return web.json_response({"code": -1121, "msg": "Invalid symbol."}, status=400)
        if request.path == "/api/v3/aggTrades":
            return _json([_agg_trade(one) for one in prints[-int(query["limit"]) :]])
        assert request.path == "/api/v3/klines"
        first, last = int(query["startTime"]), int(query["endTime"])
        klines = _klines(prints, LENGTHS[query["interval"]] * 1_000)
        return _json([kline for kline in klines if first <= int(str(kline[0])) <= last][: int(query["limit"])])

    return answer


def _agg_trade(one: Print) -> dict[str, object]:
    at, price, number = one
    return {"a": number, "p": price, "q": "1", "f": number, "l": number, "T": at // MILLISECOND, "m": True, "M": True}


def _klines(prints: Iterable[Print], length: int) -> list[list[object]]:
    """Times and `length` in milliseconds."""
    by_start: dict[int, list[str]] = {}
    for at, price, _ in prints:
        by_start.setdefault(at // MILLISECOND // length * length, []).append(price)
    return [
        [start, p[0], max(p, key=float), min(p, key=float), p[-1], f"{len(p)}", start + length - 1, "0", len(p)]
        for start, p in sorted(by_start.items())
    ]


def _json(value: object) -> web.Response:
    return web.Response(body=json.dumps(value).encode(), content_type="application/json")
