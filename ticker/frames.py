"""A message's bytes, made once and shared by all who get it: JSON, in the frame of the clients' transport."""

from typing import Any, Literal

import orjson
from msgspec import to_builtins
from msgspec.json import Encoder

from feeds.market import Gap, Trade
from feeds.timestamps import rfc3339
from ticker.bus import Topic
from ticker.encodings import WEBSOCKET, Encoding, Fields, payload, text_frame
from ticker.messages import ALWAYS, KINDS, MESSAGES
from ticker.series import Series

Message = dict[str, Any]

PING = b"\x89\x00"
EVENTS = ("trade", "gap")  # messages that a client must not miss, and resumes behind

_encode = Encoder().encode


def pong_frame(payload: bytes) -> bytes:
    """The answer to a ping; a control frame's payload has at most 125 bytes."""
    return bytes((0x8A, len(payload))) + payload


def encode(message: Message, encoding: Encoding = WEBSOCKET) -> bytes:
    """The frame of a message that is no topic's value: a reply, a gap, a heartbeat."""
    kind = message["type"]
    return encoding.frame(orjson.dumps(message), kind, message["received"] if kind in EVENTS else None)


def update(topic: Topic, encoding: Encoding = WEBSOCKET) -> bytes:
    """The frame of a topic's newest value."""
    if encoding is not WEBSOCKET:
        return _other(topic, encoding, marked=False)
    if topic.frame is None:
        value = topic.value
        topic.frame = text_frame(_encode(MESSAGES[type(value)](topic, topic.seq, value)))
    return topic.frame


def snapshot(topic: Topic, encoding: Encoding = WEBSOCKET) -> bytes:
    """The frame of a topic's newest value, marked as a snapshot."""
    if encoding is not WEBSOCKET:
        return _other(topic, encoding, marked=True)
    if topic.snapshot is None:
        topic.snapshot = text_frame(_snapshot(topic, topic.seq, topic.value))
    return topic.snapshot


def retained(topic: Topic, seq: int, item: Trade | Gap, encoding: Encoding = WEBSOCKET) -> bytes:
    """The frame of a retained trade, marked as a snapshot, or of a retained gap."""
    if type(item) is Gap:
        return feed_gap(topic, item, encoding)
    return _framed(_snapshot(topic, seq, item, encoding.fields), item, encoding)


def newest_bars(topic: Topic, number: int, encoding: Encoding = WEBSOCKET) -> list[bytes]:
    """The frames of at most so many bars, oldest first, the open one last, marked as snapshots."""
    assert topic.bars is not None
    has_open = type(topic.value) is Series
    fields, newest = encoding.fields, topic.bars.newest(number - has_open)
    closed = [_framed(_snapshot(topic, seq, bar, fields), bar, encoding) for seq, bar in newest]
    return [*closed, snapshot(topic, encoding)] if has_open else closed


def feed_gap(topic: Topic, gap: Gap, encoding: Encoding = WEBSOCKET) -> bytes:
    """The frame for trades that were lost before they had a seq here."""
    return gap_frame(topic, gap.received, "feed", encoding, missed=gap.missed)


def gap_frame(
    topic: Topic,
    received: int,
    reason: Literal["feed", "slow_consumer", "retention", "restart"],
    encoding: Encoding = WEBSOCKET,
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
        },
        encoding,
    )


def heartbeat(now: int, encoding: Encoding = WEBSOCKET) -> bytes:
    """The frame that says that the connection lives."""
    return encode({"type": "heartbeat", "time": rfc3339(now)}, encoding)


def _other(topic: Topic, encoding: Encoding, *, marked: bool) -> bytes:
    """The newest value's frame in another encoding. Nothing is done for those until somebody wants them."""
    seq, found = topic.others
    if seq != topic.seq:
        found = {}
        topic.others = topic.seq, found
    frame = found.get((encoding, marked))
    if frame is None:
        frame = found[encoding, marked] = _make_other(topic, encoding, marked=marked)
    return frame


def _make_other(topic: Topic, encoding: Encoding, *, marked: bool) -> bytes:
    """JSON takes longer than frames: for whatever transport, it is taken from the frame for WebSockets."""
    if encoding.framing == "websocket":
        make = _snapshot if marked else _message
        return text_frame(make(topic, topic.seq, topic.value, encoding.fields))
    whole = WEBSOCKET.choosing(encoding.fields)
    frame = snapshot(topic, whole) if marked else update(topic, whole)
    return _framed(payload(frame), topic.value, encoding)


def _framed(message: bytes, value: Any, encoding: Encoding) -> bytes:
    kind = KINDS[type(value)]
    return encoding.frame(message, kind, rfc3339(value.received) if kind in EVENTS else None)


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
