"""Which rate a client gets for the one that it asks for."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticker.bus import CHANNELS
from ticker.rates import Rates

RATES = Rates()


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        *((rate, rate) for rate in RATES.offered),
        *((51, 50), (1_000, 50), (inf, 50), (49.9, 20), (3, 2), (0.99, 0.5), (0.3, 0.2), (0.19, 0.2), (1e-9, 0.2)),
    ],
)
def test_it_is_rounded_down_to_one_on_offer_and_up_to_the_lowest(asked: float, given: float) -> None:
    assert RATES.within(asked) == given


@given(st.floats(min_value=0, exclude_min=True), st.sets(st.integers(1, 50), min_size=1))
def test_what_is_given_is_on_offer_and_rises_with_what_is_asked(asked: float, offered: set[int]) -> None:
    rates = Rates(offered=tuple(sorted(offered, reverse=True)))
    given = rates.within(asked)
    assert given in offered
    assert given <= asked or given == min(offered)
    assert rates.within(asked * 2) >= given


def test_the_row_alone_is_thinned_unasked() -> None:
    usual = {channel: Rates(ticker=4).usual(channel) for channel in CHANNELS}
    assert usual == dict.fromkeys(CHANNELS) | {"ticker": 4}
