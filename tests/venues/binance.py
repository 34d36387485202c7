"""A stand-in for Binance's spot market streams.

Rules, as documented in binance-spot-api-docs, web-socket-streams.md (2026-07): `/ws/<stream>` sends raw events,
`/stream?streams=<a>/<b>` wraps them as `{"stream":…,"data":…}`, and both take SUBSCRIBE requests. A ping frame comes
every 20 s and wants its pong within 60 s. A sixth message within a second (JSON, ping or pong) ends the connection
with 1008. A connection carries at most 1024 streams; what the venue answers beyond that is not documented, here it is
an error. An upper-case stream name is acknowledged, and nothing ever comes of it. Errors come nested, as seen live.
"""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.venues.server import Timing, Venue
from tests.venues.session import Session

STREAMS_PER_CONNECTION = 1024
METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS")

INVALID_REQUEST = 2
INVALID_JSON = 3


class Binance(Venue):
    """Binance spot: combined and raw streams. Frames are given in their combined form."""

    path = "/stream"
    timing = Timing(ping=20, pong=60)
    messages_per_second = 5

    def subscription_of(self, frame: str) -> str:
        """The stream's name."""
        return str(json.loads(frame)["stream"])

    def on_the_wire(self, session: Session, frame: str) -> str:
        """The event alone on a raw connection."""
        return frame if session.path.startswith("/stream") else frame[frame.index('"data":') + 7 : -1]

    async def opened(self, session: Session) -> None:
        """The address may name streams."""
        address = urlsplit(session.path)
        in_path = address.path.removeprefix("/stream").removeprefix("/ws").strip("/")
        names = parse_qs(address.query).get("streams", [in_path])[0]
        session.subscriptions.update(name for name in names.split("/") if name)

    async def received(self, session: Session, message: str) -> None:
        """Acknowledge a request, or say what is wrong with it."""
        try:
            request = json.loads(message)
        except ValueError:
            await session.send(_error(INVALID_JSON, "Invalid JSON: expected value at line 1 column 1", None))
            return
        await session.send(_answer(session, request))

    async def shut_down(self) -> None:
        """Announce on every connection that it will end soon."""
        for session in self.open_sessions:
            frame = '{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}}'
            await session.send(self.on_the_wire(session, frame))


def _answer(session: Session, request: dict[str, Any]) -> str:
    number, names = request.get("id"), request.get("params", [])
    if request.get("method") not in METHODS:
        return _error(INVALID_REQUEST, f"Invalid request: unknown variant `{request.get('method')}`", number)
    if request["method"] == "LIST_SUBSCRIPTIONS":
        return json.dumps({"result": sorted(session.subscriptions), "id": number})
    if request["method"] == "UNSUBSCRIBE":
        session.subscriptions.difference_update(names)
    elif len(session.subscriptions.union(names)) > STREAMS_PER_CONNECTION:
        return _error(INVALID_REQUEST, "Invalid request: too many streams", number)
    else:
        session.subscriptions.update(names)
    return json.dumps({"result": None, "id": number})


def _error(code: int, text: str, number: object) -> str:
    return json.dumps({"error": {"code": code, "msg": text}, "id": number})


def book_ticker(symbol: str, update: int, bid: str, ask: str, size: str = "1.00000000") -> str:
    """A quote; `update` rises with each of the symbol."""
    data = {"u": update, "s": symbol, "b": bid, "B": size, "a": ask, "A": size}
    return _combined(symbol, "bookTicker", data)


def agg_trade(
    symbol: str, number: int, price: str, size: str = "0.50000000", *, sold: bool = False, at: int | None = None
) -> str:
    """A trade; numbers of a symbol follow each other. `sold`: the taker sold; `at`: milliseconds since 1970."""
    data = {"e": "aggTrade", "E": 1786309548100, "s": symbol, "a": number, "p": price, "q": size}
    data |= {"f": number * 2, "l": number * 2, "T": at or 1786309548000 + number, "m": sold, "M": True}
    return _combined(symbol, "aggTrade", data)


def _combined(symbol: str, kind: str, data: dict[str, Any]) -> str:
    return json.dumps({"stream": f"{symbol.lower()}@{kind}", "data": data}, separators=(",", ":"))
