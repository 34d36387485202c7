"""The measurement of holds in little: that it acts, measures and ends."""

import time

import pytest

from tests.bench.held import ELSEWHERE, Hold
from tests.bench.holds import SCENES, Found, Size, markdown, measure

LITTLE = Size(wide=20, several=2, busy=5, many=5, pause=0.02)


@pytest.mark.parametrize("name", SCENES)
async def test_a_scene(name: str) -> None:
    began = time.perf_counter()
    found = await measure([name], LITTLE, causes_ms=0.1)
    longest_ms = (time.perf_counter() - began) * 1000
    assert len(found) > 1
    assert all(0 < one.hold.cpu_ms < longest_ms for one in found)
    assert any(one.hold.where for one in found)


def test_the_table_has_a_line_for_each() -> None:
    table = list(markdown([Found("a", Hold(12.34, 5, {ELSEWHERE: 3})), Found("b", Hold(1, 1, {}))]))
    assert table[2:] == ["| a | 5.0 | 12.3 |", "| b | 1.0 | 1.0 |", f"a: 3 x {ELSEWHERE}"]
