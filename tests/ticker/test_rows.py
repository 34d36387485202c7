"""The ticker row: the newest known of each figure."""

import pytest

from feeds.market import Quote, Stats, Trade
from ticker.rows import Row

QUOTE = Quote("x:A", 10, "T-quote", "1.10", "5", "1.20", "7")
TRADE = Trade("x:A", 20, "T-trade", "1.15", "0.3", "sell", "77")
STATS = Stats("x:A", 30, None, "1.00", "1.30", "0.90", "1.14", "4000", "0.14", "14.00")

NOTHING = dict.fromkeys(
    (
        *("last", "last_time", "bid", "ask", "bid_size", "ask_size", "open_24h", "high_24h", "low_24h", "volume_24h"),
        *("change_24h", "change_pct_24h"),
    )
)


def row_of(*updates: Quote | Trade | Stats) -> Row:
    row = Row()
    for update in updates:
        row.take(update)
    return row


@pytest.mark.parametrize(
    ("updates", "known"),
    [
        ([], {}),
        ([QUOTE], {"bid": "1.10", "bid_size": "5", "ask": "1.20", "ask_size": "7"}),
        ([TRADE], {"last": "1.15", "last_time": "T-trade"}),
        (
            [STATS],
            {
                "last": "1.14",
                "open_24h": "1.00",
                "high_24h": "1.30",
                "low_24h": "0.90",
                "volume_24h": "4000",
                "change_24h": "0.14",
                "change_pct_24h": "14.00",
            },
        ),
    ],
    ids=["nothing", "quote", "trade", "stats"],
)
def test_what_is_not_known_is_null(updates: list[Quote | Trade | Stats], known: dict[str, str]) -> None:
    assert row_of(*updates).figures() == NOTHING | known


def test_the_newest_of_each_kind_counts() -> None:
    later = Quote("x:A", 40, None, "1.11", "1", None, None)
    figures = row_of(QUOTE, TRADE, STATS, later).figures()
    assert (figures["bid"], figures["ask"], figures["ask_size"]) == ("1.11", None, None)
    assert (figures["last"], figures["high_24h"]) == ("1.15", "1.30")


def test_last_is_the_last_trades_price_whatever_comes_later_in_the_24_hour_figures() -> None:
    figures = row_of(TRADE, STATS).figures()
    assert (figures["last"], figures["last_time"]) == ("1.15", "T-trade")


def test_the_times_are_those_of_the_newest_update() -> None:
    row = row_of(QUOTE, TRADE)
    assert (row.received, row.time) == (20, "T-trade")
    row.take(STATS)
    assert (row.received, row.time) == (30, None)


def test_after_lost_trades_the_24_hour_figures_know_better() -> None:
    row = row_of(TRADE, STATS)
    assert row.forget_trade(50)
    assert (row.received, row.time) == (50, None)
    assert (row.figures()["last"], row.figures()["last_time"]) == ("1.14", None)
    assert not row.forget_trade(60)
    assert row.received == 50
