"""What stands around a message's JSON, for each transport."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.events import Chunks, Event, EventSource
from tests.ticker.fakes import frames_in
from ticker.encodings import CHUNKED_EVENT, EVENT, WEBSOCKET, Encoding, payload, text_frame, transport

BID = frozenset({"bid"})


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 100_000])
def test_a_frame_of_any_size_is_what_the_standard_says(size: int) -> None:
    data = bytes(index % 251 for index in range(size))
    frame = text_frame(data)
    assert list(frames_in(frame + frame)) == [(1, data), (1, data)]
    assert payload(frame) == data


def test_a_choice_of_fields_is_of_the_same_transport() -> None:
    assert EVENT.choosing(BID) == Encoding("event", BID)
    for encoding in (WEBSOCKET, EVENT, CHUNKED_EVENT):
        assert encoding.choosing(None) is encoding
    assert [transport(e.framing) for e in (WEBSOCKET, EVENT, CHUNKED_EVENT)] == ["websocket", "sse", "sse"]


def test_an_event_says_its_type_and_where_to_resume() -> None:
    assert EVENT.frame(b'{"type":"quote"}', "quote") == b'event: quote\ndata: {"type":"quote"}\n\n'
    assert EVENT.frame(b"{}", "trade", "2026") == b"event: trade\nid: 2026\ndata: {}\n\n"
    assert CHUNKED_EVENT.frame(b"{}", "quote") == b"17\r\nevent: quote\ndata: {}\n\n\r\n"


messages = st.lists(
    st.tuples(
        st.dictionaries(st.text(max_size=5), st.text(max_size=200), max_size=3),
        st.sampled_from(("quote", "trade")),
        st.none() | st.sampled_from(("2026-08-09T21:05:48.026294000Z", "2026-08-09T21:05:49.026294000Z")),
    )
)


@given(messages, st.integers(1, 100))
def test_events_arrive_however_they_are_cut(sent: list[tuple[dict[str, str], str, str | None]], size: int) -> None:
    data = b"".join(CHUNKED_EVENT.frame(json.dumps(message).encode(), kind, place) for message, kind, place in sent)
    chunks, source, found = Chunks(), EventSource(), list[Event]()
    for at in range(0, len(data), size):
        for chunk in chunks.feed(data[at : at + size]):
            found += source.feed(chunk)
    assert [(json.loads(event.data), event.kind) for event in found] == [(message, kind) for message, kind, _ in sent]
    last = ""
    for event, (*_, place) in zip(found, sent, strict=True):
        last = place or last
        assert event.last_id == last
