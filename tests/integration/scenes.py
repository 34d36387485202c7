"""The three venues side by side, for what must hold for each of them: one instrument, its quotes and its trades."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.venues import binance, coinbase, kraken
from tests.venues.server import Timing, Venue

INSTRUMENT = "BTC-USD"
BRISK = Timing(heartbeat=0.1)


@dataclass(frozen=True)
class Scene:
    """A venue with its names for BTC-USD. `quote` makes the n-th quote, with the bid `bid(n)`; `trade` makes trades.

    `news` is a message of a kind that the service has no use for.
    """

    name: str
    venue: type[Venue]
    subscriptions: tuple[str, str]
    quote: Callable[[int], str]
    trade: Callable[[int], str]
    news: str

    @property
    def symbol(self) -> str:
        """The service's name for it."""
        return f"{self.name}:{INSTRUMENT}"


def bid(number: int) -> str:
    """The bid of the n-th quote."""
    return f"{1000 + number}.50"


def as_snapshot(frame: str) -> str:
    """The frame as what a new subscription is answered with."""
    return frame.replace('"type":"update"', '"type":"snapshot"')


def _at(number: int) -> str:
    return f"2026-09-24T03:{number // 60:02}:{number % 60:02}.000001Z"


BINANCE = Scene(
    "binance",
    binance.Binance,
    ("btcusd@bookTicker", "btcusd@aggTrade"),
    lambda number: binance.book_ticker("BTCUSD", number, bid(number), "2000.00"),
    lambda number: binance.agg_trade("BTCUSD", number, "1500.00"),
    '{"stream":"btcusd@news","data":{"e":"news","E":1786309548100,"s":"BTCUSD"}}',
)
COINBASE = Scene(
    "coinbase",
    coinbase.Coinbase,
    ("ticker:BTC-USD", "market_trades:BTC-USD"),
    lambda number: coinbase.ticker("BTC-USD", "1500.00", bid(number), "2000.00", at=_at(number)),
    lambda number: coinbase.trades("BTC-USD", number),
    f'{{"channel":"news","timestamp":"{coinbase.STAMP}","events":[{{"type":"update"}}]}}',
)
KRAKEN = Scene(
    "kraken",
    kraken.Kraken,
    ("ticker:BTC/USD", "trade:BTC/USD"),
    lambda number: kraken.ticker("BTC/USD", bid(number), "2000.00", last="1500.00", at=_at(number)),
    lambda number: kraken.trade("BTC/USD", number),
    '{"channel":"news","type":"update","data":[{"symbol":"BTC/USD"}]}',
)
WITH_SNAPSHOTS = [pytest.param(scene, id=scene.name) for scene in (COINBASE, KRAKEN)]
SCENES = [pytest.param(scene, id=scene.name) for scene in (BINANCE, COINBASE, KRAKEN)]
