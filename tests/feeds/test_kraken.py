"""Kraken: what is asked, and what each message becomes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.adapter import (
    Acknowledged,
    Adapter,
    Alive,
    Decoded,
    Link,
    Refused,
    Rejected,
    Subscription,
    Throttled,
    Unknown,
)
from feeds.kraken import Kraken, KrakenOptions
from feeds.market import CHANNELS, Channel, Instrument, Quote, Stats, Trade
from tests.feeds.frames import (
    RECEIVED,
    WIRE,
    any_frames,
    damaged,
    decode_or_refuse,
    needs_recordings,
    recorded_lines,
    refusal,
    samples,
)

BTC, SHIB = "kraken:BTC-USD", "kraken:SHIB-USD"
SAMPLES = samples("kraken")
TICKER, TRADE = SAMPLES["ticker_snapshot"].decode(), SAMPLES["trade_update"].decode()


def adapter(*symbols: str, channels: tuple[Channel, ...] = CHANNELS, **options: Any) -> Adapter:
    """The adapter for these symbols, by default those of the samples."""
    names = symbols or ("BTC-USD", "SHIB-USD")
    return Kraken(KrakenOptions(name="kraken", adapter="kraken", symbols=names, channels=channels, **options))


NOON = 1_788_264_000_000_000_000

EXPECTED: dict[str, list[Decoded]] = {
    "ticker_snapshot": [
        Quote(
            BTC,
            RECEIVED,
            "2026-09-01T12:00:00.123456Z",
            bid="64010.10",
            bid_size="0.50000000",
            ask="64010.20",
            ask_size="1.00000000",
            order=NOON + 123_456_000,
        ),
        Stats(
            BTC,
            RECEIVED,
            "2026-09-01T12:00:00.123456Z",
            high="65000.00",
            low="63800.0",
            last="64010.20",
            volume="1034.50000000",
            change="-320.50",
            change_pct="-0.50",
            order=NOON + 123_456_000,
        ),
    ],
    "ticker_integers_and_exponents": [
        Quote(
            SHIB,
            RECEIVED,
            "2026-09-01T12:00:01.123456789Z",
            bid="0.000007400",
            bid_size="740",
            ask="0.00000741",
            ask_size="1500",
            order=NOON + 1_123_456_789,
        ),
        Stats(
            SHIB,
            RECEIVED,
            "2026-09-01T12:00:01.123456789Z",
            high="0.0000080",
            low=None,
            last="0.000007",
            volume="99703898",
            change="-0.0000001",
            change_pct="-1",
            order=NOON + 1_123_456_789,
        ),
    ],
    "ticker_without_timestamp": [
        Quote(BTC, RECEIVED, None, "64010.1", "0.5", "64010.2", "1.0"),
        Stats(
            BTC,
            RECEIVED,
            None,
            high="65000.0",
            low="63800.0",
            last="64010.2",
            volume="1034.5",
            change="0.0",
            change_pct="0.00",
        ),
    ],
    "ticker_dormant": [],
    "ticker_dormant_with_a_bid": [Quote(BTC, RECEIVED, None, "1.50", "3", None, None)],
    "ticker_of_an_empty_book": [
        Quote(BTC, RECEIVED, "2026-09-01T12:00:02.5Z", None, None, None, None, order=NOON + 2_500_000_000),
        Stats(
            BTC,
            RECEIVED,
            "2026-09-01T12:00:02.5Z",
            high="64010.2",
            low="64010.2",
            last="64010.2",
            volume="0",
            change="0",
            change_pct="0",
            order=NOON + 2_500_000_000,
        ),
    ],
    "trade_update": [
        Trade(BTC, RECEIVED, "2026-09-01T12:00:03.000001Z", "64010.0", "0.00500000", "sell", "700200", number=700200)
    ],
    "trade_update_several": [
        Trade(BTC, RECEIVED, "2026-09-01T12:00:03.1Z", "64010.50", "0.25", "buy", "700201", number=700201),
        Trade(BTC, RECEIVED, "2026-09-01T12:00:03.1Z", "64011", "1", "buy", "700202", number=700202),
    ],
    "trade_snapshot": [],
    "status": [Alive()],
    "heartbeat": [Alive()],
    "pong": [Alive()],
    "subscribed": [Acknowledged(2)],
    "subscribed_without_id": [Alive()],
    "subscribed_before": [Acknowledged(3)],
    "symbol_rejected": [Rejected("ABC/USD", "Currency pair not supported ABC/USD"), Acknowledged(2)],
    "request_refused": [Refused("Malformed request", 4)],
    "rate_exceeded": [Throttled("Exceeded msg rate")],
    "unsubscribed": [Unknown("unsubscribe")],
    "book": [Unknown("book")],
}


def test_each_sample_has_its_expectation() -> None:
    assert EXPECTED.keys() == SAMPLES.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_each_message_becomes_what_it_says(name: str) -> None:
    assert adapter().decode(SAMPLES[name], RECEIVED) == EXPECTED[name]


@pytest.mark.parametrize(("channel", "left"), [("quotes", [Quote]), ("stats", [Stats]), ("trades", [])])
def test_a_ticker_gives_what_was_asked_for(channel: Channel, left: list[type]) -> None:
    decoded = adapter(channels=(channel,)).decode(SAMPLES["ticker_snapshot"], RECEIVED)
    assert [type(item) for item in decoded] == left


def test_trades_that_were_not_asked_for_are_left_out() -> None:
    assert adapter(channels=("quotes",)).decode(SAMPLES["trade_update"], RECEIVED) == []


def test_a_ticker_without_a_quote_leaves_the_last_one_standing() -> None:
    message = json.loads(TICKER)
    del message["data"][0]["bid"], message["data"][0]["ask"]
    assert [type(item) for item in adapter().decode(json.dumps(message).encode(), RECEIVED)] == [Stats]


@pytest.mark.parametrize(
    ("frame", "found", "instead", "kind", "field"),
    [
        (TICKER, '"bid":64010.10', '"bid":"x"', "ticker", "bid"),
        (TICKER, '"bid":64010.10', '"bid":true', "ticker", "bid"),
        (TICKER, '"bid":64010.10', '"bid":-1', "ticker", "bid"),
        (TICKER, '"ask_qty":1.00000000', '"ask_qty":[1]', "ticker", "ask_qty"),
        (TICKER, '"volume":1034.50000000', '"volume":1e999999999', "ticker", "volume"),
        (TICKER, '"change":-320.50', '"change":"--1"', "ticker", "change"),
        (TICKER, '"symbol":"BTC/USD",', "", "ticker", "symbol"),
        (TICKER, '"data":', '"date":', "ticker", "data"),
        (TICKER, "2026-09-01T12:00:00.123456Z", "noon", "ticker", "timestamp"),
        (TICKER, '"channel":"ticker"', '"channel":1', "head", "channel"),
        (TRADE, '"price":64010.0,', "", "trade", "price"),
        (TRADE, '"price":64010.0', '"price":null', "trade", "price"),
        (TRADE, '"price":64010.0', '"price":-64010.0', "trade", "price"),
        (TRADE, '"qty":0.00500000', '"qty":"NaN"', "trade", "qty"),
        (TRADE, '"trade_id":700200', '"trade_id":"700200"', "trade", "trade_id"),
        (TRADE, '"side":"sell"', '"side":"SELL"', "trade", "side"),
        (TRADE, '"type":"update",', "", "trade", "type"),
        (TRADE, "2026-09-01T12:00:03.000001Z", "", "trade", "timestamp"),
        (TRADE, TRADE, "7", "head", ""),
        (TRADE, '"price":64010.0', '"price":NaN', "json", ""),
        (TRADE, '"}]}', "", "json", ""),
    ],
)
def test_a_broken_message_is_refused_by_kind_and_field(
    frame: str, found: str, instead: str, kind: str, field: str
) -> None:
    assert refusal(adapter(), frame, found, instead) == (kind, field)


def test_instruments_are_in_the_order_of_the_settings() -> None:
    assert adapter(channels=("quotes",)).instruments == (
        Instrument(BTC, "crypto", ("quotes",)),
        Instrument(SHIB, "crypto", ("quotes",)),
    )
    assert adapter().symbol_of("SHIB/USD") == SHIB
    assert adapter().symbol_of("SHIB-USD") is None


@pytest.mark.parametrize(
    ("channels", "asked"),
    [(CHANNELS, ["ticker", "trade"]), (("stats", "quotes"), ["ticker"]), (("trades",), ["trade"])],
)
def test_a_link_asks_for_what_the_channels_need(channels: tuple[Channel, ...], asked: list[str]) -> None:
    expected = tuple(Subscription(channel, ("BTC/USD", "SHIB/USD")) for channel in asked)
    assert adapter(channels=channels).links() == (Link("wss://ws.kraken.com/v2", expected),)


def test_the_endpoint_can_be_replaced() -> None:
    assert [link.url for link in adapter(url="ws://127.0.0.1:1/v2").links()] == ["ws://127.0.0.1:1/v2"]


def test_many_symbols_are_divided_over_requests() -> None:
    names = tuple(f"A{number}-USD" for number in range(101))
    [link] = adapter(*names, channels=("quotes",)).links()
    assert [len(subscription.venue_symbols) for subscription in link.subscriptions] == [100, 1]


@pytest.mark.parametrize(
    ("channel", "parameters"),
    [("ticker", {"event_trigger": "bbo", "snapshot": True}), ("trade", {"snapshot": False})],
)
def test_a_request_is_for_quote_updates_and_no_old_trades(channel: str, parameters: dict[str, object]) -> None:
    request = adapter().request(Subscription(channel, ("BTC/USD", "SHIB/USD")), 5)
    assert json.loads(request) == {
        "method": "subscribe",
        "params": {"channel": channel, "symbol": ["BTC/USD", "SHIB/USD"]} | parameters,
        "req_id": 5,
    }


def test_the_keepalive_is_a_ping() -> None:
    assert adapter().keepalive is not None
    _, message = adapter().keepalive or (0, b"")
    assert json.loads(message) == {"method": "ping"}


@given(frame=any_frames | damaged(list(SAMPLES.values())))
def test_any_frame_is_decoded_or_refused(frame: bytes) -> None:
    decode_or_refuse(adapter(), frame)


@given(digits=st.from_regex(r"(0|[1-9][0-9]{0,12})\.[0-9]{1,12}", fullmatch=True).filter(lambda text: float(text) > 0))
def test_digits_are_kept(digits: str) -> None:
    [quote, _] = adapter().decode(TICKER.replace("64010.10", digits).encode(), RECEIVED)
    [trade] = adapter().decode(TRADE.replace("64010.0", digits).encode(), RECEIVED)
    assert isinstance(quote, Quote)
    assert isinstance(trade, Trade)
    assert quote.bid == trade.price == digits


RECORDED_TICKERS = ["ticker_snapshot_live.json", "ticker_update_docs_shape.json"]
RECORDED_TRADES = ["trade_update_live.jsonl", "trade_update_mit_fixture_2026.json"]
RECORDED_SYMBOLS = ("USDT-USD", "ALGO-USD", "BTC-USD", "BTC-USDT", "MATIC-USD")


def plainly(line: bytes) -> list[dict[str, Any]]:
    """A frame's entries, every number as the text it was written in."""
    data: list[dict[str, Any]] = json.loads(line, parse_float=str, parse_int=str)["data"]
    return data


@needs_recordings
@pytest.mark.parametrize("name", RECORDED_TICKERS)
def test_recorded_tickers_are_decoded_as_they_read(name: str) -> None:
    [line] = filter(None, recorded_lines(f"kraken_v2/{name}"))
    quote, stats = adapter(*RECORDED_SYMBOLS).decode(line, RECEIVED)
    [plain] = plainly(line)
    assert isinstance(quote, Quote)
    assert isinstance(stats, Stats)
    assert (quote.bid, quote.bid_size, quote.ask, quote.ask_size, quote.time) == tuple(
        plain[key] for key in ("bid", "bid_qty", "ask", "ask_qty", "timestamp")
    )
    assert (stats.last, stats.volume, stats.low, stats.high, stats.change, stats.change_pct) == tuple(
        plain.get(key) for key in ("last", "volume", "low", "high", "change", "change_pct")
    )
    assert quote.symbol == "kraken:" + plain["symbol"].replace("/", "-")


@needs_recordings
@pytest.mark.parametrize("name", RECORDED_TRADES)
def test_recorded_trades_are_decoded_as_they_read(name: str) -> None:
    lines = list(filter(None, recorded_lines(f"kraken_v2/{name}")))
    decoded = [item for line in lines for item in adapter(*RECORDED_SYMBOLS).decode(line, RECEIVED)]
    plain = [entry for line in lines for entry in plainly(line)]
    trades = [item for item in decoded if isinstance(item, Trade)]
    assert [(t.symbol, t.price, t.size, t.side, t.trade_id, t.time) for t in trades] == [
        ("kraken:" + p["symbol"].replace("/", "-"), p["price"], p["qty"], p["side"], p["trade_id"], p["timestamp"])
        for p in plain
    ]


@needs_recordings
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("trade_snapshot_docs.json", []),
        ("ticker_update_never_traded_zero_1970.json", []),
        ("status_live.jsonl", [Alive()]),
        ("status_docs.json", [Alive()]),
        ("heartbeat_live.json", [Alive()]),
        ("pong_shape.json", [Alive()]),
        ("subscribe_ack_live.jsonl", [Alive()]),
        ("subscribe_error_live.json", [Rejected("NOPE/USD", "Currency pair not supported NOPE/USD"), Alive()]),
        ("error_rate_shape.json", [Throttled("Exceeded msg rate")]),
        ("book_snapshot_mit_fixture_2026.json", [Unknown("book")]),
    ],
)
def test_recorded_frames_of_other_kinds_are_decoded(name: str, expected: list[Decoded]) -> None:
    for line in filter(None, recorded_lines(f"kraken_v2/{name}")):
        assert adapter(*RECORDED_SYMBOLS).decode(line, RECEIVED) == expected


@needs_recordings
def test_a_market_that_never_traded_says_nothing() -> None:
    line = (WIRE / "kraken_v2" / "ticker_update_never_traded_zero_1970.json").read_bytes()
    assert adapter("ANETX-USD").decode(line.replace(b"ANETx", b"ANETX"), RECEIVED) == []
