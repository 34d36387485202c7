"""Names are divided in order, within limits, and none is lost."""

from hypothesis import given
from hypothesis import strategies as st

from feeds.adapter import Subscription
from feeds.links import divided, subscriptions


@given(count=st.integers(0, 50), most=st.integers(1, 20))
def test_parts_are_within_the_limit_and_hold_everything_in_order(count: int, most: int) -> None:
    names = tuple(map(str, range(count)))
    parts = divided(names, most)
    assert all(0 < len(part) <= most for part in parts)
    assert tuple(name for part in parts for name in part) == names


def test_each_channel_is_asked_for_all_symbols() -> None:
    assert subscriptions(["ticker", "trade"], ("A", "B", "C"), 2) == (
        Subscription("ticker", ("A", "B")),
        Subscription("ticker", ("C",)),
        Subscription("trade", ("A", "B")),
        Subscription("trade", ("C",)),
    )
