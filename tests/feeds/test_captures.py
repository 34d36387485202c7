import gzip
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from feeds.captures import Capture, Frame
from feeds.errors import CaptureError

LINES = b"""\
wss://venue.example/stream?streams=a@trade <-> 1700000000.25
wss://venue.example/stream <- 1700000000.5: {"method":"SUBSCRIBE"}
1700000001.0: {"price":"1.50"}
1700000001.75: {"price":"1.60"}

1700000003: {"text":"12.5: not a time"}

"""
LINE_URL = "wss://venue.example/stream?streams=a@trade"
LINE_FRAMES = [
    Frame(0.0, b'{"price":"1.50"}', LINE_URL),
    Frame(0.75, b'{"price":"1.60"}', LINE_URL),
    Frame(2.0, b'{"text":"12.5: not a time"}', LINE_URL),
]

OBJECTS = r"""
{"t":"header","format":2,"exchange":"VENUE"}
{"t":"http","conn":"V.http.1","ts":1700000000.0,"url":"https://venue.example/products","data":"[]"}
{"t":"connect","conn":"V.ws.2","ts":1700000000.5,"addr":"wss://venue.example"}
{"t":"send","conn":"V.ws.2","ts":1700000000.6,"addr":"wss://venue.example","data":"{\"type\":\"subscribe\"}"}
{"conn":"V.ws.2","ts":1700000001.0,"t":"recv","addr":"wss://venue.example","data":"{\"price\":\"1.50\"}"}
{"t":"recv","conn":"V.ws.3","ts":1700000001.5,"addr":"wss://venue.example","data":"{\"name\":\"Zürich\"}"}
""".lstrip().encode()
OBJECT_FRAMES = [
    Frame(0.0, b'{"price":"1.50"}', "V.ws.2"),
    Frame(0.5, '{"name":"Zürich"}'.encode(), "V.ws.3"),
]

WIRE = Path(__file__).parents[2] / "../shared/wire"


def saved(folder: Path, content: bytes, name: str = "capture") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("content", "frames"), [(LINES, LINE_FRAMES), (OBJECTS, OBJECT_FRAMES)])
def test_gives_the_received_frames_in_file_order(tmp_path: Path, content: bytes, frames: list[Frame]) -> None:
    assert list(Capture(saved(tmp_path, content))) == frames


@pytest.mark.parametrize(("content", "frames"), [(LINES, LINE_FRAMES), (OBJECTS, OBJECT_FRAMES)])
def test_knows_gzip_by_content_not_by_name(tmp_path: Path, content: bytes, frames: list[Frame]) -> None:
    assert list(Capture(saved(tmp_path, gzip.compress(content), "capture.txt"))) == frames
    assert list(Capture(saved(tmp_path, content, "capture.gz"))) == frames


def test_each_iteration_starts_anew(tmp_path: Path) -> None:
    capture = Capture(saved(tmp_path, LINES))

    assert list(capture) == list(capture) == LINE_FRAMES


def test_offsets_never_decrease_though_the_recorder_s_clock_went_back(tmp_path: Path) -> None:
    path = saved(tmp_path, b"wss://v.example <-> 99.0\n100.0: a\n102.0: b\n101.0: c\n103.0: d\n")

    assert [frame.offset_s for frame in Capture(path)] == [0.0, 2.0, 2.0, 3.0]


def test_a_reconnect_in_lines_begins_another_connection(tmp_path: Path) -> None:
    path = saved(tmp_path, b"wss://v.example/1 <-> 99.0\n100.0: a\nwss://v.example/2 <-> 101.0\n102.0: b\n")

    assert [frame.connection for frame in Capture(path)] == ["wss://v.example/1", "wss://v.example/2"]


def test_a_capture_may_hold_no_frame(tmp_path: Path) -> None:
    assert list(Capture(saved(tmp_path, b"wss://v.example <-> 99.0\n"))) == []


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "the file is empty"),
        (gzip.compress(b"", mtime=0), "the file is empty"),
        (b"time,bid,ask\n", "found 'time,bid,ask'"),
        (b'{"T":"q","S":"AAPL"}\n', "AAPL"),
        (b'{"t":"quote"}\n', "quote"),
        (b"[1, 2]\n", "found '[1, 2]'"),
        (b"\x28\xb5\x2f\xfd\x00\n", r"found '(\\xb5/\\xfd"),
        (b"\n" + LINES, "expected a capture's first line"),
        (b"\x1f\x8bnot really gzip", "set path to a recorded capture"),
    ],
)
def test_says_what_it_found_in_a_file_that_is_no_capture(tmp_path: Path, content: bytes, found: str) -> None:
    path = saved(tmp_path, content)

    with pytest.raises(CaptureError) as error:
        Capture(path)

    assert str(path) in str(error.value)
    assert found in str(error.value)


def test_says_that_the_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="No such file"):
        Capture(tmp_path / "missing")
    with pytest.raises(CaptureError, match="directory"):
        Capture(tmp_path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (LINES + b"what is this\n", "line 8: neither connected"),
        (OBJECTS + b'{"t":"recv","conn":"V.ws.2","ts"', "line 7: Input data was truncated"),
        (OBJECTS + b'{"t":"recv","conn":"V.ws.2","data":"{}"}\n', "line 7: a recv object without conn, ts or data"),
        (OBJECTS + b"\xff\xfe\n", "line 7"),
        (gzip.compress(OBJECTS)[:-10], "set path to a recorded capture"),
    ],
)
def test_reads_up_to_the_damage_and_names_it(tmp_path: Path, content: bytes, problem: str) -> None:
    frames = iter(Capture(saved(tmp_path, content)))

    assert next(frames) in (LINE_FRAMES[0], OBJECT_FRAMES[0])
    with pytest.raises(CaptureError, match=problem):
        list(frames)


@pytest.mark.skipif(not WIRE.is_dir(), reason="the recorded captures are not there")
@pytest.mark.parametrize(
    ("name", "received", "connections", "span_s"),
    [
        ("binance/capture_2021-10-12_BINANCE.ws.1.0", 265, 1, 30.0),
        ("binance/capture_2021-10-12_BINANCE_US.ws.1.0", 480, 1, 30.8),
        ("coinbase_at/capture_2026-08-09_full.jsonl.gz", 1030, 1, 24.2),
        ("coinbase_at/capture_2026-08-09_ticker_trades_heartbeats.jsonl", 249, 1, 24.2),
        ("bybit/capture_2026-08-09_tickers_trades.jsonl", 983, 2, 42.5),
        ("kraken_v1/capture_2021-04-17_KRAKEN.ws.48.0", 49, 1, 30.0),
        ("other/capture_2021-04-17_BITFINEX.ws.11.0", 1693, 1, 30.7),
        ("other/capture_2026-08-09_GEMINI_full.jsonl.gz", 563, 1, 7.1),
    ],
)
def test_reads_recorded_captures_whole(name: str, received: int, connections: int, span_s: float) -> None:
    frames = list(Capture(WIRE / name))

    assert len(frames) == received
    assert len(Counter(frame.connection for frame in frames)) == connections
    assert frames[0].offset_s == 0
    assert all(earlier.offset_s <= later.offset_s for earlier, later in pairwise(frames))
    assert frames[-1].offset_s == pytest.approx(span_s, abs=1.5)
    assert all(frame.data[:1] in b"{[" for frame in frames)
