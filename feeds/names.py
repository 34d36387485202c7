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


def distinct_when_joined(symbols: tuple[str, ...], venue: str) -> tuple[str, ...]:
    """`symbols` themselves, where each is a pair and stays distinct at a venue that writes BTC-USDT as BTCUSDT.

    Raises ValueError where not, for the settings.
    """
    seen: dict[str, str] = {}
    for symbol in symbols:
        base, _, quote = symbol.partition("-")
        if not base or not quote or "-" in quote:
            raise ValueError(f"'{symbol}' is not a pair; write it as BASE-QUOTE, like BTC-USDT")
        other = seen.setdefault(base + quote, symbol)
        if other != symbol:
            raise ValueError(f"{other} and {symbol} are both {base + quote} at {venue}; keep one of them")
    return symbols
