"""Frames to decode: the project's samples, recorded ones, and damaged or random ones; and what must hold of any."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from feeds.adapter import Adapter, Decoded
from feeds.errors import DecodeError
from feeds.market import Quote, Stats, Trade
from feeds.timestamps import nanoseconds

ROOT = Path(__file__).parents[2]
WIRE = ROOT.parent / "shared" / "wire"
needs_recordings = pytest.mark.skipif(not WIRE.is_dir(), reason="the recorded venue messages are not here")

RECEIVED = 1_790_000_000_000_000_000
DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
UNSIGNED = re.compile(r"[0-9]+(\.[0-9]+)?")


def samples(venue: str) -> dict[str, bytes]:
    """A venue's samples by name."""
    folder = Path(__file__).parent / "samples" / venue
    return {path.stem: path.read_bytes().strip() for path in sorted(folder.glob("*.json"))}


def recorded_lines(path: str) -> list[bytes]:
    """Recorded frames, one a line."""
    return (WIRE / path).read_bytes().split(b"\n")


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
json_values: st.SearchStrategy[Any] = st.recursive(
    scalars | st.sampled_from(["", "0", "1.5", "-1", "NaN"]),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=8), values, max_size=3),
    max_leaves=10,
)
any_frames = st.binary() | json_values.map(lambda value: json.dumps(value).encode())


@st.composite
def damaged(draw: st.DrawFn, frames: list[bytes]) -> bytes:
    """One of `frames` that was cut off, or in which one value, at any depth, is missing or another."""
    frame = draw(st.sampled_from(frames))
    if draw(st.booleans()):
        return frame[: draw(st.integers(0, len(frame)))]
    message = json.loads(frame)
    holder, key = draw(st.sampled_from(list(_places(message))))
    if draw(st.booleans()):
        holder[key] = draw(json_values)
    else:
        del holder[key]
    return json.dumps(message).encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Each value inside `value`, at any depth, as what holds it and its key there."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    here = [(value, key) for key in keys]
    return here + [place for key in keys for place in _places(value[key])]


def decode_or_refuse(adapter: Adapter, frame: bytes) -> None:
    """Any frame is decoded into sound items or refused by a DecodeError; nothing else is raised."""
    try:
        decoded = adapter.decode(frame, RECEIVED)
    except DecodeError as error:
        assert error.kind  # noqa: PT017 - either outcome is right
        return
    assert_sound(decoded)


def assert_sound(decoded: list[Decoded]) -> None:
    """Updates hold decimal strings and times only."""
    for item in decoded:
        if isinstance(item, Quote | Trade | Stats):
            assert item.received == RECEIVED
            assert item.time is None or nanoseconds(item.time) > 0
        if isinstance(item, Quote):
            assert all(value is None or UNSIGNED.fullmatch(value) for value in (item.bid, item.bid_size))
            assert all(value is None or UNSIGNED.fullmatch(value) for value in (item.ask, item.ask_size))
        elif isinstance(item, Trade):
            assert UNSIGNED.fullmatch(item.price)
            assert UNSIGNED.fullmatch(item.size)
        elif isinstance(item, Stats):
            figures = (item.open, item.high, item.low, item.last, item.volume, item.change, item.change_pct)
            assert all(value is None or DECIMAL.fullmatch(value) for value in figures)


def refusal(adapter: Adapter, frame: str, found: str, instead: str) -> tuple[str, str]:
    """The kind and field that are named when a frame is damaged in one place."""
    assert found in frame
    with pytest.raises(DecodeError) as raised:
        adapter.decode(frame.replace(found, instead).encode(), RECEIVED)
    return raised.value.kind, raised.value.field
