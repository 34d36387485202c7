"""The comparison of polling and pushing in little, and the market that it is made in."""

import sys
from pathlib import Path
from random import Random

import msgspec
import pytest

from tests.bench import market
from tests.bench.watchlists import WAYS
from tests.bench.ways import Figures, compare, markdown
from tests.venues.capture import read

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="bytes are counted by Linux")


def test_the_market_changes_as_often_as_it_should(tmp_path: Path) -> None:
    market.write(tmp_path / "capture", market.instruments(20), every_s=0.5, lasting_s=20, random=Random(1))
    frames = read(tmp_path / "capture")
    assert [frame.at for frame in frames] == sorted(frame.at for frame in frames)
    first = [frame.text for frame in frames if frame.at == market.STARTED]
    assert len(first) == 20 * 3
    assert len(frames) - len(first) == pytest.approx(20 * 20 / 0.5, rel=0.1)
    assert frames[-1].at < market.STARTED + 20


@linux
async def test_every_way_is_told_every_change_or_a_newer_one() -> None:
    found = await compare(every_s=0.5, seconds=1)
    by_way = {one.way: one for one in found}
    assert list(by_way) == list(WAYS)
    assert len({one.changes for one in found}) == 1
    assert all(0 < one.delivered <= one.changes for one in found)
    assert by_way["WebSocket, every update"].delivered == found[0].changes
    assert by_way["polling each second"].bytes_up > 500
    assert by_way["polling each second"].bytes_down > 1_000
    assert by_way["WebSocket"].bytes_up < 100
    assert by_way["server-sent events"].bytes_up < 100
    assert by_way["long polling"].bytes_up > by_way["polling each second"].bytes_up
    assert all(0 < one.delay_p50_ms <= one.delay_p99_ms <= one.delay_max_ms for one in found)


def test_the_table_has_a_line_for_each() -> None:
    one = Figures("WebSocket", 10, 60, 20, 100, 50, 1_000, 600, 5_400, 0.5, 2.25, 1_234.5)
    *_, line = markdown([one, msgspec.structs.replace(one, delivered=0)])
    assert line == "| 10 s | WebSocket | 0% of 100 | 10 | 90 | n/a | 0.5 | 2.2 | 1,234.5 | 1,000 |"
    assert len(list(markdown([one, one]))) == 4
