"""Coinbase: what is asked, and what each message becomes."""

import json
from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError

from feeds.adapter import (
    Acknowledged,
    Adapter,
    Alive,
    Decoded,
    Numbered,
    Refused,
    Rejected,
    Subscription,
    Unknown,
)
from feeds.coinbase import Coinbase, CoinbaseOptions
from feeds.market import CHANNELS, Channel, Instrument, Quote, Stats, Trade
from tests.feeds.frames import RECEIVED, WIRE, any_frames, damaged, decode_or_refuse, needs_recordings, refusal, samples
from tests.venues import capture

BTC, ETH = "coinbase:BTC-USD", "coinbase:ETH-USDC"
SAMPLES = samples("coinbase")
FULL = WIRE / "coinbase_at" / "capture_2026-08-09_full.jsonl.gz"
CUT = WIRE / "coinbase_at" / "capture_2026-08-09_ticker_trades_heartbeats.jsonl"


def adapter(*symbols: str, channels: tuple[Channel, ...] = CHANNELS, **options: Any) -> Adapter:
    """The adapter for these symbols, by default those of the samples."""
    names = symbols or ("BTC-USD", "ETH-USDC")
    return Coinbase(CoinbaseOptions(name="coinbase", adapter="coinbase", symbols=names, channels=channels, **options))


def trade(number: int, time: str, price: str, size: str, side: Any) -> Trade:
    return Trade(BTC, RECEIVED, f"2026-09-01T12:00:{time}Z", price, size, side, str(number), number=number)


NOON = 1_788_264_000_000_000_000

EXPECTED: dict[str, list[Decoded]] = {
    "ticker_update": [
        Numbered(41),
        Quote(
            BTC,
            RECEIVED,
            "2026-09-01T12:00:00.123456789Z",
            bid="64010.1",
            bid_size="0.25",
            ask="64010.2",
            ask_size="1.5",
            order=NOON + 123_456_789,
        ),
        Stats(
            BTC,
            RECEIVED,
            "2026-09-01T12:00:00.123456789Z",
            high="65000",
            low="63800.01",
            last="64010.1",
            volume="1034.5",
            change_pct="-0.49821",
            order=NOON + 123_456_789,
        ),
    ],
    "ticker_snapshot": [
        Numbered(3),
        Quote(BTC, RECEIVED, "2026-09-01T12:00:00.1234Z", "64010", "0.2", "64011", "1", order=NOON + 123_400_000),
        Stats(
            BTC,
            RECEIVED,
            "2026-09-01T12:00:00.1234Z",
            high="65000",
            low="63800.01",
            last="64010.1",
            volume="1034.5",
            change_pct="0",
            order=NOON + 123_400_000,
        ),
    ],
    "ticker_of_a_usdc_product": [
        Numbered(42),
        Quote(ETH, RECEIVED, "2026-09-01T12:00:00.5Z", "2500", "3", "2500.02", "4.75", order=NOON + 500_000_000),
        Stats(
            ETH,
            RECEIVED,
            "2026-09-01T12:00:00.5Z",
            high="2600",
            low="2400",
            last="2500.01",
            volume="88.125",
            change_pct="1.25",
            order=NOON + 500_000_000,
        ),
    ],
    "ticker_batch": [
        Numbered(43),
        Stats(
            BTC,
            RECEIVED,
            "2026-09-01T12:00:05.000001Z",
            high="65000",
            low="63800.01",
            last="64012",
            volume="1035",
            change_pct="-0.49",
            order=NOON + 5_000_001_000,
        ),
    ],
    "ticker_with_empty_fields": [
        Numbered(44),
        Quote(BTC, RECEIVED, "2026-09-01T12:00:06Z", "64011", "0.1", None, None, order=NOON + 6_000_000_000),
        Stats(BTC, RECEIVED, "2026-09-01T12:00:06Z", last="64012", order=NOON + 6_000_000_000),
    ],
    "ticker_of_an_empty_book": [
        Numbered(45),
        Quote(BTC, RECEIVED, "2026-09-01T12:00:07Z", None, None, None, None, order=NOON + 7_000_000_000),
    ],
    "market_trades_update": [Numbered(50), trade(700100, "01.201", "64010.2", "0.005", "buy")],
    "market_trades_newest_first": [
        Numbered(51),
        trade(700101, "02.2", "64010", "0.10", None),
        trade(700102, "02.2016", "64010.2", "0.2", "buy"),
        trade(700103, "02.2017", "64010.1", "0.3", "sell"),
    ],
    "market_trades_snapshot": [Numbered(0)],
    "heartbeats": [Numbered(60), Alive()],
    "heartbeats_with_a_string": [Numbered(61), Alive()],
    "subscriptions": [Numbered(1), Acknowledged()],
    "error": [Refused("failure to subscribe")],
    "error_of_a_product": [
        Rejected("BTC-USD", "failure to subscribe: BTC-USD is not a valid product"),
        Refused("failure to subscribe: BTC-USD is not a valid product"),
    ],
    "error_of_two_products": [Refused("BTC-USD, ETH-USDC are not valid products")],
    "candles": [Numbered(70), Unknown("candles")],
    "l2_data": [Numbered(71), Unknown("l2_data")],
}


def test_each_sample_has_its_expectation() -> None:
    assert EXPECTED.keys() == SAMPLES.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_each_message_becomes_what_it_says(name: str) -> None:
    assert adapter().decode(SAMPLES[name], RECEIVED) == EXPECTED[name]


@pytest.mark.parametrize(
    ("channel", "left"), [("quotes", [Numbered, Quote]), ("stats", [Numbered, Stats]), ("trades", [Numbered])]
)
def test_a_ticker_gives_what_was_asked_for(channel: Channel, left: list[type]) -> None:
    decoded = adapter(channels=(channel,)).decode(SAMPLES["ticker_update"], RECEIVED)
    assert [type(item) for item in decoded] == left


def test_trades_that_were_not_asked_for_are_left_out() -> None:
    assert adapter(channels=("quotes",)).decode(SAMPLES["market_trades_update"], RECEIVED) == [Numbered(50)]


def test_a_product_whose_name_begins_with_anothers_is_not_mistaken_for_it() -> None:
    error = b'{"type":"error","message":"BTC-USDT is not a valid product"}'
    assert adapter().decode(error, RECEIVED) == [Refused("BTC-USDT is not a valid product")]


TICKER, TRADES = SAMPLES["ticker_update"].decode(), SAMPLES["market_trades_update"].decode()


@pytest.mark.parametrize(
    ("frame", "found", "instead", "kind", "field"),
    [
        (TICKER, '"best_bid":"64010.1"', '"best_bid":64010.1', "ticker", "best_bid"),
        (TICKER, '"best_bid":"64010.1"', '"best_bid":"NaN"', "ticker", "best_bid"),
        (TICKER, '"best_ask_quantity":"1.5"', '"best_ask_quantity":"0.-10000"', "ticker", "best_ask_quantity"),
        (TICKER, '"volume_24_h":"1034.5"', '"volume_24_h":"-1"', "ticker", "volume_24_h"),
        (
            TICKER,
            '"price_percent_chg_24_h":"-0.49821"',
            '"price_percent_chg_24_h":"x"',
            "ticker",
            "price_percent_chg_24_h",
        ),
        (TICKER, '"product_id":"BTC-USD",', "", "ticker", "product_id"),
        (TICKER, '"tickers":', '"ticks":', "ticker", "tickers"),
        (TICKER, '"events":', '"event":', "ticker", "events"),
        (TICKER, '"timestamp":"2026-09-01T12:00:00.123456789Z",', "", "ticker", "timestamp"),
        (TICKER, "2026-09-01T12:00:00.123456789Z", "today", "ticker", "timestamp"),
        (TICKER, '"sequence_num":41', '"sequence_num":"41"', "head", "sequence_num"),
        (TRADES, '"trade_id":"700100"', '"trade_id":700100', "market_trades", "trade_id"),
        (TRADES, '"trade_id":"700100"', '"trade_id":"a-b"', "market_trades", "trade_id"),
        (TRADES, '"price":"64010.2",', "", "market_trades", "price"),
        (TRADES, '"price":"64010.2"', '"price":""', "market_trades", "price"),
        (TRADES, '"size":"0.005"', '"size":"1e5"', "market_trades", "size"),
        (TRADES, '"side":"SELL"', '"side":"LEFT"', "market_trades", "side"),
        (TRADES, "2026-09-01T12:00:01.201Z", "12:00", "market_trades", "time"),
        (TRADES, TRADES, "[]", "head", ""),
        (TRADES, '"}]}]}', "", "json", ""),
    ],
)
def test_a_broken_message_is_refused_by_kind_and_field(
    frame: str, found: str, instead: str, kind: str, field: str
) -> None:
    assert refusal(adapter(), frame, found, instead) == (kind, field)


def test_instruments_are_in_the_order_of_the_settings() -> None:
    assert adapter(channels=("stats",)).instruments == (
        Instrument(BTC, "crypto", ("stats",)),
        Instrument(ETH, "crypto", ("stats",)),
    )
    assert adapter().symbol_of("ETH-USDC") == adapter().symbol_of("ETH-USD") == ETH
    assert adapter().symbol_of("SOL-USD") is None


@pytest.mark.parametrize(
    ("channels", "asked"),
    [
        (CHANNELS, ["heartbeats", "ticker", "market_trades"]),
        (("quotes", "stats"), ["heartbeats", "ticker"]),
        (("trades",), ["heartbeats", "market_trades"]),
    ],
)
def test_a_link_asks_for_heartbeats_and_for_what_the_channels_need(
    channels: tuple[Channel, ...], asked: list[str]
) -> None:
    [link] = adapter(channels=channels).links()
    assert link.url == "wss://advanced-trade-ws.coinbase.com"
    assert [subscription.channel for subscription in link.subscriptions] == asked
    assert all(subscription.venue_symbols == ("BTC-USD", "ETH-USDC") for subscription in link.subscriptions[1:])


def test_the_endpoint_can_be_replaced() -> None:
    assert [link.url for link in adapter(url="ws://127.0.0.1:1").links()] == ["ws://127.0.0.1:1"]


def test_a_request_is_for_one_channel() -> None:
    asked = adapter()
    request = asked.request(Subscription("ticker", ("BTC-USD", "ETH-USDC")), 1)
    assert json.loads(request) == {"type": "subscribe", "channel": "ticker", "product_ids": ["BTC-USD", "ETH-USDC"]}
    assert json.loads(asked.request(Subscription("heartbeats", ()), 2)) == {
        "type": "subscribe",
        "channel": "heartbeats",
    }


@pytest.mark.parametrize("count", [100, 101, 500, 501])
def test_many_products_are_divided(count: int) -> None:
    names = tuple(f"A{number}-USD" for number in range(count))
    links = adapter(*names).links()
    assert len(links) == (2 if count > 500 else 1)
    assert all(link.subscriptions[0].channel == "heartbeats" for link in links)
    assert all(len(subscription.venue_symbols) <= 100 for link in links for subscription in link.subscriptions)
    for channel in ("ticker", "market_trades"):
        parts = [part.venue_symbols for link in links for part in link.subscriptions if part.channel == channel]
        assert tuple(symbol for part in parts for symbol in part) == names


def test_two_names_of_one_book_are_refused() -> None:
    with pytest.raises(ValidationError, match="BTC-USDC and BTC-USD are one book at Coinbase; keep one of them"):
        adapter("BTC-USD", "ETH-USD", "BTC-USDC")


@given(frame=any_frames | damaged(list(SAMPLES.values())))
def test_any_frame_is_decoded_or_refused(frame: bytes) -> None:
    decode_or_refuse(adapter(), frame)


def recorded(path: Any) -> tuple[list[dict[str, Any]], list[list[Decoded]]]:
    """A recording's messages, parsed plainly and decoded by the adapter."""
    frames = [frame.text for frame in capture.read(path)]
    asked = adapter("BTC-USD", "ETH-USD")
    return [json.loads(frame) for frame in frames], [asked.decode(frame.encode(), RECEIVED) for frame in frames]


@needs_recordings
@pytest.mark.parametrize(("path", "frames"), [(FULL, 1030), (CUT, 249)])
def test_a_recordings_tickers_are_decoded_as_they_read(path: Any, frames: int) -> None:
    messages, decoded = recorded(path)
    assert len(messages) == frames
    tickers = [
        (message["timestamp"], tick)
        for message in messages
        if message["channel"] == "ticker"
        for event in message["events"]
        for tick in event["tickers"]
    ]
    items = [item for items in decoded for item in items]
    quotes = [item for item in items if type(item) is Quote]
    stats = [item for item in items if type(item) is Stats]
    assert [(q.symbol, q.time, q.bid, q.bid_size, q.ask, q.ask_size) for q in quotes] == [
        (
            f"coinbase:{tick['product_id']}",
            time,
            tick["best_bid"],
            tick["best_bid_quantity"],
            tick["best_ask"],
            tick["best_ask_quantity"],
        )
        for time, tick in tickers
    ]
    assert [(s.last, s.high, s.low, s.volume, s.change_pct) for s in stats] == [
        (tick["price"], tick["high_24_h"], tick["low_24_h"], tick["volume_24_h"], tick["price_percent_chg_24_h"])
        for _, tick in tickers
    ]
    assert len(quotes) == 160


@needs_recordings
@pytest.mark.parametrize("path", [FULL, CUT])
def test_a_recordings_trades_are_decoded_oldest_first_with_the_takers_side(path: Any) -> None:
    messages, decoded = recorded(path)
    trades = [item for items in decoded for item in items if type(item) is Trade]
    raw = [
        trade
        for message in messages
        if message["channel"] == "market_trades"
        for event in message["events"]
        if event["type"] == "update"
        for trade in event["trades"]
    ]
    by_number = {(f"coinbase:{trade['product_id']}", int(trade["trade_id"])): trade for trade in raw}
    assert len(trades) == len(raw) == len(by_number) == 79
    for trade in trades:
        assert trade.number is not None
        plain = by_number[trade.symbol, trade.number]
        assert (trade.price, trade.size, trade.time) == (plain["price"], plain["size"], plain["time"])
        assert {trade.side, plain["side"].lower()} == {"buy", "sell"}
    numbers: dict[str, list[int]] = defaultdict(list)
    for trade in trades:
        numbers[trade.symbol].append(trade.number or 0)
    for tape in numbers.values():
        assert tape == list(range(tape[0], tape[0] + len(tape)))


@needs_recordings
def test_a_takers_buy_is_at_the_ask_in_the_recording() -> None:
    _, decoded = recorded(FULL)
    quotes: dict[str, Quote] = {}
    agree = 0
    for item in (item for items in decoded for item in items):
        if type(item) is Quote:
            quotes[item.symbol] = item
        elif type(item) is Trade and item.symbol in quotes:
            quote = quotes[item.symbol]
            assert quote.bid
            assert quote.ask
            at_the_ask, at_the_bid = float(item.price) >= float(quote.ask), float(item.price) <= float(quote.bid)
            agree += at_the_ask if item.side == "buy" else at_the_bid
    assert agree >= 70  # of 79; the quote lags the trade now and then


@needs_recordings
def test_a_recordings_numbers_have_no_hole_and_its_quotes_are_in_order() -> None:
    _, decoded = recorded(FULL)
    assert [items[0] for items in decoded] == [Numbered(number) for number in range(1030)]
    orders: dict[str, list[int]] = defaultdict(list)
    for item in (item for items in decoded for item in items):
        if type(item) is Quote:
            assert item.order is not None
            orders[item.symbol].append(item.order)
    assert all(earlier < later for series in orders.values() for earlier, later in pairwise(series))


@needs_recordings
def test_a_cut_recordings_numbers_have_holes() -> None:
    _, decoded = recorded(CUT)
    numbers = [items[0].number for items in decoded if type(items[0]) is Numbered]
    assert len(numbers) == len(decoded)
    assert any(later > earlier + 1 for earlier, later in pairwise(numbers))


@needs_recordings
def test_recorded_frames_of_every_kind_are_decoded() -> None:
    asked = adapter("BTC-USD", "ETH-USD")
    kinds = {"ticker": {Quote, Stats}, "market_trades_snapshot": set(), "market_trades": {Trade}, "heartbeats": {Alive}}
    kinds |= {"subscriptions": {Acknowledged}, "candles": {Unknown}, "l2_data": {Unknown}}
    for path in sorted((WIRE / "coinbase_at").glob("*.json*")):
        known = next((kind for kind in kinds if path.name.startswith(kind)), None)
        for line in path.read_bytes().splitlines() if known else ():
            first, *rest = asked.decode(line, RECEIVED)
            assert type(first) is Numbered
            assert {type(item) for item in rest} == kinds[known or ""]
