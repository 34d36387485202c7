"""The exact form in which a venue sends most of its frames: told, checked and read in one step.

One regular expression does what a JSON parser and a check of each value do, in half the time. A form says what is
certain: a frame that is of it is sound JSON with sound values. A frame that is not, since a venue has added a field,
say, is nothing worse for it: it is read like any other.
"""

import re
from collections.abc import Callable

from feeds.decimals import PRICE, UNSIGNED

_PLACEHOLDER = re.compile(r"<(-?)(\w+)>")
_VALUES = {
    "name": "[0-9A-Za-z]++",
    "number": "(?:0|[1-9][0-9]{0,17})(?![0-9])",
    "price": PRICE,  # not zero
    "amount": UNSIGNED,
    "flag": "(?:true|false)",
}


def _pattern(template: str) -> str:
    def value(placeholder: re.Match[str]) -> str:
        pattern = _VALUES[placeholder[2]]
        return pattern if placeholder[1] else f"({pattern})"

    return _PLACEHOLDER.sub(value, re.escape(template).replace(r"\-", "-"))


def form(template: str) -> Callable[[str], re.Match[str] | None]:
    """What tells whether a frame is of the form of `template`; its groups are the values, as text and in their order.

    A template is a frame with placeholders for its values, `<price>` for one that is wanted, `<-price>` for one that
    is not: a name of ASCII letters and digits, a number of at most 18 digits, a price, an amount, a flag. Frames are
    given as text by `frame.decode("latin-1")`, which never fails: what is not ASCII is of no form.
    """
    return re.compile(_pattern(template)).fullmatch
