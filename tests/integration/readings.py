"""What recorded and scripted frames say, read with nothing of the service's but the standard library.

Decimals are the text that stands in the frame. A trade's side is the taker's.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

Quote = tuple[str, str, str, str]  # bid, bid_size, ask, ask_size
OPPOSITE = {"BUY": "sell", "SELL": "buy"}


class Trade(NamedTuple):
    """A print."""

    price: str
    size: str
    side: str
    trade_id: str


class Reading:
    """By instrument: the last quote, the last 24-hour figures, and all trades in the order of their happening."""

    def __init__(self) -> None:
        self.quotes: dict[str, Quote] = {}
        self.stats: dict[str, dict[str, str]] = {}
        self.trades: dict[str, list[Trade]] = defaultdict(list)


def binance(frames: Iterable[str], instruments: list[str]) -> Reading:
    """Combined streams: bookTicker and aggTrade."""
    reading, names = Reading(), {instrument.replace("-", ""): instrument for instrument in instruments}
    for frame in frames:
        message = json.loads(frame)
        data, stream = message["data"], message["stream"].partition("@")[2]
        instrument = names[data["s"]]
        if stream == "bookTicker":
            reading.quotes[instrument] = (data["b"], data["B"], data["a"], data["A"])
        elif stream == "aggTrade":
            side = "sell" if data["m"] else "buy"
            reading.trades[instrument].append(Trade(data["p"], data["q"], side, str(data["a"])))
    return reading


def coinbase(frames: Iterable[str]) -> Reading:
    """Advanced Trade: ticker and the updates of market_trades."""
    reading = Reading()
    for frame in frames:
        message = json.loads(frame)
        for event in message["events"]:
            for entry in event.get("tickers", []):
                _coinbase_ticker(reading, entry)
            if message["channel"] == "market_trades" and event["type"] == "update":
                for entry in reversed(event["trades"]):
                    side = OPPOSITE[entry["side"]]
                    trade = Trade(entry["price"], entry["size"], side, entry["trade_id"])
                    reading.trades[entry["product_id"]].append(trade)
    return reading


def _coinbase_ticker(reading: Reading, entry: dict[str, str]) -> None:
    sides = (entry["best_bid"], entry["best_bid_quantity"], entry["best_ask"], entry["best_ask_quantity"])
    reading.quotes[entry["product_id"]] = sides
    reading.stats[entry["product_id"]] = {
        "last": entry["price"],
        "high": entry["high_24_h"],
        "low": entry["low_24_h"],
        "volume": entry["volume_24_h"],
        "change_pct": entry["price_percent_chg_24_h"],
    }


def kraken(frames: Iterable[str]) -> Reading:
    """Version 2: ticker and the updates of trade."""
    reading = Reading()
    for frame in frames:
        message = json.loads(frame, parse_float=str, parse_int=str)
        for entry in message["data"]:
            instrument = entry["symbol"].replace("/", "-")
            if message["channel"] == "ticker":
                _kraken_ticker(reading, instrument, entry)
            elif message["type"] == "update":
                trade = Trade(entry["price"], entry["qty"], entry["side"], entry["trade_id"])
                reading.trades[instrument].append(trade)
    return reading


def _kraken_ticker(reading: Reading, instrument: str, entry: dict[str, Any]) -> None:
    reading.quotes[instrument] = (entry["bid"], entry["bid_qty"], entry["ask"], entry["ask_qty"])
    figures = ("last", "high", "low", "volume", "change", "change_pct")
    reading.stats[instrument] = {figure: entry[figure] for figure in figures if figure in entry}
