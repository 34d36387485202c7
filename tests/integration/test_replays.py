"""What venues sent comes out as they said it: recordings and scripts through the service to a client."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from tests.integration import readings
from tests.integration.client import Client, connected, watched
from tests.integration.readings import Reading, Trade
from tests.integration.service import serving, table
from tests.requires import recorded
from tests.venues import binance, coinbase, kraken
from tests.venues.capture import Frame, play, read
from tests.venues.server import Venue

SPEED = 60  # times a recording's own pace
LATER = "2027-01-01T00:00:00.000001Z"


async def assert_told(client: Client, symbol: str, instrument: str, reading: Reading) -> None:
    """The client got exactly what the frames said of the instrument, and after it the quote 1.00 to 2.00."""
    await client.expect("quote", symbol, bid="1.00", ask="2.00")
    told = [(q["bid"], q["bid_size"], q["ask"], q["ask_size"]) for q in client.of("quote", symbol)]
    assert told[:-1][-1:] == ([reading.quotes[instrument]] if instrument in reading.quotes else [])
    trades = told_trades(client, symbol)
    assert trades == reading.trades[instrument]
    for kind in ("quote", "trade", "stats"):
        numbers = client.values(kind, symbol, "seq")
        assert numbers == list(range(1, len(numbers) + 1))
    row = {"bid": "1.00", "ask": "2.00"} | ({"last": trades[-1].price} if trades else {})
    await client.expect("ticker", symbol, **row)


def told_trades(client: Client, symbol: str) -> list[Trade]:
    """What the client got of the symbol's trades."""
    return [Trade(t["price"], t["size"], t["side"], t["trade_id"]) for t in client.of("trade", symbol)]


def assert_in_publish_order(client: Client) -> None:
    received = [message["received"] for message in client.messages if "seq" in message and message["type"] != "ticker"]
    assert received == sorted(received)


@pytest.mark.parametrize(
    ("name", "instruments"),
    [
        ("BINANCE", ["NKN-USDT", "BLZ-ETH", "LRC-BTC"]),
        ("BINANCE_US", ["CRV-USDT", "COMP-USDT", "OMG-BUSD", "ZRX-USDT"]),
    ],
)
async def test_a_recording_of_binance(tmp_path: Path, name: str, instruments: list[str]) -> None:
    frames = read(recorded(f"binance/capture_2021-10-12_{name}.ws.1.0"))
    reading = readings.binance([frame.text for frame in frames], [*instruments, "RUNE-EUR"])
    names = [instrument.replace("-", "") for instrument in instruments]
    streams = [f"{name.lower()}@{kind}" for name in names for kind in ("bookTicker", "aggTrade")]
    async with binance.Binance() as venue, watched(tmp_path, "binance", venue, *instruments) as (_, client):
        await play(frames, await venue.session(0, *streams), SPEED)
        for venue_symbol, instrument in zip(names, instruments, strict=True):
            await venue.publish(binance.book_ticker(venue_symbol, 2**52, "1.00", "2.00"))
            await assert_told(client, f"binance:{instrument}", instrument, reading)
    assert client.of("gap") == []
    assert_in_publish_order(client)


async def test_a_recording_of_coinbase(tmp_path: Path) -> None:
    frames = read(recorded("coinbase_at/capture_2026-08-09_full.jsonl.gz"))
    reading = readings.coinbase([frame.text for frame in frames])
    instruments = ["BTC-USD", "ETH-USD"]
    subscriptions = [f"{channel}:{product}" for channel in ("ticker", "market_trades") for product in instruments]
    async with coinbase.Coinbase() as venue:
        stream = split_off_snapshots(venue, frames)
        async with watched(tmp_path, "coinbase", venue, *instruments) as (service, client):
            await play(stream, await venue.session(0, *subscriptions), SPEED)
            for product in instruments:
                figures = reading.stats[product]
                await client.expect("stats", f"coinbase:{product}", **figures)
                await venue.publish(coinbase.ticker(product, figures["last"], "1.00", "2.00", at=LATER))
                await assert_told(client, f"coinbase:{product}", product, reading)
            assert await service.metric("ticker_feed_sequence_gaps_total") == 0
    assert client.of("gap") == []
    assert_in_publish_order(client)


def split_off_snapshots(venue: coinbase.Coinbase, frames: list[Frame]) -> list[Frame]:
    """The recorded snapshots become what the venue answers a subscription with; the rest of the market data."""
    stream = []
    for frame in frames:
        message = json.loads(frame.text)
        if message["channel"] in ("ticker", "market_trades"):
            if message["events"][0]["type"] == "snapshot":
                venue.snapshots[venue.subscription_of(frame.text)] = frame.text
            else:
                stream.append(frame)
    return stream


@pytest.mark.parametrize(
    ("venue", "capture", "instruments"),
    [
        ("binance", "binance/capture_2021-10-12_BINANCE_US.ws.1.0", ["CRV-USDT", "COMP-USDT", "OMG-BUSD", "ZRX-USDT"]),
        ("coinbase", "coinbase_at/capture_2026-08-09_full.jsonl.gz", ["BTC-USD", "ETH-USD"]),
    ],
)
async def test_a_recording_as_a_feed(tmp_path: Path, venue: str, capture: str, instruments: list[str]) -> None:
    path = recorded(capture)
    frames = [frame.text for frame in read(path)]
    reading = readings.coinbase(frames) if venue == "coinbase" else readings.binance(frames, instruments)
    feed = {"name": "replay", "adapter": "replay", "venue": venue, "path": str(path)}
    stanza = table("[[feeds]]", symbols=instruments, speed=SPEED, **feed)
    all_trades = table("[history]", snapshot_trades=1000)
    async with serving(tmp_path, all_trades, stanza) as service, connected(service) as client:
        for instrument in instruments:
            symbol, trades = f"replay:{instrument}", reading.trades[instrument]
            await client.subscribe("quotes", symbol)
            await client.subscribe("trades", symbol)
            quote = dict(zip(("bid", "bid_size", "ask", "ask_size"), reading.quotes[instrument], strict=True))
            await client.expect("quote", symbol, **quote)
            if trades:
                await client.expect("trade", symbol, trade_id=trades[-1].trade_id)
            assert told_trades(client, symbol) == trades
        assert client.of("gap") == []


async def play_kraken(tmp_path: Path, frames: list[str], snapshots: list[str]) -> tuple[Client, Reading]:
    """Sends the frames, after snapshots where these are asked for; the client has then read it all."""
    reading = readings.kraken([*snapshots, *frames])
    instruments = sorted(reading.quotes.keys() | reading.trades.keys())
    names = [instrument.replace("-", "/") for instrument in instruments]
    async with kraken.Kraken() as venue:
        venue.snapshots = {venue.subscription_of(snapshot): snapshot for snapshot in snapshots}
        async with watched(tmp_path, "kraken", venue, *instruments) as (_, client):
            await venue.session(0, *(f"{channel}:{name}" for channel in ("ticker", "trade") for name in names))
            for frame in frames:
                await venue.publish(frame)
            for instrument, name in zip(instruments, names, strict=True):
                await settle_kraken(venue, client, name, reading)
                await assert_told(client, f"kraken:{instrument}", instrument, reading)
    assert_in_publish_order(client)
    return client, reading


async def settle_kraken(venue: Venue, client: Client, name: str, reading: Reading) -> None:
    """Waits for the last trade, which may be held back for a moment, and sends the last quote."""
    instrument = name.replace("/", "-")
    if trades := reading.trades[instrument]:
        await client.expect("trade", f"kraken:{instrument}", trade_id=trades[-1].trade_id)
    if instrument in reading.stats:
        await client.expect("stats", f"kraken:{instrument}", **reading.stats[instrument])
    await venue.publish(kraken.ticker(name, "1.00", "2.00", last="1.50", at=LATER))


async def test_live_and_documented_frames_of_kraken(tmp_path: Path) -> None:
    def lines(name: str) -> list[str]:
        return recorded(f"kraken_v2/{name}").read_text().splitlines()

    snapshots = lines("ticker_snapshot_live.json") + lines("trade_snapshot_docs.json")
    trades = lines("trade_update_live.jsonl") + lines("trade_update_mit_fixture_2026.json")
    trades.sort(key=lambda frame: int(json.loads(frame)["data"][0]["trade_id"]))
    client, reading = await play_kraken(tmp_path, lines("ticker_update_docs_shape.json") + trades, snapshots)
    numbers = [int(trade.trade_id) for trade in reading.trades["BTC-USD"]]
    lost = [later - earlier - 1 for earlier, later in pairwise(numbers) if later > earlier + 1]
    assert [(gap["symbol"], gap["missed"]) for gap in client.of("gap")] == [("kraken:BTC-USD", n) for n in lost]


async def test_krakens_numbers_keep_their_digits(tmp_path: Path) -> None:
    async with kraken.Kraken() as venue, watched(tmp_path, "kraken", venue, "ALGO-USD") as (_, client):
        session = await venue.session(0, "ticker:ALGO/USD", "trade:ALGO/USD")
        await session.publish(kraken.ticker("ALGO/USD", "1.00000", "740.0e-3", last="7"))
        await session.publish(kraken.trade("ALGO/USD", 5, price="2.50E-7", side="sell"))
        await client.expect("quote", "kraken:ALGO-USD", bid="1.00000", ask="0.7400")
        await client.expect("stats", "kraken:ALGO-USD", last="7", change="0.00010", change_pct="-0.17")
        await client.expect("trade", "kraken:ALGO-USD", price="0.000000250", size="0.25000000", side="sell")
