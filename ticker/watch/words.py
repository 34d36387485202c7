"""How `ticker watch` writes figures: numbers that line up, ages, and freshness in words."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from ticker.client import Status

NOTHING = "-"


def aligned(values: Sequence[str | None]) -> list[str]:
    """Numbers of equal width whose decimal points stand below each other; no digit is added or lost."""
    parts = [(value or NOTHING).partition(".") for value in values]
    whole = max((len(before) for before, _, _ in parts), default=0)
    fraction = max((len(point + after) for _, point, after in parts), default=0)
    return [before.rjust(whole) + (point + after).ljust(fraction) for before, point, after in parts]


def signed(percent: str | None) -> str | None:
    """A change with its sign: `+1.21`."""
    if percent is None or percent.startswith("-") or not percent.strip("0."):
        return percent
    return f"+{percent}"


def volume(value: str | None) -> str:
    """A volume for the eye: whole from a thousand on, else with two decimals."""
    if value is None:
        return NOTHING
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    return f"{number:,.0f}" if abs(number) >= 1_000 else f"{number:.2f}"


def duration(seconds: float) -> str:
    """A time span in its largest unit: `<1 s`, `7 s`, `3 min`, `2 h`, `5 d`."""
    if seconds < 1:
        return "<1 s"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def state(status: Status | None) -> str:
    """A symbol's freshness and why: `stale: feed disconnected`."""
    if status is None:
        return NOTHING
    return status.state if status.reason is None else f"{status.state}: {status.reason.replace('_', ' ')}"
