"""A stand-in for Coinbase's Advanced Trade market data.

Rules, as documented (2025-26) and seen in a recording of 2026-08-09: a client subscribes within 5 s of connecting,
one channel a request, and sends at most 8 messages a second from one address (whatever happens beyond that, here the
connection ends). Each acknowledgement lists all subscriptions there are. `sequence_num` counts every frame of a
connection from 0, acknowledgements and heartbeats included; only errors have none. A subscription to `heartbeats`
brings one each second; without anything to send a connection ends after 60-90 s. `ticker` and `market_trades` begin
with a snapshot. A -USDC product is answered under its -USD name. An unknown product fails its whole request: how
much of such a request the venue takes is not documented, so the worse is assumed.
"""

import json
import re
from collections import defaultdict
from typing import Any

from tests.venues.server import Timing, Venue
from tests.venues.session import MessageLimit, Session

CHANNELS = ("ticker", "market_trades", "heartbeats", "candles", "level2", "status", "ticker_batch")
SEQUENCE_NUM = re.compile(r'"sequence_num":\d+')
HEARTBEAT_TIME = "2026-08-09 21:05:48.85 +0000 UTC m=+41691.26"
STAMP = "2026-08-09T21:05:48.026294123Z"


class Coinbase(Venue):
    """Coinbase Advanced Trade. Any `sequence_num` will do in what is published: each session has its own count."""

    path = ""
    timing = Timing(heartbeat=1, subscribe=5, idle=60)
    messages_per_second = 8

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._limit = super().limit()
        self._next_number: dict[Session, int] = defaultdict(int)
        self._heartbeats = 0

    def subscription_of(self, frame: str) -> str:
        """Channel and product, like `ticker:BTC-USD`."""
        message = json.loads(frame)
        event = message["events"][0]
        entries = event.get("tickers") or event.get("trades") or event.get("candles") or [event]
        return f"{message['channel']}:{entries[0]['product_id']}"

    def on_the_wire(self, session: Session, frame: str) -> str:
        """The frame with the session's next number."""
        number = self._next_number[session]
        self._next_number[session] = number + 1
        return SEQUENCE_NUM.sub(f'"sequence_num":{number}', frame, count=1)

    def lose(self, session: Session, frames: int) -> None:
        """As if so many frames had been lost on their way."""
        self._next_number[session] += frames

    def limit(self) -> MessageLimit:
        """All connections of an address share it."""
        return self._limit

    async def received(self, session: Session, message: str) -> None:
        """Take a request and send what it asks for, or say what is wrong with it."""
        request = json.loads(message)
        channel, products = request.get("channel"), request.get("product_ids", [])
        if channel not in CHANNELS or request.get("type") not in ("subscribe", "unsubscribe"):
            await session.send(_error(f"{channel} is not a channel, or {request.get('type')} not a type"))
        elif refused := self.refused_symbols.intersection(products):
            await session.send(_error(f"{', '.join(sorted(refused))} is not a valid product"))
        else:
            await self._take(session, request["type"], channel, products)

    async def beat(self, session: Session) -> None:
        """A heartbeat, for who subscribed to them."""
        if "heartbeats" in session.subscriptions:
            self._heartbeats += 1
            event = {"current_time": HEARTBEAT_TIME, "heartbeat_counter": self._heartbeats}
            await session.send(self.on_the_wire(session, _frame("heartbeats", [event])))

    async def _take(self, session: Session, kind: str, channel: str, products: list[str]) -> None:
        named = [f"{channel}:{product.replace('-USDC', '-USD')}" for product in products]
        names = {"heartbeats"} if channel == "heartbeats" else set(named)
        if kind == "unsubscribe":
            session.subscriptions -= names or {name for name in session.subscriptions if name.startswith(channel)}
        else:
            session.subscriptions |= names
            for name in sorted(names & self.snapshots.keys()):
                await session.publish(self.snapshots[name])
        await session.send(self.on_the_wire(session, _frame("subscriptions", [_subscribed(session)])))


def _subscribed(session: Session) -> dict[str, dict[str, list[str]]]:
    products: dict[str, list[str]] = {}
    for name in sorted(session.subscriptions):
        channel, _, product = name.partition(":")
        products.setdefault(channel, []).append(product or channel)
    return {"subscriptions": products}


def _error(text: str) -> str:
    return json.dumps({"type": "error", "message": text})


def _frame(channel: str, events: list[dict[str, Any]], timestamp: str = STAMP) -> str:
    message = {"channel": channel, "timestamp": timestamp, "sequence_num": 0, "events": events}
    return json.dumps(message, separators=(",", ":"))


def ticker(product: str, price: str, bid: str, ask: str, *, at: str = STAMP, kind: str = "update") -> str:
    """A quote with the figures of 24 hours. `at` orders a product's quotes; `kind` may be `snapshot`."""
    figures = {"volume_24_h": "2867.5", "low_24_h": "90", "high_24_h": "200", "low_52_w": "50", "high_52_w": "300"}
    figures |= {"price_percent_chg_24_h": "0.09601107287722", "best_bid": bid, "best_ask": ask}
    figures |= {"best_bid_quantity": "0.2", "best_ask_quantity": "0.3"}
    entry = {"type": "ticker", "product_id": product, "price": price} | figures
    return _frame("ticker", [{"type": kind, "tickers": [entry]}], at)


def trades(product: str, *numbers: int, price: str = "100.5", maker: str = "SELL", kind: str = "update") -> str:
    """Trades of those numbers, as the venue sends them: newest first, with the maker's side."""
    entries = [
        {"product_id": product, "trade_id": str(number), "price": price, "size": "0.25", "time": STAMP, "side": maker}
        for number in sorted(numbers, reverse=True)
    ]
    return _frame("market_trades", [{"type": kind, "trades": entries}])
