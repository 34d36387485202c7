"""The query of a REST request: what it asks for, and what is said of the rest."""

import pytest

from tests.ticker.stage import Stage
from ticker.bus import ChannelName
from ticker.errors import RequestError
from ticker.queries import check_known, one_topic, streams
from ticker.requests import Limits

LIMITS = Limits()


def test_a_parameter_that_would_be_ignored_is_refused() -> None:
    check_known({"symbol": "x:A"}, "symbol", "limit")
    with pytest.raises(RequestError, match="there is symbol, limit"):
        check_known({"symbol": "x:A", "interval": "1m"}, "symbol", "limit")


def test_the_interval_is_that_of_bars_alone() -> None:
    channels: tuple[ChannelName, ...] = ("ticker", "bars")
    assert streams({"interval": "5m"}, channels, LIMITS) == [("ticker", None), ("bars", "5m")]
    assert streams({}, ("ticker",), LIMITS) == [("ticker", None)]
    for query, asked in (({"interval": "5m"}, "ticker"), ({}, "bars"), ({"interval": "9m"}, "bars")):
        with pytest.raises(RequestError, match="interval: "):
            streams(query, [asked], LIMITS)  # type: ignore[list-item]


def test_one_symbol_is_one_topic() -> None:
    stage = Stage("x:A")
    market = stage.directory["x:A"]
    assert one_topic({"symbol": "x:A"}, "trades", stage.directory, LIMITS) is market.trades
    assert one_topic({"symbol": "x:A", "interval": "1h"}, "bars", stage.directory, LIMITS) is market.bars["1h"]
    for name in ("", "x:*", "x:B"):
        with pytest.raises(RequestError, match="symbol: "):
            one_topic({"symbol": name}, "trades", stage.directory, LIMITS)
