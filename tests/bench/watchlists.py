"""The ways in which a page can keep a watchlist up to date. A new one is a function and a line in WAYS."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import aiohttp
import orjson

from tests.events import EventSource
from tests.integration.client import Message

POLL_EACH_S = 1.0
WAIT_S = 20
ENDLESS = aiohttp.ClientTimeout(total=None)

# What a browser sends with each request of a page's script (Chrome 138 on Linux, on a page of the same origin).
BROWSER = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-GB,en;q=0.9,de;q=0.8",
    "Connection": "keep-alive",
    "Referer": "http://127.0.0.1:8080/watchlist",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/138.0.0.0 Safari/537.36",
    "sec-ch-ua": '"Not)A;Brand";v="8", "Chromium";v="138", "Google Chrome";v="138"',
    "sec-ch-ua-mobile": "?0",
    "sec-ch-ua-platform": '"Linux"',
}

EVENT_SOURCE = {"Accept": "text/event-stream", "Cache-Control": "no-cache"}

Show = Callable[[Message], None]  # what the page does with a message
Way = Callable[[aiohttp.ClientSession, Sequence[str], Show], Awaitable[None]]  # goes on until it is cancelled


async def poll(session: aiohttp.ClientSession, symbols: Sequence[str], show: Show) -> None:
    """Ask for everything, once a second."""
    await _poll(session, symbols, show, remember=False)


async def poll_with_etag(session: aiohttp.ClientSession, symbols: Sequence[str], show: Show) -> None:
    """Ask for everything, once a second, unless nothing has changed: as a browser's cache does it."""
    await _poll(session, symbols, show, remember=True)


async def long_poll(session: aiohttp.ClientSession, symbols: Sequence[str], show: Show) -> None:
    """Ask for everything, and ask for the next change as soon as there was one."""
    path, headers = f"{_path(symbols)}&wait={WAIT_S}", dict[str, str]()
    while True:
        await _ask(session, path, headers, show)


async def events(session: aiohttp.ClientSession, symbols: Sequence[str], show: Show) -> None:
    """An EventSource: as by WebSocket, at most ten times a second and symbol."""
    source = EventSource()
    query = f"channel=ticker&symbols={','.join(symbols)}"
    async with session.get(f"/v1/sse?{query}", headers=EVENT_SOURCE, timeout=ENDLESS) as answer:
        async for data in answer.content.iter_any():
            for event in source.feed(data):
                show(event.message)


async def websocket(session: aiohttp.ClientSession, symbols: Sequence[str], show: Show) -> None:
    """Subscribe, and be told: at most ten times a second and symbol, as the channel does by default."""
    await _subscribe(session, show, {"op": "subscribe", "channel": "ticker", "symbols": symbols})


async def every_update(session: aiohttp.ClientSession, symbols: Sequence[str], show: Show) -> None:
    """Subscribe to every single update: what there is to be shown."""
    await _subscribe(session, show, {"op": "subscribe", "channel": "ticker", "symbols": symbols, "max_rate": None})


WAYS: Mapping[str, Way] = {
    "polling each second": poll,
    "polling each second, with ETag": poll_with_etag,
    "long polling": long_poll,
    "server-sent events": events,
    "WebSocket": websocket,
    "WebSocket, every update": every_update,
}


async def _poll(session: aiohttp.ClientSession, symbols: Sequence[str], show: Show, *, remember: bool) -> None:
    loop = asyncio.get_running_loop()
    path, at, headers = _path(symbols), loop.time(), dict[str, str]()
    while True:
        await _ask(session, path, headers, show)
        if not remember:
            headers.clear()
        at += POLL_EACH_S
        await asyncio.sleep(at - loop.time())


def _path(symbols: Sequence[str]) -> str:
    return f"/v1/snapshot?channel=ticker&symbols={','.join(symbols)}"


async def _ask(session: aiohttp.ClientSession, path: str, headers: dict[str, str], show: Show) -> None:
    """Ask for what differs from what `headers` name, and note there what that is from now on."""
    async with session.get(path, headers=headers) as answer:
        body = await answer.read()
        if answer.status == 200:
            for message in orjson.loads(body)["messages"]:
                show(message)
        headers["If-None-Match"] = answer.headers["ETag"]


async def _subscribe(session: aiohttp.ClientSession, show: Show, request: Message) -> None:
    async with session.ws_connect("/v1/ws", max_msg_size=0) as ws:
        await ws.send_json(request)
        async for message in ws:
            show(orjson.loads(message.data))
