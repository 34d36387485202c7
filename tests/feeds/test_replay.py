from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from feeds.counts import FeedCounts
from feeds.errors import CaptureError
from feeds.market import Event, Instrument, LinkState, Trade
from feeds.replay import Read, Replay, ReplayOptions

CAPTURE = b"wss://v.example/1 <-> 99.0\n100.0: 7.10\n101.0: ignored\n104.0: 7.20\n"
SYMBOLS = ("old:BTC-USD",)


def options(path: Path, speed: float = 1.0) -> ReplayOptions:
    return ReplayOptions(
        name="old", adapter="replay", venue="coinbase", path=str(path), speed=speed, symbols=("BTC-USD",)
    )


def trades_only(frame: bytes, received: int) -> list[Event]:
    return [] if frame == b"ignored" else [trade(frame.decode(), received)]


def trade(price: str, received: int) -> Trade:
    return Trade(SYMBOLS[0], received, None, price, "1", None, None)


def replay(path: Path, speed: float = 1.0, connect: Callable[[], Read] = lambda: trades_only) -> Replay:
    return Replay(options(path, speed), (Instrument(SYMBOLS[0]),), connect, FeedCounts())


def play(source: Replay) -> list[tuple[float, list[Event]]]:
    """Every step with the second it was due at; the nanosecond of each `received` is the number of the step."""
    steps: list[tuple[float, list[Event]]] = []
    while (at := source.next_at) is not None:
        steps.append((at, list(source.step(received=len(steps)))))
    return steps


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "capture"
    path.write_bytes(CAPTURE)
    return path


def test_connects_reads_each_frame_and_disconnects(capture: Path) -> None:
    assert play(replay(capture)) == [
        (0.0, [LinkState("old", 0, "connected", 0, SYMBOLS)]),
        (0.0, [trade("7.10", 1)]),
        (1.0, []),
        (4.0, [trade("7.20", 3), LinkState("old", 0, "disconnected", 3, SYMBOLS)]),
    ]


def test_plays_at_a_multiple_of_the_recorded_pace(capture: Path) -> None:
    assert [at for at, _ in play(replay(capture, speed=10))] == [0.0, 0.0, 0.1, 0.4]


def test_logs_the_end_with_the_number_of_frames(capture: Path) -> None:
    with capture_logs() as logs:
        play(replay(capture))

    assert [(log["event"], log["feed"]) for log in logs] == [("the capture ended after 3 frames", "old")]


def test_each_recorded_connection_gets_a_decoding_path_of_its_own(capture: Path) -> None:
    capture.write_bytes(CAPTURE + b"wss://v.example/2 <-> 105.0\n106.0: 7.30\n107.0: 7.40\n")
    paths: list[list[bytes]] = []

    def connect() -> Read:
        frames: list[bytes] = []
        paths.append(frames)

        def read(frame: bytes, received: int) -> list[Event]:
            frames.append(frame)
            return []

        return read

    play(replay(capture, connect=connect))

    assert paths == [[b"7.10", b"ignored", b"7.20"], [b"7.30", b"7.40"]]


def test_a_capture_without_frames_ends_at_once(capture: Path) -> None:
    capture.write_bytes(b"wss://v.example <-> 99.0\n")

    [(_, events)] = play(replay(capture))

    assert [event.state for event in events if isinstance(event, LinkState)] == ["connected", "disconnected"]


def test_a_damaged_capture_ends_where_the_damage_is(capture: Path) -> None:
    capture.write_bytes(CAPTURE + b"scribble\n")

    with capture_logs() as logs:
        steps = play(replay(capture))

    assert steps[-1][1][-1] == LinkState("old", 0, "disconnected", 3, SYMBOLS)
    assert [log["event"] for log in logs] == ["the capture is damaged; it ended after 3 frames"]
    assert "line 5" in logs[0]["problem"]


def test_a_file_that_is_no_capture_is_refused_when_built(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="No such file"):
        replay(tmp_path / "missing")


@pytest.mark.parametrize(
    "change", [{"speed": 0}, {"symbols": []}, {"symbols": ["btc-usd"]}, {"venue": "nyse"}, {"path": ""}]
)
def test_refuses_settings_that_cannot_be_meant(capture: Path, change: dict[str, object]) -> None:
    stanza = options(capture).model_dump() | change

    with pytest.raises(ValidationError) as error:
        ReplayOptions.model_validate(stanza)

    assert [problem["loc"][0] for problem in error.value.errors()] == list(change)
