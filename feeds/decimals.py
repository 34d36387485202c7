"""Decimal strings: which text is one, and how a JSON number becomes one without losing a digit."""

import re
from decimal import Decimal

# Possessive, which saves a quarter; but no `(?:…)?+`, of which Python until 3.11.5 can match a half.
_UNSIGNED = r"[0-9]++\.?+[0-9]*+(?<!\.)"
_NOT_ZERO = r"(?![0.]+ )"
_EXPONENT_DIGITS = 2  # no venue's number needs 100 places, and its expansion must not fill the memory

is_unsigned = re.compile(_UNSIGNED).fullmatch
is_signed = re.compile("-?" + _UNSIGNED).fullmatch
# Whether `bid bid_size ask ask_size` are unsigned decimals and neither price is zero: the usual quote, in one step.
# A value that is None, or has a blank in it, does not get through: there are just the three between the values.
are_two_sides = re.compile(" ".join((_NOT_ZERO + _UNSIGNED, _UNSIGNED) * 2)).fullmatch
_is_scientific = re.compile(rf"-?{_UNSIGNED}[eE][+-]?[0-9]{{1,{_EXPONENT_DIGITS}}}").fullmatch


def is_zero(decimal: str) -> bool:
    """Whether a decimal string says zero, with however many digits."""
    return not decimal.strip("-0.")


def expanded(literal: str) -> str:
    """The decimal string of a JSON number's literal, without exponent: `740.0e-3` becomes `0.7400`.

    Raises ValueError for what is no number, or has an exponent of more than two digits.
    """
    if is_signed(literal):
        return literal
    if not _is_scientific(literal):
        raise ValueError(f"{literal[:40]!r} is not a decimal number")
    return format(Decimal(literal), "f")
