"""Instruments by name, as an operator writes them in a feed's stanza."""

from typing import Annotated

from pydantic import AfterValidator, Field

NOT_IN_A_NAME = " ,:*"  # they separate and match names elsewhere


def _distinct_instruments(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not name or name != name.upper() or any(character in name for character in NOT_IN_A_NAME):
            raise ValueError(f"'{name}' is not an instrument; write it in upper case, like BTC-USD")
    return tuple(dict.fromkeys(names))


InstrumentNames = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_distinct_instruments)]
