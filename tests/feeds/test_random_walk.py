from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.profiles import PROFILES, profile_of
from feeds.random_walk import RandomWalk, decimal


@pytest.mark.parametrize(
    ("units", "decimals", "text"),
    [
        (6_825_040, 2, "68250.40"),
        (5, 2, "0.05"),
        (0, 2, "0.00"),
        (-5, 2, "-0.05"),
        (-1_234, 3, "-1.234"),
        (-7, 0, "-7"),
    ],
)
def test_writes_units_as_a_decimal_string(units: int, decimals: int, text: str) -> None:
    assert decimal(units, decimals) == text


@given(units=st.integers(-(10**12), 10**12), decimals=st.integers(0, 8))
def test_a_decimal_string_keeps_every_unit_and_all_its_decimals(units: int, decimals: int) -> None:
    whole, _, fraction = decimal(units, decimals).partition(".")

    assert len(fraction) == decimals
    assert int(whole + fraction) == units


@pytest.mark.parametrize("instrument", ["BTC-USDT", "EUR-USD", "SYM0"])
def test_prices_stay_near_where_they_started(instrument: str) -> None:
    profile = profile_of(instrument, seed=1)
    random = Random(3)
    walk = RandomWalk("sim:X", profile, random)

    for _ in range(20_000):
        walk.requote(random)
        assert profile.start <= 2 * walk.bid <= 4 * profile.start
        assert 0 < walk.ask - walk.bid <= profile.spread


@pytest.mark.parametrize(
    ("opened", "last", "change_pct"),
    [
        (10_000, 10_123, "1.23"),
        (10_000, 10_000, "0.00"),
        (30_000, 30_001, "0.00"),
        (3_000, 2_999, "-0.03"),
        (800, 801, "0.13"),
    ],
)
def test_the_change_is_rounded_to_two_decimals(opened: int, last: int, change_pct: str) -> None:
    walk = RandomWalk("sim:X", PROFILES["AAPL"], Random(1))
    walk.open, walk.last = opened, last

    assert walk.change_pct() == change_pct
