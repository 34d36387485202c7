"""Decimal strings: which text is one, and how a JSON number becomes one without losing a digit."""

import re
from decimal import Decimal

# No possessive quantifiers, which would be a fifth faster: until 3.11.5 Python's `(?:…)?+` can match half of its group.
_UNSIGNED = r"[0-9]+(?:\.[0-9]+)?"
_NOT_ZERO = r"(?![0.]+ )"
_TWO_SIDES = re.compile(" ".join((_NOT_ZERO + _UNSIGNED, _UNSIGNED) * 2))
_EXPONENT_DIGITS = 2  # no venue's number needs 100 places, and its expansion must not fill the memory

is_unsigned = re.compile(_UNSIGNED).fullmatch
is_signed = re.compile("-?" + _UNSIGNED).fullmatch
_is_scientific = re.compile(rf"-?{_UNSIGNED}[eE][+-]?[0-9]{{1,{_EXPONENT_DIGITS}}}").fullmatch


def is_zero(decimal: str) -> bool:
    """Whether a decimal string says zero, with however many digits."""
    return not decimal.strip("-0.")


def are_two_sides(bid: str | None, bid_size: str | None, ask: str | None, ask_size: str | None) -> bool:
    """Whether all four are unsigned decimals and neither price is zero: the usual quote, told in one step."""
    # No value with a blank gets through: the pattern has just the three between the values.
    return _TWO_SIDES.fullmatch(f"{bid} {bid_size} {ask} {ask_size}") is not None


def expanded(literal: str) -> str:
    """The decimal string of a JSON number's literal, without exponent: `740.0e-3` becomes `0.7400`.

    Raises ValueError for what is no number, or has an exponent of more than two digits.
    """
    if is_signed(literal):
        return literal
    if not _is_scientific(literal):
        raise ValueError(f"{literal[:40]!r} is not a decimal number")
    return format(Decimal(literal), "f")
