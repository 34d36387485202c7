"""Rows of the `ticker` channel, with the figures that a test cares for."""

from typing import Any

from tests.ticker.client.messages import SYMBOL, at
from ticker.client import Ticker
from ticker.client.updates import read


def row(last: str | None = "1.50", symbol: str = SYMBOL, **figures: Any) -> Ticker:
    found = read({"type": "ticker", "symbol": symbol, "seq": 1, "received": at(0), "last": last, **figures})
    assert isinstance(found, Ticker)
    return found
