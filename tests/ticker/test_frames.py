"""The bytes of messages: WebSocket frames around JSON of the documented shape."""

import json

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.market import CHANNEL_OF, Gap, Quote, Stats, Trade
from feeds.timestamps import rfc3339
from tests.events import EventSource
from tests.ticker.fakes import START, Message, frames_in, messages
from tests.ticker.stage import EPOCH, quote, stats, trade
from ticker import frames
from ticker.bus import ChannelName, Status, Topic, Value
from ticker.encodings import CHUNKED_EVENT, EVENT, WEBSOCKET, Encoding, payload
from ticker.messages import KINDS as KIND_OF_MESSAGE
from ticker.messages import MESSAGES
from ticker.rows import Row

NOW = "2026-08-09T21:05:48.000000000Z"


def topic_with(channel: ChannelName, value: Value, seq: int = 7) -> Topic:
    topic = Topic(channel, "x:A", EPOCH)
    topic.seq, topic.value = seq, value
    return topic


def row_of(*updates: Quote | Trade | Stats) -> Row:
    row = Row()
    for update in updates:
        row.take(update)
    return row


def only(data: bytes) -> Message:
    [message] = messages(data)
    return message


def test_control_frames() -> None:
    assert list(frames_in(frames.PING + frames.pong_frame(b"still there?") + frames.pong_frame(b"p" * 125))) == [
        (9, b""),
        (10, b"still there?"),
        (10, b"p" * 125),
    ]


KINDS: dict[type, str] = {Quote: "quote", Trade: "trade", Stats: "stats"}
HEAD = {"symbol": "x:A", "seq": 7, "received": NOW}
VALUES: list[tuple[ChannelName, Value, Message]] = [
    (
        "quotes",
        quote("x:A"),
        {
            "type": "quote",
            "time": "2026-08-09T21:05:47.9Z",
            "bid": "1.10",
            "bid_size": "5",
            "ask": "1.20",
            "ask_size": "7",
        },
    ),
    (
        "trades",
        trade("x:A"),
        {
            "type": "trade",
            "time": "2026-08-09T21:05:47.95Z",
            "epoch": EPOCH,
            "price": "1.15",
            "size": "0.30",
            "side": "sell",
            "trade_id": "77",
        },
    ),
    (
        "stats",
        stats("x:A"),
        {
            "type": "stats",
            "time": None,
            "open": "1.00",
            "high": "1.30",
            "low": "0.90",
            "last": "1.14",
            "volume": "4000",
            "change": "0.14",
            "change_pct": "14.00",
            "source": "venue",
        },
    ),
    (
        "ticker",
        row_of(trade("x:A"), quote("x:A")),
        {
            "type": "ticker",
            "time": "2026-08-09T21:05:47.9Z",
            "last": "1.15",
            "last_time": "2026-08-09T21:05:47.95Z",
            "bid": "1.10",
            "ask": "1.20",
            "bid_size": "5",
            "ask_size": "7",
            "open_24h": None,
            "high_24h": None,
            "low_24h": None,
            "volume_24h": None,
            "change_24h": None,
            "change_pct_24h": None,
        },
    ),
    (
        "status",
        Status("x:A", START, "stale", "feed_silent", START - 5, START - 1_500_000_000),
        {
            "type": "status",
            "time": None,
            "state": "stale",
            "reason": "feed_silent",
            "since": "2026-08-09T21:05:47.999999995Z",
            "last_received": "2026-08-09T21:05:46.500000000Z",
            "until": None,
        },
    ),
]


@pytest.mark.parametrize(("channel", "value", "body"), VALUES, ids=[channel for channel, *_ in VALUES])
def test_the_message_of_each_channel(channel: ChannelName, value: Value, body: Message) -> None:
    topic = topic_with(channel, value)
    assert only(frames.update(topic)) == HEAD | body
    assert only(frames.snapshot(topic)) == HEAD | body | {"snapshot": True, "epoch": EPOCH}


def test_what_is_not_known_is_null() -> None:
    empty = Quote("x:A", START, None, None, None, None, None)
    message = only(frames.update(topic_with("quotes", empty)))
    assert [message[name] for name in ("time", "bid", "bid_size", "ask", "ask_size")] == [None] * 5
    assert only(frames.update(topic_with("trades", Trade("x:A", START, None, "1", "1", None, None))))["side"] is None
    never = Status("x:A", START, "unknown", "starting", START, None)
    assert only(frames.update(topic_with("status", never)))["last_received"] is None


anything = st.text(st.characters(codec="utf-8")) | st.sampled_from(["1.10", '"', "\\", "\x00", "é", "\u2028"])
maybe = st.none() | anything
times = st.integers(0, 4 * 10**18)
values = (
    st.builds(Quote, anything, times, *[maybe] * 5)
    | st.builds(Trade, anything, times, maybe, anything, anything, st.sampled_from([None, "buy", "sell"]), maybe)
    | st.builds(Stats, anything, times, *[maybe] * 8)
)


@given(value=values, symbol=anything, epoch=anything, seq=st.integers(1, 2**53))
def test_any_value_is_encoded_as_its_plain_message(
    value: Quote | Trade | Stats, symbol: str, epoch: str, seq: int
) -> None:
    topic = Topic(CHANNEL_OF[type(value)], symbol, epoch)
    topic.seq, topic.value = seq, value
    not_sent = ("symbol", "received", "order", "number")
    body = {name: item for name, item in msgspec.structs.asdict(value).items() if name not in not_sent}
    plain = {"type": KINDS[type(value)], "symbol": symbol, "seq": seq, "received": rfc3339(value.received)} | body
    plain |= {"epoch": epoch} if type(value) is Trade else {}
    assert json.loads(payload(frames.update(topic))) == json.loads(orjson.dumps(plain))
    marked = plain | {"snapshot": True, "epoch": epoch}
    assert json.loads(payload(frames.snapshot(topic))) == json.loads(orjson.dumps(marked))


def test_digits_are_the_venues_own() -> None:
    message = only(frames.update(topic_with("trades", trade("x:A", price="0.35130000"))))
    assert message["price"] == "0.35130000"


def test_bytes_are_made_once_and_shared() -> None:
    topic = topic_with("quotes", quote("x:A"))
    assert frames.update(topic) is frames.update(topic)
    assert frames.snapshot(topic) is frames.snapshot(topic)


def test_a_retained_trade_is_a_snapshot_with_the_seq_it_had() -> None:
    topic = topic_with("trades", trade("x:A", price="3"), seq=3)
    message = only(frames.retained(topic, 1, trade("x:A", price="1")))
    assert (message["price"], message["seq"], message["snapshot"], message["epoch"]) == ("1", 1, True, EPOCH)


GAP = {
    "type": "gap",
    "channel": "trades",
    "symbol": "x:A",
    "epoch": EPOCH,
    "received": NOW,
    "from_seq": None,
    "to_seq": None,
    "missed": 4,
    "reason": "feed",
}


def test_a_gap_of_the_feeds_has_no_numbers_of_ours() -> None:
    topic, gap = topic_with("trades", trade("x:A")), Gap("x:A", START, 4)
    assert only(frames.feed_gap(topic, gap)) == GAP
    assert only(frames.retained(topic, 1, gap)) == GAP
    assert only(frames.feed_gap(topic, Gap("x:A", START, None)))["missed"] is None


def test_a_gap_of_a_slow_client_names_the_first_and_the_last_lost() -> None:
    topic = topic_with("trades", trade("x:A"))
    message = only(frames.gap_frame(topic, START, "slow_consumer", missed=3, first=5, last=7))
    assert message == GAP | {"from_seq": 5, "to_seq": 7, "missed": 3, "reason": "slow_consumer"}


def test_a_heartbeat_and_other_messages() -> None:
    assert only(frames.heartbeat(START)) == {"type": "heartbeat", "time": NOW}
    assert json.loads(payload(frames.encode({"type": "pong", "id": "ä"}))) == {"type": "pong", "id": "ä"}


@pytest.mark.parametrize(("channel", "value", "body"), VALUES)
@pytest.mark.parametrize("fields", [None, frozenset({"bid", "price", "state"})])
def test_an_event_says_the_same_as_a_frame(
    channel: ChannelName, value: Value, body: Message, fields: frozenset[str] | None
) -> None:
    topic = topic_with(channel, value)
    for make in (frames.update, frames.snapshot):
        by_frame = make(topic, WEBSOCKET.choosing(fields))
        by_event = make(topic, EVENT.choosing(fields))
        [event] = EventSource().feed(by_event)
        assert event.message == only(by_frame)
        assert event.last_id == (NOW if channel == "trades" else "")
        assert by_event is make(topic, Encoding("event", fields))
        assert payload(by_frame) in make(topic, CHUNKED_EVENT.choosing(fields))


def test_what_is_no_value_is_an_event_too() -> None:
    topic, gap = topic_with("trades", trade("x:A")), Gap("x:A", START, 4)
    made = [
        frames.feed_gap(topic, gap, EVENT),
        frames.retained(topic, 1, gap, EVENT),
        frames.gap_frame(topic, START, "feed", EVENT, missed=4),
        frames.retained(topic, 1, trade("x:A"), EVENT),
        frames.heartbeat(START, EVENT),
        frames.encode({"type": "ack", "received": "no place"}, EVENT),
    ]
    events = [event for frame in made for event in EventSource().feed(frame)]
    assert [(event.kind, event.last_id) for event in events] == [
        *[("gap", NOW)] * 3,
        ("trade", NOW),
        ("heartbeat", ""),
        ("ack", ""),
    ]


def test_bytes_in_any_encoding_are_those_of_the_newest_value() -> None:
    topic = topic_with("quotes", quote("x:A"))
    before = frames.update(topic, EVENT)
    topic.seq, topic.value, topic.frame = 8, quote("x:A", bid="1.11"), None
    [event] = EventSource().feed(frames.update(topic, EVENT))
    assert frames.update(topic, EVENT) != before
    assert (event.message["seq"], event.message["bid"]) == (8, "1.11")


def test_every_message_has_its_kind() -> None:
    assert KIND_OF_MESSAGE.keys() == MESSAGES.keys()
