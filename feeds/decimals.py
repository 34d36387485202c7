"""Decimal strings: which text is one, and how a JSON number becomes one without losing a digit."""

import re
from collections.abc import Callable
from decimal import Decimal

# Possessive, which saves a quarter; but no `(?:…)?+`, of which Python until 3.11.5 can match a half.
UNSIGNED = r"[0-9]++\.?+[0-9]*+(?<!\.)"
SIGNED = "-?" + UNSIGNED
PRICE = "(?=[0.]*+[1-9])" + UNSIGNED  # not zero
_EXPONENT_DIGITS = 2  # no venue's number needs 100 places, and its expansion must not fill the memory

is_unsigned = re.compile(UNSIGNED).fullmatch
is_signed = re.compile(SIGNED).fullmatch
_is_scientific = re.compile(rf"{SIGNED}[eE][+-]?[0-9]{{1,{_EXPONENT_DIGITS}}}").fullmatch


def joined(*forms: str) -> Callable[[str], re.Match[str] | None]:
    """A check of several values in one step, a third of the time of one each: joined by blanks, each is of its form.

    None in their place, or a blank inside one, does not get through: there are just the blanks between them.
    """
    return re.compile(" ".join(forms)).fullmatch


are_two_sides = joined(PRICE, UNSIGNED, PRICE, UNSIGNED)  # bid, bid size, ask and ask size: the usual quote


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
