"""24-hour figures of a symbol's own minutes."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.market import Stats
from feeds.timestamps import SECOND, nanoseconds, rfc3339
from tests.ticker.fakes import brief
from tests.ticker.stage import Stage
from ticker.closings import Closings
from ticker.rolling import Window, per_cent
from ticker.room import Room
from ticker.series import SymbolBars

MIDNIGHT = nanoseconds("2026-08-09T00:00:00Z")
DAY = 1_440  # minutes


class Rig:
    """One symbol with its window; times in minutes since midnight."""

    def __init__(self) -> None:
        self.closings = Closings(grace_s=5)
        self.bars = SymbolBars("x:A", ["1m"], self.closings)
        self.window = Window(self.bars.series[0], Room(3_000))

    def trade(self, minute: float, price: str, size: str = "1", late_s: float = 0) -> None:
        received = MIDNIGHT + round((minute * 60 + late_s) * SECOND)
        time = rfc3339(MIDNIGHT + round(minute * 60) * SECOND)
        for bar in self.bars.take(price, size, time, received) or ():
            self.window.keep(bar)

    def stats(self, minute: float) -> Stats:
        now = MIDNIGHT + round(minute * 60) * SECOND
        for series in self.closings.due(now, 10):
            for bar in self.bars.close(series, now):
                self.window.keep(bar)
        return self.window.stats(now)


def figures(stats: Stats) -> tuple[str | None, ...]:
    return (stats.open, stats.high, stats.low, stats.last, stats.volume, stats.change, stats.change_pct)


def test_before_any_trade_all_is_unknown() -> None:
    rig = Rig()
    assert figures(rig.stats(0)) == (None,) * 7
    assert rig.window.empty


def test_the_open_minute_counts() -> None:
    rig = Rig()
    rig.trade(1, "2.0", "0.5")
    rig.trade(1.5, "2.50", "0.25")
    assert figures(rig.stats(1.5)) == ("2.0", "2.50", "2.0", "2.50", "0.75", "0.50", "25.00")


def test_what_is_a_day_old_goes_by_the_minute() -> None:
    rig = Rig()
    for minute, price in ((1, "9"), (2, "1"), (3, "4"), (5, "5")):
        rig.trade(minute, price)
    assert figures(rig.stats(DAY + 0.9)) == ("9", "9", "1", "5", "4", "-4", "-44.44")
    assert figures(rig.stats(DAY + 1)) == ("1", "5", "1", "5", "3", "4", "400.00")
    assert figures(rig.stats(DAY + 2)) == ("4", "5", "4", "5", "2", "1", "25.00")
    assert figures(rig.stats(DAY + 5)) == (None,) * 7
    assert rig.window.empty
    rig.trade(DAY + 6, "7", "0.1")
    assert figures(rig.stats(DAY + 6)) == ("7", "7", "7", "7", "0.1", "0", "0.00")


def test_a_late_trade_counts_once() -> None:
    rig = Rig()
    rig.trade(1.5, "2")
    rig.trade(2, "3")
    rig.trade(1.9, "8", late_s=7)
    assert figures(rig.stats(2.1)) == ("2", "8", "2", "3", "3", "1", "50.00")


@given(
    st.lists(st.tuples(st.sampled_from((0, 0.1, 0.9, 7, 300, 1_300)), st.integers(1, 30), st.booleans()), max_size=25)
)
def test_they_are_those_of_the_trades_in_the_window(trades: list[tuple[float, int, bool]]) -> None:
    rig, now, told = Rig(), 0.0, list[tuple[float, int]]()
    for pause, price, looked_at in trades:
        now = round(now + pause, 1)
        rig.trade(now, str(price))
        told.append((now, price))
        if not looked_at:
            continue
        prices = [price for minute, price in told if int(minute) > int(now) - DAY]
        stats = rig.stats(now)
        first, last = prices[0], prices[-1]
        assert figures(stats)[:6] == tuple(map(str, (first, max(prices), min(prices), last, len(prices), last - first)))
        assert abs(Decimal(stats.change_pct or "") - Decimal(100 * (last - first)) / first) <= Decimal("0.005")


@pytest.mark.parametrize(
    ("change", "of", "told"),
    [
        ("0", "3", "0.00"),
        ("1", "3", "33.33"),
        ("-1", "3", "-33.33"),
        ("0.00005", "1", "0.01"),
        ("-0.00005", "1", "-0.01"),
        ("0.000049999999999999999999999999999999999", "1", "0.00"),
        ("-0.00004", "1", "0.00"),
        ("1234", "1", "123400.00"),
        ("1", "0", None),
    ],
)
def test_per_cent_is_rounded_half_away_from_zero(change: str, of: str, told: str | None) -> None:
    assert per_cent(Decimal(change), Decimal(of)) == told


class TestTold:
    """What comes of it on the channels."""

    @pytest.fixture
    def stage(self) -> Stage:
        stage = Stage("x:A", "x:B", channels=("quotes", "trades"))
        stage.link("connected")
        return stage

    def test_they_come_as_stats_and_in_the_row_and_are_marked_as_ours(self, stage: Stage) -> None:
        assert stage.directory["x:A"].channels == ["ticker", "quotes", "trades", "bars", "stats", "status"]
        peer = stage.connect()
        peer.subscribe("stats", "*")
        peer.subscribe("ticker", "*", max_rate=None)
        stage.trade("x:A", "1.15")
        stage.trade("x:A", "1.20")
        peer.sink.news()
        stage.pipeline.tick(stage.clock())
        stage.schedule.settle()
        stats, row = peer.sink.news()
        assert {name: stats[name] for name in ("type", "symbol", "seq", "time", "open", "last", "source")} == {
            "type": "stats",
            "symbol": "x:A",
            "seq": 1,
            "time": None,
            "open": "1.15",
            "last": "1.20",
            "source": "ticker",
        }
        assert (stats["volume"], stats["change"], stats["change_pct"]) == ("0.60", "0.05", "4.35")
        assert (row["last"], row["open_24h"], row["change_pct_24h"]) == ("1.20", "1.15", "4.35")

    def test_they_are_told_when_they_change_and_no_more(self, stage: Stage) -> None:
        peer = stage.connect()
        peer.subscribe("stats", "*")
        stage.trade("x:A", age_s=0)
        peer.sink.news()
        for seconds in (0, 1, 60, 3_600, 86_400, 60):
            stage.clock.advance(seconds)
            stage.close_bars()
            stage.pipeline.tick(stage.clock())
            stage.schedule.settle()
        assert [m["last"] for m in peer.sink.news() if m["type"] == "stats"] == ["1.15", None]

    def test_after_a_loss_the_row_does_not_show_our_last_trade_as_the_last(self, stage: Stage) -> None:
        stage.trade("x:A")
        stage.pipeline.tick(stage.clock())
        stage.link("connected")
        assert stage.directory["x:A"].row.figures()["last"] is None

    def test_a_venue_that_sends_them_is_left_alone(self) -> None:
        stage = Stage("x:A")
        stage.trade("x:A")
        stage.pipeline.tick(stage.clock())
        assert stage.directory["x:A"].stats.value is None
        assert stage.directory["x:A"].window is None

    def test_they_need_no_bars_on_offer(self) -> None:
        stage = Stage("x:A", channels=("trades",), intervals=())
        stage.trade("x:A")
        stage.pipeline.tick(stage.clock())
        assert stage.directory["x:A"].channels == ["ticker", "trades", "stats", "status"]
        assert brief(stage.connect().subscribe("stats", "x:A"))[-2] == "stats 1s"
