"""Updates and messages for the client's tests, with nothing but what a test cares for to be said."""

from typing import Any

from feeds.timestamps import SECOND, rfc3339
from tests.ticker.fakes import START
from ticker.client import Bar, Gap, Quote, Status, Trade, Update
from ticker.client.subscription import Subscription

SYMBOL = "demo:BTC-USDT"
OTHER = "demo:ETH-USDT"

Message = dict[str, Any]


def taken(subscription: Subscription) -> list[Update]:
    """What the caller would get."""
    return list(iter(subscription.take, None))


def at(seconds: float) -> str:
    """A time so many seconds after the tests' start."""
    return rfc3339(START + round(seconds * SECOND))


def quote_message(bid: str, seq: int = 1, symbol: str = SYMBOL, **fields: Any) -> Message:
    """A quote as the service sends it."""
    return {
        "type": "quote",
        "symbol": symbol,
        "seq": seq,
        "time": None,
        "received": at(seq),
        "bid": bid,
        "bid_size": "1",
        "ask": "2",
        "ask_size": "1",
        **fields,
    }


def trade_message(seq: int, symbol: str = SYMBOL, epoch: str = "one", **fields: Any) -> Message:
    """A trade as the service sends it, received `seq` seconds after the tests' start."""
    return {
        "type": "trade",
        "symbol": symbol,
        "seq": seq,
        "time": None,
        "received": at(seq),
        "epoch": epoch,
        "price": "1.50",
        "size": "1",
        "side": "buy",
        "trade_id": str(seq),
        **fields,
    }


def gap_message(reason: str, symbol: str = SYMBOL, epoch: str = "one", **fields: Any) -> Message:
    """A gap as the service sends it, of which nothing is known."""
    unknown = {"from_seq": None, "to_seq": None, "missed": None, "received": at(0)}
    return {"type": "gap", "channel": "trades", "symbol": symbol, "epoch": epoch, "reason": reason, **unknown, **fields}


def status_message(state: str, symbol: str = SYMBOL) -> Message:
    """A status as the service sends it."""
    times = {"time": None, "received": at(0), "since": at(0), "last_received": None, "until": None}
    return {"type": "status", "symbol": symbol, "seq": 1, "state": state, "reason": None, **times}


def welcome(**fields: Any) -> Message:
    """What the service says first."""
    usual = {"protocol": 1, "server": "ticker/0", "session": "s1", "time": at(0), "auth": "none"}
    return {"type": "welcome", **usual, **fields}


def ack(request: Message, rejected: list[Message] | None = None, symbols: list[str] | None = None) -> Message:
    """The answer to a request."""
    taken = request.get("symbols", []) if symbols is None else symbols
    return {"type": "ack", "id": request["id"], "op": request["op"], "symbols": taken, "rejected": rejected or []}


def synced(request: Message) -> Message:
    """What follows the snapshots."""
    return {"type": "synced", "id": request["id"], "channel": request["channel"], "symbols": 1}


def quote(bid: str, symbol: str = SYMBOL) -> Quote:
    return Quote(
        symbol=symbol,
        seq=1,
        time=None,
        received=at(0),
        snapshot=False,
        bid=bid,
        bid_size="1",
        ask="2",
        ask_size=None,
    )


def trade(seq: int, symbol: str = SYMBOL, epoch: str = "one") -> Trade:
    return Trade(
        symbol=symbol,
        seq=seq,
        time=None,
        received=at(seq),
        snapshot=False,
        epoch=epoch,
        price="1.50",
        size="1",
        side=None,
        trade_id=str(seq),
    )


def bar(start: int, close: str = "1", symbol: str = SYMBOL) -> Bar:
    return Bar(
        symbol=symbol,
        seq=start,
        time=None,
        received=at(start),
        snapshot=False,
        interval="1m",
        start=at(start),
        open="1",
        high="1",
        low="1",
        close=close,
        volume="1",
        trades=1,
        closed=False,
    )


def status(state: Any, symbol: str = SYMBOL) -> Status:
    return Status(
        symbol=symbol,
        seq=1,
        time=None,
        received=at(0),
        snapshot=False,
        state=state,
        reason=None,
        since=at(0),
        last_received=None,
        until=None,
    )


def gap(
    first: int | None,
    last: int | None,
    missed: int | None,
    *,
    symbol: str = SYMBOL,
    epoch: str | None = "one",
    reason: str = "slow_consumer",
    received: int | None = None,
    channel: str = "trades",
) -> Gap:
    """A gap; `received` in seconds after the tests' start, that of the last trade if None."""
    return Gap(
        channel=channel,
        symbol=symbol,
        epoch=epoch,
        received=at((last or 0) if received is None else received),
        from_seq=first,
        to_seq=last,
        missed=missed,
        reason=reason,
    )
