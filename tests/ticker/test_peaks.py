"""The best price of a window that moves on."""

from operator import ge, le

from hypothesis import given
from hypothesis import strategies as st

from ticker.peaks import Peaks


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 9))), st.integers(1, 6))
def test_it_is_that_of_the_prices_in_the_window(steps: list[tuple[int, int]], width: int) -> None:
    highs, lows, told, start = Peaks(ge), Peaks(le), list[tuple[int, int]](), 0
    for step, price in steps:
        start += step
        told.append((start, price))
        for peaks in (highs, lows):
            peaks.add(start, str(price))
            peaks.forget(start - width)
        prices = [price for at, price in told if at >= start - width]
        assert (highs.best, lows.best) == (str(max(prices)), str(min(prices)))


def test_of_none_there_is_no_best() -> None:
    peaks = Peaks(ge)
    assert peaks.best is None
    peaks.add(1, "2")
    peaks.forget(2)
    assert peaks.best is None
