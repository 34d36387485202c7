"""Counting in a stream: every update once, wherever the stream is cut, and the delay of one a piece."""

from itertools import combinations

import pytest

from feeds.timestamps import rfc3339
from ticker import frames
from ticker.bench.counting import KEPT, MARKER, Tally

START = 1_700_000_000_000_000_000
MILLISECOND = 1_000_000
NOW = START + 100 * MILLISECOND


def update(received: int = START) -> bytes:
    return frames.encode({"type": "quote", "seq": 1, "received": rfc3339(received), "bid": "1.5"})


def tally(random: float = 0.0) -> Tally:
    return Tally(lambda: NOW, lambda: random)


def counted(pieces: list[bytes], into: Tally) -> Tally:
    tail = b""
    for piece in pieces:
        tail = into.take(tail, piece)
    return into


def test_each_update_is_counted_with_all_bytes() -> None:
    stream = update() * 3
    found = counted([stream, b"", stream], tally())
    assert (found.updates, found.bytes) == (6, 2 * len(stream))


def test_updates_are_counted_once_wherever_the_stream_is_cut() -> None:
    stream = update() + update()
    for cut in range(len(stream) + 1):
        assert counted([stream[:cut], stream[cut:]], tally()).updates == 2, cut


def test_a_marker_is_found_in_any_three_pieces() -> None:
    for first, second in combinations(range(len(MARKER) + 1), 2):
        pieces = [MARKER[:first], MARKER[first:second], MARKER[second:] + b"x"]
        assert counted(pieces, tally()).updates == 1, pieces


def test_a_marker_is_found_byte_by_byte() -> None:
    stream = update() + update()
    assert counted([stream[place : place + 1] for place in range(len(stream))], tally()).updates == 2


@pytest.mark.parametrize("stream", [b'"received":', b'received":"', b'"last_received":"2026"', b""])
def test_what_only_resembles_a_marker_is_none(stream: bytes) -> None:
    assert counted([stream, b" ", stream], tally()).updates == 0


def test_no_more_is_kept_than_can_begin_a_marker() -> None:
    taken = tally().take(b"", update())
    assert taken == update()[-KEPT:]
    assert tally().take(b"abc", b"de") == b"abcde"


def test_a_delay_is_from_receipt_to_now() -> None:
    found = counted([update(NOW - 7 * MILLISECOND)], tally())
    assert found.delays.longest_us == 7_000


def test_one_update_stands_for_all_in_its_piece() -> None:
    found = counted([update() * 5, update()], tally())
    assert found.delays.counts.total() == 6


@pytest.mark.parametrize(("random", "age"), [(0.0, 1), (0.3, 2), (0.6, 3), (0.99, 1)])
def test_any_update_of_a_piece_can_be_the_one(random: float, age: int) -> None:
    stream = b"".join(update(NOW - age * MILLISECOND) for age in (1, 2, 3))
    assert counted([stream], tally(random)).delays.longest_us == age * 1000


def test_a_time_in_two_pieces_is_left_out() -> None:
    stream = update()
    found = counted([stream[:-30], stream[-30:]], tally())
    assert (found.updates, found.delays.counts.total()) == (1, 0)


def test_a_clock_that_lags_behind_makes_no_negative_delay() -> None:
    assert counted([update(NOW + 1)], tally()).delays.counts == {0: 1}


def test_it_can_start_over() -> None:
    found = counted([update()], tally())
    found.start_over()
    assert (found.updates, found.bytes, found.delays.counts.total()) == (0, 0, 0)


def test_a_heartbeat_is_no_update() -> None:
    assert counted([frames.heartbeat(START)], tally()).updates == 0
