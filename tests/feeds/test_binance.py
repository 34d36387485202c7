"""Binance: what is asked, and what each message becomes."""

import json
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from feeds.adapter import Acknowledged, Adapter, Decoded, GoingAway, Link, Refused, Subscription, Unknown
from feeds.binance import Binance, BinanceOptions
from feeds.errors import DecodeError
from feeds.market import CHANNELS, Channel, Instrument, Quote, Stats, Trade
from tests.feeds.frames import RECEIVED, WIRE, any_frames, damaged, decode_or_refuse, needs_recordings, refusal, samples
from tests.venues import capture

BTC, ETH = "binance:BTC-USDT", "binance:ETH-BTC"
SAMPLES = samples("binance")


def adapter(*symbols: str, channels: tuple[Channel, ...] = CHANNELS, **options: Any) -> Adapter:
    """The adapter for these symbols, by default those of the samples."""
    names = symbols or ("BTC-USDT", "ETH-BTC")
    return Binance(BinanceOptions(name="binance", adapter="binance", symbols=names, channels=channels, **options))


def mini_stats(symbol: str, time: str, order: int, last: str, volume: str) -> Stats:
    return Stats(
        symbol,
        RECEIVED,
        time,
        open="64330.60000000",
        high="65000.00000000",
        low="63800.01000000",
        last=last,
        volume=volume,
        order=order,
    )


MINI_TICKERS = [
    mini_stats(BTC, "2026-09-21T14:13:28.000Z", 1790000008000, "64014.00000000", "12037.00000000"),
    Stats(
        ETH,
        RECEIVED,
        "2026-09-21T14:13:28.002Z",
        open="0.03100000",
        high="0.03300000",
        low="0.03000000",
        last="0.03200000",
        volume="70.00000000",
        order=1790000008002,
    ),
]

EXPECTED: dict[str, list[Decoded]] = {
    "bookTicker_raw": [
        Quote(BTC, RECEIVED, None, "64010.10000000", "1.25000000", "64010.20000000", "0.00300000", 7100200301)
    ],
    "bookTicker_combined": [
        Quote(BTC, RECEIVED, None, "64010.10000000", "1.20000000", "64010.30000000", "2.50000000", 7100200302)
    ],
    "bookTicker_one_side": [Quote(BTC, RECEIVED, None, None, None, "64010.30000000", "2.50000000", 7100200303)],
    "bookTicker_of_another_symbol": [],
    "aggTrade_raw": [
        Trade(
            BTC, RECEIVED, "2026-09-21T14:13:20.120Z", "64010.20000000", "0.01500000", "buy", "3300441", number=3300441
        )
    ],
    "aggTrade_combined": [
        Trade(ETH, RECEIVED, "2026-09-21T14:13:21.000Z", "0.03210000", "4.00000000", "sell", "880123", number=880123)
    ],
    "aggTrade_microseconds": [
        Trade(ETH, RECEIVED, "2026-09-21T14:13:21.007050Z", "0.03220000", "0.50000000", "buy", "880124", number=880124)
    ],
    "trade_raw": [
        Trade(
            BTC, RECEIVED, "2026-09-21T14:13:22.000Z", "64011.00000000", "0.00010000", "sell", "9100804", number=9100804
        )
    ],
    "trade_with_order_ids": [
        Trade(BTC, RECEIVED, "2019-06-08T13:20:00.000Z", "8000.10000000", "1.00000000", "buy", "120034", number=120034)
    ],
    "24hrTicker_combined": [
        Stats(
            BTC,
            RECEIVED,
            "2026-09-21T14:13:23.000Z",
            open="64330.60000000",
            high="65000.00000000",
            low="63800.01000000",
            last="64010.10000000",
            volume="12034.56780000",
            change="-320.50000000",
            change_pct="-0.498",
            order=1790000003000,
        )
    ],
    "24hrTicker_raw": [
        Stats(
            ETH,
            RECEIVED,
            "2026-09-21T14:13:24.000Z",
            open="0.03200000",
            high="0.03250000",
            low="0.03190000",
            last="0.03210000",
            volume="5000.00000000",
            change="0.00010000",
            change_pct="0.312",
            order=1790000004000,
        )
    ],
    "24hrTicker_without_trades": [
        Stats(ETH, RECEIVED, "2026-09-21T14:13:25.000Z", volume="0.00000000", order=1790000005000)
    ],
    "24hrMiniTicker_raw": [
        mini_stats(BTC, "2026-09-21T14:13:26.000Z", 1790000006000, "64012.00000000", "12035.00000000")
    ],
    "24hrMiniTicker_combined": [
        mini_stats(BTC, "2026-09-21T14:13:27.000Z", 1790000007000, "64013.00000000", "12036.00000000")
    ],
    "miniTicker_array_raw": [*MINI_TICKERS],
    "miniTicker_array_combined": [*MINI_TICKERS],
    "subscribed": [Acknowledged(3)],
    "subscribed_without_our_id": [Acknowledged(None)],
    "error_nested": [Refused("Invalid request: unknown variant `SUBSCRIB` (code 2)", 4)],
    "error_flat": [Refused("Invalid JSON: expected value at line 1 column 9 (code 3)")],
    "serverShutdown_raw": [GoingAway()],
    "serverShutdown_combined": [GoingAway()],
    "kline": [Unknown("kline")],
    "depthUpdate": [Unknown("depthUpdate")],
    "partial_depth": [Unknown("unnamed")],
    "referencePrice": [Unknown("referencePrice")],
}


def test_each_sample_has_its_expectation() -> None:
    assert EXPECTED.keys() == SAMPLES.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_each_message_becomes_what_it_says(name: str) -> None:
    assert adapter().decode(SAMPLES[name], RECEIVED) == EXPECTED[name]


@pytest.mark.parametrize(
    ("channel", "names"),
    [
        ("quotes", ["bookTicker_raw", "bookTicker_combined"]),
        ("trades", ["aggTrade_raw", "trade_with_order_ids"]),
        ("stats", ["24hrTicker_combined", "24hrMiniTicker_raw", "miniTicker_array_combined"]),
    ],
)
def test_a_channel_that_was_not_asked_for_is_left_out(channel: Channel, names: list[str]) -> None:
    others = tuple(other for other in CHANNELS if other != channel)
    for name in names:
        assert adapter(channels=others).decode(SAMPLES[name], RECEIVED) == []
        assert adapter(channels=(channel,)).decode(SAMPLES[name], RECEIVED) == EXPECTED[name]


QUOTE = '{"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT","b":"1.0","B":"2.0","a":"1.1","A":"3.0"}}'
TRADE = '{"e":"aggTrade","E":1790000000123,"s":"BTCUSDT","a":1,"p":"1.0","q":"2.0","T":1790000000120,"m":true}'


@pytest.mark.parametrize(
    ("frame", "found", "instead", "kind", "field"),
    [
        (QUOTE, '"b":"1.0"', '"b":1.0', "bookTicker", "b"),
        (QUOTE, '"b":"1.0"', '"b":""', "bookTicker", "b"),
        (QUOTE, '"A":"3.0"', '"A":"NaN"', "bookTicker", "A"),
        (QUOTE, '"B":"2.0"', '"B":"0.-10000"', "bookTicker", "B"),
        (QUOTE, '"u":1,', "", "bookTicker", "u"),
        (QUOTE, '"u":1', '"u":"1"', "bookTicker", "u"),
        (QUOTE, '"data":{', '"data":null,"x":{', "bookTicker", ""),
        (QUOTE, '"stream":"btcusdt@bookTicker"', '"stream":5', "envelope", "stream"),
        (TRADE, '"p":"1.0"', '"p":"-1.0"', "aggTrade", "p"),
        (TRADE, '"q":"2.0",', "", "aggTrade", "q"),
        (TRADE, '"m":true', '"m":"true"', "aggTrade", "m"),
        (TRADE, '"T":1790000000120', '"T":-5', "aggTrade", "T"),
        (TRADE, '"T":1790000000120', '"T":99999999999999999999', "aggTrade", "T"),
        (TRADE, '"e":"aggTrade"', '"e":7', "envelope", "e"),
        ("[" + TRADE + "]", '"q":"2.0",', "", "aggTrade", "q"),
        (TRADE, TRADE, "5", "envelope", ""),
        (TRADE, TRADE, "[5]", "envelope", ""),
        (TRADE, TRADE, "<html>", "json", ""),
        (TRADE, '"m":true}', "", "json", ""),
    ],
)
def test_a_broken_message_is_refused_by_kind_and_field(
    frame: str, found: str, instead: str, kind: str, field: str
) -> None:
    assert refusal(adapter(), frame, found, instead) == (kind, field)


def test_instruments_are_in_the_order_of_the_settings() -> None:
    assert adapter(channels=("trades",)).instruments == (
        Instrument(BTC, "crypto", ("trades",)),
        Instrument(ETH, "crypto", ("trades",)),
    )
    assert adapter().symbol_of("ETHBTC") == ETH
    assert adapter().symbol_of("XRPUSDT") is None


def test_a_link_asks_for_the_streams_of_the_channels() -> None:
    expected = (Subscription("bookTicker", ("BTCUSDT", "ETHBTC")), Subscription("aggTrade", ("BTCUSDT", "ETHBTC")))
    asked = adapter(channels=("quotes", "trades"))
    assert asked.links() == (Link("wss://stream.binance.com:9443/stream", expected),)
    assert adapter(channels=("stats",)).links()[0].subscriptions == (Subscription("ticker", ("BTCUSDT", "ETHBTC")),)
    assert adapter(url="ws://127.0.0.1:1/stream").links()[0].url == "ws://127.0.0.1:1/stream"


def test_a_request_names_streams_in_lower_case() -> None:
    request = adapter().request(Subscription("aggTrade", ("BTCUSDT", "ETHBTC")), 7)
    assert json.loads(request) == {"method": "SUBSCRIBE", "params": ["btcusdt@aggTrade", "ethbtc@aggTrade"], "id": 7}


@pytest.mark.parametrize("count", [1, 100, 101, 341, 342, 1000])
@pytest.mark.parametrize("channels", [CHANNELS, ("quotes", "trades"), ("quotes",)])
def test_many_symbols_are_divided_within_the_venues_limits(count: int, channels: tuple[Channel, ...]) -> None:
    links = adapter(*(f"A{number}-USDT" for number in range(count)), channels=channels).links()
    homes: dict[str, set[int]] = defaultdict(set)
    for place, link in enumerate(links):
        assert sum(len(subscription.venue_symbols) for subscription in link.subscriptions) <= 1024
        for subscription in link.subscriptions:
            assert 0 < len(subscription.venue_symbols) <= 100
            for symbol in subscription.venue_symbols:
                homes[symbol].add(place)
    asked = [s for link in links for subscription in link.subscriptions for s in subscription.venue_symbols]
    assert len(asked) == count * len(channels)
    assert len(homes) == count
    assert all(len(places) == 1 for places in homes.values())


@pytest.mark.parametrize(
    ("symbols", "problem"),
    [
        (("BTCUSDT",), "write it as BASE-QUOTE"),
        (("BTC-",), "write it as BASE-QUOTE"),
        (("BTC-USDT-PERP",), "write it as BASE-QUOTE"),
        (("AB-CUSDT", "ABC-USDT"), "AB-CUSDT and ABC-USDT are both ABCUSDT at Binance; keep one of them"),
    ],
)
def test_symbols_that_cannot_be_served_are_refused(symbols: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        adapter(*symbols)


@given(frame=any_frames | damaged(list(SAMPLES.values())))
def test_any_frame_is_decoded_or_refused(frame: bytes) -> None:
    decode_or_refuse(adapter(), frame)


@given(digits=st.from_regex(r"[1-9][0-9]{0,12}\.[0-9]{1,12}", fullmatch=True))
def test_digits_are_kept(digits: str) -> None:
    [quote] = adapter().decode(QUOTE.replace('"1.0"', f'"{digits}"').encode(), RECEIVED)
    [trade] = adapter().decode(TRADE.replace('"1.0"', f'"{digits}"').encode(), RECEIVED)
    assert isinstance(quote, Quote)
    assert isinstance(trade, Trade)
    assert quote.bid == trade.price == digits


values = st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,8})?", fullmatch=True) | st.sampled_from(
    ["", "0", "0.00", "1.", "NaN", "-1"]
)
numbers = st.integers(-1, 10**19) | st.sampled_from([10**17, 1_790_000_000_000_000])


def outcome(frame: str) -> object:
    """What a frame is decoded into, or what is wrong with it."""
    try:
        return adapter().decode(frame.encode(), RECEIVED)
    except DecodeError as error:
        return error.kind, error.field


@given(symbol=st.sampled_from(["BTCUSDT", "ETHBTC", "XRPUSDT", "Ü"]), number=numbers, sides=st.tuples(*[values] * 4))
def test_a_quote_in_the_usual_form_is_read_as_any_other(symbol: str, number: int, sides: tuple[str, ...]) -> None:
    bid, bid_size, ask, ask_size = sides
    frame = json.loads(QUOTE) | {"data": {"u": number, "s": symbol, "b": bid, "B": bid_size, "a": ask, "A": ask_size}}
    usual = json.dumps(frame, separators=(",", ":"), ensure_ascii=False)
    assert outcome(usual) == outcome(json.dumps(frame, indent=1))


@given(symbol=st.sampled_from(["BTCUSDT", "XRPUSDT"]), number=numbers, time=numbers, price=values, sold=st.booleans())
def test_a_trade_in_the_usual_form_is_read_as_any_other(
    symbol: str, number: int, time: int, price: str, sold: bool
) -> None:
    frame = json.loads(SAMPLES["aggTrade_combined"])
    frame["data"] |= {"s": symbol, "a": number, "p": price, "T": time, "m": sold}
    usual = json.dumps(frame, separators=(",", ":"))
    assert outcome(usual) == outcome(json.dumps(frame, indent=1))


@needs_recordings
@pytest.mark.parametrize(
    ("recording", "symbols", "counts"),
    [
        ("capture_2021-10-12_BINANCE.ws.1.0", ("NKN-USDT", "BLZ-ETH", "LRC-BTC", "RUNE-EUR"), (84, 2, 179)),
        ("capture_2021-10-12_BINANCE_US.ws.1.0", ("CRV-USDT", "COMP-USDT", "OMG-BUSD", "ZRX-USDT"), (128, 11, 341)),
    ],
)
def test_a_recording_is_decoded_as_it_reads(
    recording: str, symbols: tuple[str, ...], counts: tuple[int, int, int]
) -> None:
    frames = [frame.text for frame in capture.read(WIRE / "binance" / recording)]
    asked = adapter(*symbols)
    decoded = [item for frame in frames for item in asked.decode(frame.encode(), RECEIVED)]
    quotes = [(q.symbol, q.bid, q.bid_size, q.ask, q.ask_size) for q in decoded if type(q) is Quote]
    trades = [(t.symbol, t.number, t.price, t.size, t.side) for t in decoded if type(t) is Trade]
    names = {symbol.replace("-", ""): f"binance:{symbol}" for symbol in symbols}
    events = [json.loads(frame)["data"] for frame in frames]
    assert quotes == [(names[e["s"]], e["b"], e["B"], e["a"], e["A"]) for e in events if "e" not in e]
    assert trades == [
        (names[e["s"]], e["a"], e["p"], e["q"], "sell" if e["m"] else "buy") for e in events if e.get("e") == "aggTrade"
    ]
    assert (len(quotes), len(trades), sum(type(item) is Unknown for item in decoded)) == counts


@needs_recordings
def test_recorded_frames_of_every_kind_are_decoded() -> None:
    asked = adapter("BTC-USDT", "BNB-BTC", "BNB-USDT", "DOGE-BNB", "ETH-USD", "NKN-USDT", "LRC-BTC")
    for path in sorted((WIRE / "binance").glob("*.json*")):
        for line in path.read_bytes().splitlines() if path.name != "errors_docs.jsonl" else ():
            kinds = {type(item) for item in asked.decode(line, RECEIVED)}
            if path.name.startswith("bookTicker"):
                assert kinds == {Quote}
            elif path.name.startswith(("aggTrade", "trade")):
                assert kinds == {Trade}
            elif path.name.startswith("24hr"):
                assert kinds == {Stats}
            else:
                assert len(kinds) == 1
                assert kinds <= {Acknowledged, Refused, GoingAway, Unknown}
