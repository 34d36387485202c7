"""A stand-in for Kraken's WebSocket API v2.

Rules, as documented (2026) and seen in frames that others published: `status` comes first on every connection; each
symbol of a subscription has its own acknowledgement or error; `ticker` follows trades unless asked for
`"event_trigger":"bbo"`, and begins with a snapshot unless asked not to, `trade` only if asked to; a heartbeat comes
each second in which nothing else did, once there is a subscription; `ping` is answered by `pong`; without any traffic
a connection ends after 60 s. The message limit has no documented figure; beyond it the answer is
`{"Error":"Exceeded msg rate"}`. Prices are JSON numbers whose trailing zeros count, so frames here are text.
"""

import json
import time
from typing import Any

from tests.venues.server import Timing, Venue
from tests.venues.session import Session

TIMES = {"time_in": "2026-09-24T03:54:28.829165Z", "time_out": "2026-09-24T03:54:28.829217Z"}
STATUS = (
    '{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online",'
    '"api_version":"v2","connection_id":13834774380200032777}]}'
)
STAMP = "2026-09-24T03:54:18.054886Z"


class Kraken(Venue):
    """Kraken v2. A `ticker` subscription that follows trades only is `ticker/trades:BTC/USD`: no quote reaches it."""

    path = "/v2"
    timing = Timing(heartbeat=1, idle=60)
    messages_per_second = 20

    def subscription_of(self, frame: str) -> str:
        """Channel and symbol, like `trade:BTC/USD`."""
        message = json.loads(frame)
        return f"{message['channel']}:{message['data'][0]['symbol']}"

    async def opened(self, session: Session) -> None:
        """The venue speaks first."""
        await session.send(STATUS)

    def may_send(self, session: Session) -> bool:
        """Too many messages end nothing; they are answered, by an error."""
        return True

    async def received(self, session: Session, message: str) -> None:
        """Answer a ping, a subscription or a cancellation, symbol by symbol."""
        request = json.loads(message)
        echo = {"req_id": request["req_id"]} if "req_id" in request else {}
        if session.limit.exceeded():
            await session.send('{"Error":"Exceeded msg rate"}')
        elif request["method"] == "ping":
            await session.send(json.dumps({"method": "pong"} | TIMES | echo))
        else:
            for symbol in request["params"]["symbol"]:
                await self._take(session, request["method"], request["params"] | {"symbol": symbol}, echo)

    async def beat(self, session: Session) -> None:
        """A heartbeat, where nothing else was sent in the meantime."""
        assert self._timing.heartbeat is not None
        if session.subscriptions and time.monotonic() - session.last_frame > self._timing.heartbeat / 2:
            await session.send('{"channel":"heartbeat"}')

    async def _take(self, session: Session, method: str, params: dict[str, Any], echo: dict[str, int]) -> None:
        symbol, channel = params["symbol"], params["channel"]
        if symbol in self.refused_symbols:
            refusal = {"error": f"Currency pair not supported {symbol}", "success": False, "symbol": symbol}
            await session.send(json.dumps({"method": method} | refusal | TIMES | echo))
            return
        name = f"{channel}:{symbol}"
        if channel == "ticker" and params.get("event_trigger", "trades") == "trades":
            name = f"ticker/trades:{symbol}"
        await session.send(json.dumps({"method": method, "result": params, "success": True} | TIMES | echo))
        if method == "unsubscribe":
            session.subscriptions.discard(name)
            return
        session.subscriptions.add(name)
        if params.get("snapshot", channel == "ticker") and name in self.snapshots:
            await session.send(self.snapshots[name])


def ticker(symbol: str, bid: str, ask: str, *, last: str, at: str = STAMP, kind: str = "update") -> str:
    """A quote with the figures of 24 hours; numbers are given as text and keep their digits."""
    return (
        f'{{"channel":"ticker","type":"{kind}","data":[{{"symbol":"{symbol}","bid":{bid},"bid_qty":1.50000000,'
        f'"ask":{ask},"ask_qty":2.00000000,"last":{last},"volume":997038.98000000,"vwap":{last},"low":{bid},'
        f'"high":{ask},"change":0.00010,"change_pct":-0.17,"trades":38144,"timestamp":"{at}"}}]}}'
    )


def trade(symbol: str, *numbers: int, price: str = "100.50", side: str = "buy", kind: str = "update") -> str:
    """Trades of those numbers, oldest first, with the taker's side."""
    entries = ",".join(
        f'{{"symbol":"{symbol}","side":"{side}","price":{price},"qty":0.25000000,"ord_type":"limit",'
        f'"trade_id":{number},"timestamp":"{STAMP}"}}'
        for number in numbers
    )
    return f'{{"channel":"trade","type":"{kind}","data":[{entries}]}}'
