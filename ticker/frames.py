"""A message's bytes, made once and shared by all who get it: JSON, inside a WebSocket text frame.

The frame is final (RFC 6455, section 5.2: FIN, opcode text, no mask), because sessions negotiate no compression.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import orjson

from feeds.market import Gap, Quote, Stats, Trade
from feeds.timestamps import rfc3339
from ticker.bus import Entry, Status, Topic
from ticker.rows import Row

Message = dict[str, Any]

PING = b"\x89\x00"


def text_frame(payload: bytes) -> bytes:
    """A whole WebSocket text frame around a JSON payload."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def pong_frame(payload: bytes) -> bytes:
    """The answer to a ping; a control frame's payload has at most 125 bytes."""
    return bytes((0x8A, len(payload))) + payload


def payload(frame: bytes) -> bytes:
    """The JSON inside a text frame, for those who do not speak WebSocket."""
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :]


def encode(message: Message) -> bytes:
    """A message that is not a topic's: a reply, a heartbeat."""
    return text_frame(orjson.dumps(message))


def update(topic: Topic) -> bytes:
    """The frame of a topic's newest value."""
    if topic.frame is None:
        topic.frame = encode(_message(topic, topic.seq, topic.value))
    return topic.frame


def snapshot(topic: Topic) -> bytes:
    """The frame of a topic's newest value, marked as a snapshot."""
    if topic.snapshot is None:
        topic.snapshot = encode(_snapshot(topic, topic.seq, topic.value))
    return topic.snapshot


def retained(topic: Topic, entry: Entry) -> bytes:
    """The frame of a retained trade, marked as a snapshot, or of a retained gap."""
    seq, item = entry
    return feed_gap(topic, item) if type(item) is Gap else encode(_snapshot(topic, seq, item))


def feed_gap(topic: Topic, gap: Gap) -> bytes:
    """The frame for trades that were lost before they had a seq here."""
    return gap_frame(topic, gap.received, "feed", missed=gap.missed)


def gap_frame(
    topic: Topic,
    received: int,
    reason: Literal["feed", "slow_consumer"],
    *,
    missed: int | None,
    first: int | None = None,
    last: int | None = None,
) -> bytes:
    """The frame for trades that will not come, `first` to `last` inclusive where they had a seq."""
    return encode(
        {
            "type": "gap",
            "channel": topic.channel,
            "symbol": topic.symbol,
            "epoch": topic.epoch,
            "received": rfc3339(received),
            "from_seq": first,
            "to_seq": last,
            "missed": missed,
            "reason": reason,
        }
    )


def heartbeat(now: int) -> bytes:
    """The frame that says that the connection lives."""
    return encode({"type": "heartbeat", "time": rfc3339(now)})


def _snapshot(topic: Topic, seq: int, value: Any) -> Message:
    return {**_message(topic, seq, value), "snapshot": True, "epoch": topic.epoch}


def _message(topic: Topic, seq: int, value: Any) -> Message:
    kind, body = BODIES[type(value)]
    message = {
        "type": kind,
        "symbol": topic.symbol,
        "seq": seq,
        "time": value.time,
        "received": rfc3339(value.received),
        **body(value),
    }
    if topic.channel == "trades":
        message["epoch"] = topic.epoch
    return message


def _quote(quote: Quote) -> Message:
    return {"bid": quote.bid, "bid_size": quote.bid_size, "ask": quote.ask, "ask_size": quote.ask_size}


def _trade(trade: Trade) -> Message:
    return {"price": trade.price, "size": trade.size, "side": trade.side, "trade_id": trade.trade_id}


def _stats(stats: Stats) -> Message:
    return {
        "open": stats.open,
        "high": stats.high,
        "low": stats.low,
        "last": stats.last,
        "volume": stats.volume,
        "change": stats.change,
        "change_pct": stats.change_pct,
        "source": stats.source,
    }


def _status(status: Status) -> Message:
    return {
        "state": status.state,
        "reason": status.reason,
        "since": rfc3339(status.since),
        "last_received": None if status.last_received is None else rfc3339(status.last_received),
        "until": None,
    }


BODIES: Mapping[type, tuple[str, Callable[[Any], Message]]] = {
    Quote: ("quote", _quote),
    Trade: ("trade", _trade),
    Stats: ("stats", _stats),
    Row: ("ticker", Row.figures),
    Status: ("status", _status),
}
