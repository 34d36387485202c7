from collections import Counter
from decimal import Decimal
from itertools import pairwise

import pytest
from pydantic import ValidationError

from feeds.market import Event, LinkState, Quote, Stats, Trade, Update
from feeds.profiles import PROFILES
from feeds.simulated import DEMO, Simulated, SimulatedOptions

START = 1_700_000_000_123_456_789


def simulated(**stanza: object) -> Simulated:
    stanza = {"name": "sim", "adapter": "simulated", "symbols": 3, "rate": 10} | stanza
    return Simulated(SimulatedOptions.model_validate(stanza))


def steps(source: Simulated, until_s: float) -> list[tuple[float, Event]]:
    """Everything due before `until_s`, each with its second; `received` is that second after START."""
    found: list[tuple[float, Event]] = []
    while source.next_at < until_s:
        at = source.next_at
        found += [(round(at, 6), event) for event in source.step(START + int(at * 1e9))]
    return found


def updates(source: Simulated, until_s: float) -> list[Update]:
    return [event for _, event in steps(source, until_s) if isinstance(event, Update)]


def newest_price(update: Update) -> str | None:
    match update:
        case Quote():
            return update.bid
        case Trade():
            return update.price
        case Stats():
            return update.last


def test_a_count_names_the_symbols_from_0() -> None:
    assert [instrument.symbol for instrument in simulated(symbols=3).instruments] == [
        "sim:SYM0",
        "sim:SYM1",
        "sim:SYM2",
    ]


def test_known_names_have_their_kind_and_increments() -> None:
    btc, apple, odd = simulated(symbols=["BTC-USDT", "AAPL", "ODD"], channels=["quotes"]).instruments

    assert (btc.kind, btc.price_increment, btc.size_increment) == ("crypto", "0.01", "0.00001")
    assert (apple.kind, apple.price_increment, apple.size_increment) == ("equity", "0.01", "1")
    assert (odd.symbol, odd.kind, odd.channels) == ("sim:ODD", "unknown", ("quotes",))


def test_connects_first_and_then_updates_evenly_in_turn() -> None:
    first, *rest = steps(simulated(symbols=2, rate=10, channels=["quotes"]), until_s=0.45)

    assert first == (0.0, LinkState("sim", 0, "connected", START, ("sim:SYM0", "sim:SYM1")))
    assert [(at, event.symbol) for at, event in rest if isinstance(event, Quote)] == [
        (0.0, "sim:SYM0"),
        (0.1, "sim:SYM1"),
        (0.2, "sim:SYM0"),
        (0.3, "sim:SYM1"),
        (0.4, "sim:SYM0"),
    ]


def test_a_symbol_gives_one_of_each_channel_before_anything_else() -> None:
    found = updates(simulated(symbols=3, rate=10), until_s=0.85)

    assert Counter((event.symbol, type(event)) for event in found) == {
        (f"sim:SYM{number}", kind): 1 for number in range(3) for kind in (Quote, Trade, Stats)
    }


def test_then_it_gives_mostly_quotes_a_quarter_trades_and_few_stats() -> None:
    source = simulated(symbols=5, rate=1_000)
    shares = Counter(type(event) for event in updates(source, until_s=20))

    total = shares.total()
    assert shares[Quote] / total == pytest.approx(0.70, abs=0.01)
    assert shares[Trade] / total == pytest.approx(0.25, abs=0.01)
    assert shares[Stats] / total == pytest.approx(0.05, abs=0.01)
    assert source.counts.updates == {"quotes": shares[Quote], "trades": shares[Trade], "stats": shares[Stats]}


@pytest.mark.parametrize("channels", [["quotes"], ["trades"], ["stats"], ["trades", "stats"]])
def test_only_the_configured_channels_come_and_their_prices_move(channels: list[str]) -> None:
    found = updates(simulated(symbols=1, rate=100, channels=channels), until_s=10)

    kinds = {"quotes": Quote, "trades": Trade, "stats": Stats}
    assert {type(event) for event in found} == {kinds[channel] for channel in channels}
    prices = {newest_price(update) for update in found}
    assert len(prices) > 5


def test_consecutive_quotes_of_a_symbol_always_differ_and_never_cross() -> None:
    quotes = [
        e for e in updates(simulated(symbols=["AAPL"], rate=1_000, channels=["quotes"]), 5) if isinstance(e, Quote)
    ]

    values = [(quote.bid, quote.bid_size, quote.ask, quote.ask_size) for quote in quotes]
    assert len(values) == 5_000
    assert all(earlier != later for earlier, later in pairwise(values))
    for bid, bid_size, ask, ask_size in values:
        assert Decimal(bid or 0) < Decimal(ask or 0)
        assert Decimal(bid_size or 0) > 0
        assert Decimal(ask_size or 0) > 0


def test_trades_are_numbered_from_1_and_lift_the_ask_or_hit_the_bid() -> None:
    number, quote = 0, None
    for event in updates(simulated(symbols=["EUR-USD"], rate=1_000), until_s=2):
        if isinstance(event, Quote):
            quote = event
        elif isinstance(event, Trade):
            assert quote is not None
            number += 1
            assert (event.number, event.trade_id) == (number, str(number))
            assert event.price == (quote.ask if event.side == "buy" else quote.bid)
            shown = quote.ask_size if event.side == "buy" else quote.bid_size
            assert 0 < Decimal(event.size) <= Decimal(shown or 0)
    assert number > 400


def test_the_day_s_figures_agree_with_the_trades_and_with_each_other() -> None:
    last: str | None = None
    volume = Decimal(0)
    days = 0
    for event in updates(simulated(symbols=["BTC-USDT"], rate=1_000), until_s=2):
        if isinstance(event, Trade):
            last = event.price
            volume += Decimal(event.size)
        elif isinstance(event, Stats):
            days += 1
            assert event.last == last
            assert event.source == "venue"
            figures = (event.open, event.high, event.low, event.last, event.change, event.change_pct, event.volume)
            opened, high, low, close, change, percent, total = (Decimal(figure or "NaN") for figure in figures)
            assert low <= min(opened, close) <= max(opened, close) <= high
            assert change == close - opened
            assert abs(percent - 100 * change / opened) <= Decimal("0.005")
            assert total >= volume
    assert days > 90


def test_quotes_have_no_venue_time_and_the_rest_has_milliseconds() -> None:
    times = {type(update): update.time for update in updates(simulated(symbols=1), 0.25)}

    assert times == {Quote: None, Trade: "2023-11-14T22:13:20.223Z", Stats: "2023-11-14T22:13:20.323Z"}


def test_the_seed_decides_every_value() -> None:
    assert updates(simulated(seed=5), until_s=30) == updates(simulated(seed=5), until_s=30)
    assert updates(simulated(seed=5), until_s=30) != updates(simulated(seed=6), until_s=30)


def test_a_quiet_symbol_starts_like_the_others_and_then_hardly_changes() -> None:
    source = simulated(symbols=["AAPL", "MSFT"], rate=10, quiet=["MSFT"], quiet_every_s=60)

    quiet = [(at, type(event)) for at, event in steps(source, 130) if getattr(event, "symbol", "") == "sim:MSFT"]

    assert quiet == [(0.1, Quote), (0.3, Trade), (0.5, Stats), (60.0, Quote), (120.0, Quote)]


def test_a_feed_may_be_all_quiet() -> None:
    found = steps(simulated(symbols=["AAPL"], rate=10, quiet=["AAPL"], quiet_every_s=60), until_s=130)

    assert [at for at, _ in found] == [0.0, 0.0, 0.1, 0.2, 60.0, 120.0]


def test_an_outage_comes_and_goes_and_nothing_is_published_in_between() -> None:
    source = simulated(symbols=1, rate=10, outage_every_s=45, outage_s=12)

    found = steps(source, until_s=60)

    assert [(at, event.state) for at, event in found if isinstance(event, LinkState)] == [
        (0.0, "connected"),
        (45.0, "disconnected"),
        (57.0, "connected"),
    ]
    assert not [at for at, event in found if not isinstance(event, LinkState) and 45 <= at < 57]
    reconnected = [type(event) for at, event in found if at >= 57]
    assert reconnected[:4] == [LinkState, Quote, Trade, Stats]
    numbers = [event.number for _, event in found if isinstance(event, Trade)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_when_it_is_due_never_goes_back() -> None:
    source = simulated(symbols=2, rate=7, quiet=["SYM1"], quiet_every_s=20, outage_every_s=45, outage_s=12)

    due = [at for at, _ in steps(source, until_s=300)]

    assert due == sorted(due)


def test_the_demo_has_some_twenty_instruments_one_of_them_quiet_and_a_flaky_feed() -> None:
    demo, flaky = (SimulatedOptions.model_validate(stanza) for stanza in DEMO)

    assert (demo.name, flaky.name) == ("demo", "flaky")
    assert demo.names == tuple(PROFILES)
    assert len(demo.names) == 20
    assert {instrument.kind for instrument in Simulated(demo).instruments} == {
        "crypto",
        "equity",
        "fx",
        "commodity",
        "index",
    }
    assert len(demo.quiet) == 1
    assert len(flaky.names) == 1
    assert flaky.outage_every_s == 45


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"symbols": 0}, ("symbols", "count")),
        ({"symbols": "many"}, ("symbols", "count")),
        ({"symbols": []}, ("symbols", "names")),
        ({"symbols": ["btc"]}, ("symbols", "names")),
        ({"rate": 0}, ("rate",)),
        ({"quiet": ["SYM9"]}, ()),
        ({"outage_s": -1}, ("outage_s",)),
        ({"speed": 2}, ("speed",)),
    ],
)
def test_refuses_settings_that_cannot_be_meant(change: dict[str, object], where: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as error:
        simulated(**change)

    [problem] = error.value.errors()
    assert problem["loc"] == where


def test_every_setting_has_an_explanation() -> None:
    undescribed = [name for name, field in SimulatedOptions.model_fields.items() if not field.description]

    assert undescribed == ["adapter"]
