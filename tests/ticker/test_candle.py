"""One bar's figures: exact, in the venue's digits, whatever order the trades come in."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from feeds.random_walk import decimal
from tests.ticker.fakes import START
from ticker.candle import Candle, exact

Print = tuple[int, str, str]  # time, price, size

decimals = st.builds(decimal, st.integers(1, 10**30), st.integers(0, 40))
prints = st.lists(st.tuples(st.integers(0, 5), decimals, decimals), min_size=1, max_size=12)


def candle(first: Print, *others: Print) -> Candle:
    found = Candle(*first, str(first[0]))
    for at, price, size in others:
        found.take(at, price, size, str(at))
    return found


def figures(found: Candle) -> tuple[str | int | None, ...]:
    bar = found.bar("x:A", "1m", START, START, closed=False)
    return bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trades, bar.time


def expected(trades: list[Print]) -> tuple[str | int | None, ...]:
    """By the definition: sorted by time, those of equal times in the order in which they came."""
    ordered = sorted(trades, key=lambda trade: trade[0])
    prices = [price for _, price, _ in trades]
    digits = max(len(size.partition(".")[2]) for _, _, size in trades)
    volume = sum(int(Decimal(size).scaleb(digits, exact)) for _, _, size in trades)
    return (
        ordered[0][1],
        max(prices, key=Decimal),
        min(prices, key=Decimal),
        ordered[-1][1],
        decimal(volume, digits),
        len(trades),
        str(ordered[-1][0]),
    )


@given(prints)
def test_the_figures_are_those_of_the_definition(trades: list[Print]) -> None:
    found, wanted = figures(candle(*trades)), expected(trades)
    assert (found[0], found[3:]) == (wanted[0], wanted[3:])
    assert [Decimal(str(price)) for price in found[1:3]] == [Decimal(str(price)) for price in wanted[1:3]]
    assert {found[1], found[2]} <= {price for _, price, _ in trades}, "the venue's own strings"


@given(prints, prints)
def test_absorbing_is_as_if_the_trades_had_come_after(first: list[Print], second: list[Print]) -> None:
    whole = candle(*first)
    before = figures(whole)
    both = whole.copy()
    both.absorb(candle(*second))
    assert figures(whole) == before, "the copy is a candle of its own"
    assert figures(both)[3:] == figures(candle(*first, *second))[3:]
    assert figures(both)[0] == figures(candle(*first, *second))[0]


def test_no_digit_is_lost() -> None:
    tiny, huge = "0." + "0" * 60 + "1", "9" * 60
    found = candle((1, huge, huge), (2, tiny, tiny))
    assert figures(found) == (huge, huge, tiny, tiny, f"{huge}{tiny[1:]}", 2, "2")
    assert figures(candle((1, "1.10", "0.30"), (2, "1.1", "0.100")))[1:5] == ("1.10", "1.10", "1.1", "0.400")


def test_prices_without_sizes_have_no_volume() -> None:
    found = Candle(1, "1.15", None, None)
    found.take(2, "1.25", None, None)
    assert figures(found) == ("1.15", "1.25", "1.15", "1.25", None, None, None)
