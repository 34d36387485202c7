"""A message's bytes, made once and shared by all who get it: JSON, inside a WebSocket text frame.

The frame is final (RFC 6455, section 5.2: FIN, opcode text, no mask), because sessions negotiate no compression.
"""

from typing import Any, Literal

import orjson
from msgspec import to_builtins
from msgspec.json import Encoder

from feeds.market import Gap, Trade
from feeds.timestamps import rfc3339
from ticker.bus import Fields, Topic
from ticker.messages import ALWAYS, MESSAGES
from ticker.series import Series

Message = dict[str, Any]

PING = b"\x89\x00"

_encode = Encoder().encode


def _header(size: int) -> bytes:
    if size < 126:
        return bytes((0x81, size))
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")


_HEADERS = tuple(map(_header, range(1024)))  # of every data message


def text_frame(payload: bytes) -> bytes:
    """A whole WebSocket text frame around a JSON payload."""
    size = len(payload)
    return (_HEADERS[size] if size < 1024 else _header(size)) + payload


def pong_frame(payload: bytes) -> bytes:
    """The answer to a ping; a control frame's payload has at most 125 bytes."""
    return bytes((0x8A, len(payload))) + payload


def payload(frame: bytes) -> bytes:
    """The JSON inside a text frame, for those who do not speak WebSocket."""
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :]


def encode(message: Message) -> bytes:
    """A message that is not a topic's: a reply, a heartbeat."""
    return text_frame(orjson.dumps(message))


def update(topic: Topic, fields: Fields | None = None) -> bytes:
    """The frame of a topic's newest value; with `fields`, of its payload those alone."""
    if fields is not None:
        return _chosen(topic, fields, snapshot=False)
    if topic.frame is None:
        value = topic.value
        topic.frame = text_frame(_encode(MESSAGES[type(value)](topic, topic.seq, value)))
    return topic.frame


def snapshot(topic: Topic, fields: Fields | None = None) -> bytes:
    """The frame of a topic's newest value, marked as a snapshot."""
    if fields is not None:
        return _chosen(topic, fields, snapshot=True)
    if topic.snapshot is None:
        topic.snapshot = text_frame(_snapshot(topic, topic.seq, topic.value))
    return topic.snapshot


def retained(topic: Topic, seq: int, item: Trade | Gap, fields: Fields | None = None) -> bytes:
    """The frame of a retained trade, marked as a snapshot, or of a retained gap."""
    return feed_gap(topic, item) if type(item) is Gap else text_frame(_snapshot(topic, seq, item, fields))


def newest_bars(topic: Topic, number: int, fields: Fields | None = None) -> list[bytes]:
    """The frames of at most so many bars, oldest first, the open one last, marked as snapshots."""
    assert topic.bars is not None
    has_open = type(topic.value) is Series
    closed = [text_frame(_snapshot(topic, seq, bar, fields)) for seq, bar in topic.bars.newest(number - has_open)]
    return [*closed, snapshot(topic, fields)] if has_open else closed


def feed_gap(topic: Topic, gap: Gap) -> bytes:
    """The frame for trades that were lost before they had a seq here."""
    return gap_frame(topic, gap.received, "feed", missed=gap.missed)


def gap_frame(
    topic: Topic,
    received: int,
    reason: Literal["feed", "slow_consumer", "retention", "restart"],
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


def _chosen(topic: Topic, fields: Fields, *, snapshot: bool) -> bytes:
    """The newest value's frame with some fields. Nothing is done for those until somebody wants them."""
    seq, found = topic.chosen
    if seq != topic.seq:
        found = {}
        topic.chosen = topic.seq, found
    frame = found.get((fields, snapshot))
    if frame is None:
        make = _snapshot if snapshot else _message
        frame = found[fields, snapshot] = text_frame(make(topic, topic.seq, topic.value, fields))
    return frame


def _message(topic: Topic, seq: int, value: Any, fields: Fields | None) -> bytes:
    message = MESSAGES[type(value)](topic, seq, value)
    if fields is None:
        return _encode(message)
    whole = to_builtins(message)
    return orjson.dumps({name: whole[name] for name in whole if name in ALWAYS or name in fields})


def _snapshot(topic: Topic, seq: int, value: Any, fields: Fields | None = None) -> bytes:
    """A message with what marks it as a snapshot at its end; a trade has its epoch in any case."""
    epoch = b"" if type(value) is Trade else b',"epoch":' + orjson.dumps(topic.epoch)
    return b'%b,"snapshot":true%b}' % (_message(topic, seq, value, fields)[:-1], epoch)
