"""Decimal strings keep their digits, and what is none is told."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.decimals import PRICE, SIGNED, UNSIGNED, are_two_sides, expanded, is_signed, is_unsigned, is_zero, joined

GOOD = ["0", "1", "0.35130000", "65083.67", "0.00000001", "100000000000000000000.5"]
BAD = ["", " ", ".", "1.", ".5", "+1", "1e5", "NaN", "inf", "0.-10000", "1,5", "1_0", " 1", "1 ", "1.2.3", "٣", "1\n"]


@pytest.mark.parametrize("text", GOOD)
def test_a_decimal_is_one(text: str) -> None:
    assert is_unsigned(text)
    assert is_signed(text)
    assert is_signed("-" + text)
    assert not is_unsigned("-" + text)


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_decimal_is_told(text: str) -> None:
    assert not is_unsigned(text)
    assert not is_signed(text)
    assert not are_two_sides(f"1 1 1 {text}")
    assert not are_two_sides(f"{text} 1 1 1")


def test_zero_is_told_from_small() -> None:
    assert all(is_zero(text) for text in ("0", "0.000", "-0.0"))
    assert not any(is_zero(text) for text in ("0.01", "10", "-0.0001"))


def test_two_sides_have_prices_that_are_not_zero() -> None:
    assert are_two_sides("0.10 0 0.20 0.000")
    assert not are_two_sides("0.00 1 0.20 1")
    assert not are_two_sides("0.10 1 0 1")
    assert not are_two_sides(f"{None} 1 0.20 1")


def test_two_sides_are_not_fooled_by_blanks_inside_a_value() -> None:
    assert not are_two_sides("1 2  3 4")
    assert not are_two_sides("1 2 3 4 5")


def test_several_values_are_told_in_one_step() -> None:
    are_both = joined(PRICE, SIGNED)
    assert are_both("1 -0.50")
    assert not are_both("0.0 1")
    assert not are_both("1 --1")
    assert not are_both("1 1 ")
    assert not joined(UNSIGNED, PRICE)("1 0")
    assert not joined(UNSIGNED)("-1")


@given(st.text("01.- ") | st.from_regex(r"[0-9]+(\.[0-9]+)?", fullmatch=True))
def test_a_decimal_is_what_it_is_said_to_be(text: str) -> None:
    assert bool(is_unsigned(text)) == bool(re.fullmatch(r"[0-9]+(\.[0-9]+)?", text))


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("740", "740"),
        ("-3", "-3"),
        ("1.00000", "1.00000"),
        ("740.0e-3", "0.7400"),
        ("2.503e-05", "0.00002503"),
        ("2E-8", "0.00000002"),
        ("1.5e2", "150"),
        ("1e+3", "1000"),
        ("-1.0e-1", "-0.10"),
        ("0e0", "0"),
    ],
)
def test_exponents_are_expanded_digit_for_digit(literal: str, text: str) -> None:
    assert expanded(literal) == text


@pytest.mark.parametrize("literal", ["", ".", "1.", "NaN", "Infinity", "True", "e5", "1e100", "1e-100", "1e999999999"])
def test_what_is_no_number_or_would_fill_the_memory_is_refused(literal: str) -> None:
    with pytest.raises(ValueError, match="is not a decimal number"):
        expanded(literal)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=12))
def test_any_number_keeps_value_and_digits(number: Decimal) -> None:
    sign, digits, exponent = number.as_tuple()
    literal = f"{'-' if sign else ''}{''.join(map(str, digits))}e{exponent}"
    assert Decimal(expanded(literal)) == number
    assert Decimal(expanded(literal)).as_tuple().exponent == exponent
    assert is_signed(expanded(literal))
