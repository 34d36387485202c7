"""What each venue's REST says of the past: which addresses are asked, and what becomes of the answers."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds import binance_archive, coinbase_archive, kraken_archive
from feeds.archive import Archive, Wanted, planned, span
from feeds.binance import Binance, BinanceOptions
from feeds.binance_archive import BinanceArchive
from feeds.coinbase import Coinbase, CoinbaseOptions
from feeds.coinbase_archive import CoinbaseArchive
from feeds.errors import DecodeError
from feeds.kraken import Kraken, KrakenOptions
from feeds.kraken_archive import KrakenArchive
from feeds.market import INTERVALS, Bar, Trade
from feeds.timestamps import SECOND
from tests.feeds.frames import RECEIVED, any_frames, damaged, samples

ARCHIVES: dict[str, Callable[[str], Archive]] = {
    "binance": BinanceArchive,
    "coinbase": CoinbaseArchive,
    "kraken": KrakenArchive,
}
SAMPLES = {name: samples(f"{name}_archive") for name in ARCHIVES}
START = 1_790_000_040 * SECOND
MINUTE = INTERVALS["1m"]


def bar(minute: int, *figures: str, trades: int | None) -> Bar:
    opened, high, low, close, volume = figures
    start = START + minute * MINUTE
    return Bar("x:A", RECEIVED, None, "1m", start, opened, high, low, close, volume, trades, closed=True)


BARS = {
    "binance": [bar(0, "0.03510000", "0.03520000", "0.03500000", "0.03515000", "120.50000000", trades=42)],
    "coinbase": [
        bar(1, "65.1", "66.5", "64.00", "66.10", "3.25", trades=None),
        bar(0, "64", "65.2", "63", "65.1", "1.5", trades=None),
    ],
    "kraken": [bar(0, "64.1", "65.0", "64.0", "64.9", "2.50000000", trades=7)],
}
TRADES = {
    "binance": [
        Trade("x:A", RECEIVED, "2026-09-21T14:14:00.123Z", "0.01633102", "4.70443515", "sell", "26129", 26129),
        Trade("x:A", RECEIVED, "2026-09-21T14:14:00.200Z", "0.01633200", "1.00000000", "buy", "26130", 26130),
    ],
    "coinbase": [
        Trade("x:A", RECEIVED, "2026-09-21T14:14:01.5Z", "65.2", "0.1", "buy", "78", 78),
        Trade("x:A", RECEIVED, "2026-09-21T14:14:00.25Z", "65.1", "0.25", "sell", "77", 77),
    ],
    "kraken": [
        Trade("x:A", RECEIVED, "2026-09-21T14:14:01.8277369Z", "64.10000", "0.34507674", "buy", "61", 61),
        Trade("x:A", RECEIVED, "2026-09-21T14:14:02Z", "64.20000", "0.10000000", "sell", "62", 62),
    ],
}
PRODUCTS = "/api/v3/brokerage/market/products"
names = pytest.mark.parametrize("name", ARCHIVES)


@names
def test_bars_are_read_with_the_venues_digits_and_without_those_in_which_nothing_was_traded(name: str) -> None:
    archive = ARCHIVES[name]("http://venue.example")
    assert list(archive.read_bars(SAMPLES[name]["bars"], "x:A", "1m", RECEIVED)) == BARS[name]


@names
def test_trades_are_read_with_the_takers_side(name: str) -> None:
    archive = ARCHIVES[name]("http://venue.example")
    assert list(archive.read_trades(SAMPLES[name]["trades"], "x:A", RECEIVED)) == TRADES[name]


@names
def test_an_error_is_refused(name: str) -> None:
    archive = ARCHIVES[name]("http://venue.example")
    for read in (lambda a: archive.read_bars(a, "x:A", "1m", RECEIVED), lambda a: archive.read_trades(a, "x:A", 1)):
        with pytest.raises(DecodeError):
            list(read(SAMPLES[name]["error"]))


@names
@given(data=st.data())
def test_any_answer_is_read_or_refused(name: str, data: st.DataObject) -> None:
    archive = ARCHIVES[name]("http://venue.example")
    answer = data.draw(any_frames | damaged(list(SAMPLES[name].values())))
    for read in (lambda: archive.read_bars(answer, "x:A", "1m", 1), lambda: archive.read_trades(answer, "x:A", 1)):
        with contextlib.suppress(DecodeError):
            list(read())


@pytest.mark.parametrize(
    ("name", "venue_symbol", "bars", "trades"),
    [
        (
            "binance",
            "BTCUSDT",
            "/api/v3/klines?symbol=BTCUSDT&interval=5m&startTime=1790000100000&endTime=1790000699999&limit=1000",
            "/api/v3/aggTrades?symbol=BTCUSDT&limit=500",
        ),
        (
            "coinbase",
            "BTC-USD",
            f"{PRODUCTS}/BTC-USD/candles?start=1790000100&end=1790000699&granularity=FIVE_MINUTE&limit=350",
            f"{PRODUCTS}/BTC-USD/ticker?limit=500",
        ),
        (
            "kraken",
            "BTC/USD",
            "/0/public/OHLC?pair=XBTUSD&interval=5&since=1790000099",
            "/0/public/Trades?pair=XBTUSD&count=500",
        ),
    ],
)
def test_the_venue_is_asked_in_its_own_way(name: str, venue_symbol: str, bars: str, trades: str) -> None:
    archive = ARCHIVES[name]("http://venue.example/")
    first, end = 1_790_000_100 * SECOND, 1_790_000_700 * SECOND
    assert archive.bars_url(venue_symbol, "5m", first, end) == f"http://venue.example{bars}"
    assert archive.trades_url(venue_symbol, 500) == f"http://venue.example{trades}"


@pytest.mark.parametrize(
    ("adapter", "options", "usual"),
    [
        (Binance, BinanceOptions, binance_archive.REST_URL),
        (Coinbase, CoinbaseOptions, coinbase_archive.REST_URL),
        (Kraken, KrakenOptions, kraken_archive.REST_URL),
    ],
)
def test_the_address_is_the_venues_unless_the_feed_is_another_ones(adapter: type, options: type, usual: str) -> None:
    def asks(**settings: object) -> bool | str:
        name = adapter.__name__.lower()
        archive = adapter(options(name=name, adapter=name, symbols=("BTC-USD",), **settings)).history()
        return archive is not None and str(archive.trades_url("BTC-USD", 1)).split("/", 3)[2]

    assert asks() == usual.removeprefix("https://")
    assert asks(history_url="http://127.0.0.1:9") == "127.0.0.1:9"
    assert asks(url="wss://stream.venue.example") is False
    assert asks(url="wss://stream.venue.example", history_url="https://rest.venue.example") == "rest.venue.example"
    assert asks(history=False, history_url="http://127.0.0.1:9") is False


def test_what_is_planned_is_what_is_wanted_within_the_venues_limits_and_what_open_bars_need() -> None:
    assert planned(Wanted({"1m": 300, "1d": 900}, 0), {"1m": 720, "1h": 720, "1d": 720}) == {
        "1m": 300,
        "1h": 25,
        "1d": 720,
    }
    assert planned(Wanted({}, 50), {"1m": 720}) == {}


def test_a_span_ends_with_the_last_bar_that_is_over() -> None:
    assert span("5m", 2, START) == (START - START % INTERVALS["5m"] - 2 * INTERVALS["5m"], START - START % (5 * MINUTE))
