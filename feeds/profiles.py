"""What simulated instruments are like: some twenty of several kinds by name, and one made up for any other name.

The start prices are round figures near what such instruments cost in the 2020s; nothing else is taken from a market.
"""

import zlib

from msgspec import Struct

from feeds.market import Kind


class Profile(Struct, frozen=True, gc=False):
    """An instrument's character. Prices are in ticks, a tick being one unit of the last decimal; sizes likewise."""

    kind: Kind
    decimals: int
    start: int  # the first bid
    volatility: int  # the most that one quote moves
    spread: int  # the widest
    size_decimals: int
    size: int  # the largest on one side


PROFILES = {
    "BTC-USDT": Profile("crypto", 2, 6_825_040, 700, 12, 5, 250_000),
    "ETH-USDT": Profile("crypto", 2, 351_230, 45, 4, 4, 400_000),
    "SOL-USDT": Profile("crypto", 2, 16_418, 3, 2, 3, 900_000),
    "XRP-USDT": Profile("crypto", 4, 6_127, 2, 2, 1, 500_000),
    "ADA-USDT": Profile("crypto", 4, 4_532, 2, 2, 1, 800_000),
    "DOGE-USDT": Profile("crypto", 5, 12_874, 4, 2, 0, 90_000),
    "AAPL": Profile("equity", 2, 22_715, 2, 2, 0, 1_200),
    "MSFT": Profile("equity", 2, 41_860, 4, 3, 0, 700),
    "NVDA": Profile("equity", 2, 12_484, 3, 2, 0, 3_000),
    "AMZN": Profile("equity", 2, 18_642, 3, 2, 0, 1_500),
    "TSLA": Profile("equity", 2, 24_935, 6, 4, 0, 1_800),
    "EUR-USD": Profile("fx", 5, 108_412, 2, 3, 0, 5_000_000),
    "GBP-USD": Profile("fx", 5, 127_265, 3, 4, 0, 3_000_000),
    "USD-JPY": Profile("fx", 3, 151_874, 3, 4, 0, 5_000_000),
    "USD-CHF": Profile("fx", 5, 88_930, 2, 4, 0, 2_000_000),
    "XAU-USD": Profile("commodity", 2, 238_650, 18, 25, 0, 400),
    "XAG-USD": Profile("commodity", 3, 28_415, 6, 12, 0, 5_000),
    "WTI-USD": Profile("commodity", 2, 7_826, 1, 2, 0, 300),
    "US500": Profile("index", 2, 542_775, 30, 40, 1, 500),
    "US100": Profile("index", 2, 1_898_450, 130, 120, 1, 300),
}


def profile_of(instrument: str, seed: int) -> Profile:
    """The profile of a known instrument, or else a share-like one that is the same for a name and seed."""
    known = PROFILES.get(instrument)
    if known is not None:
        return known
    lot = zlib.crc32(f"{seed}:{instrument}".encode())
    start = 1_000 + lot % 49_000  # 10.00 to 499.99
    return Profile("unknown", 2, start, 1 + start // 8_000, 1 + lot % 4, 0, 100 * (2 + lot % 30))
