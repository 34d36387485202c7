"""How `ticker watch` writes figures."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ticker.client.messages import status
from ticker.watch.words import aligned, duration, signed, state, volume


def test_decimal_points_stand_below_each_other() -> None:
    assert aligned(["68250.01", "1.08412", None, "7"]) == ["68250.01   ", "    1.08412", "    -      ", "    7      "]
    assert aligned([]) == []


@given(st.lists(st.one_of(st.none(), st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str))))
def test_no_digit_is_added_or_lost(values: list[str | None]) -> None:
    found = aligned(values)
    assert [text.strip() for text in found] == [value or "-" for value in values]
    assert len({len(text) for text in found}) <= 1


@pytest.mark.parametrize(("given", "shown"), [("1.21", "+1.21"), ("-0.30", "-0.30"), ("0.00", "0.00"), (None, None)])
def test_a_change_has_a_sign(given: str | None, shown: str | None) -> None:
    assert signed(given) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [("13703747040.5", "13,703,747,040"), ("999.999", "1000.00"), ("0.1", "0.10"), (None, "-"), ("?", "?")],
)
def test_a_volume_is_for_the_eye(given: str | None, shown: str) -> None:
    assert volume(given) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "<1 s"), (0.99, "<1 s"), (1, "1 s"), (59.9, "59 s"), (60, "1 min"), (7_199, "1 h"), (86_400 * 3, "3 d")],
)
def test_ages_are_short(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_a_state_says_why() -> None:
    assert state(None) == "-"
    assert state(status("live")) == "live"
    assert state(replace(status("stale"), reason="feed_disconnected")) == "stale: feed disconnected"
