"""What a venue knows from before, joined to what comes live: no trade counts twice, and none is missing."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from feeds.archive import span
from feeds.market import INTERVALS, Bar, Interval, Past, Trade
from feeds.timestamps import SECOND, nanoseconds, rfc3339
from tests.ticker.stage import Peer, Stage
from ticker.history import PAST_TRADES

MIDNIGHT = nanoseconds("2026-08-11T00:00:00Z")
MINUTE = INTERVALS["1m"]
PLAN: dict[Interval, int] = {"1m": 130, "5m": 30, "1h": 30, "1d": 2}


class Print(NamedTuple):
    """A trade: when, in nanoseconds, and its price."""

    at: int
    price: int


def bar_of(prints: Sequence[Print], interval: Interval, start: int) -> Bar:
    """By the definition."""
    prices = [price for _, price in prints]
    figures = [str(price) for price in (prices[0], max(prices), min(prices), prices[-1])]
    opened, high, low, close = figures
    count = len(prints)
    return Bar("x:A", start, None, interval, start, opened, high, low, close, f"{count}.00", count, closed=True)


def bars_of(prints: Iterable[Print], interval: Interval) -> list[Bar]:
    """All bars of an interval, oldest first."""
    by_start: dict[int, list[Print]] = {}
    for one in sorted(prints):
        by_start.setdefault(one.at - one.at % INTERVALS[interval], []).append(one)
    return [bar_of(mine, interval, start) for start, mine in by_start.items()]


def past(prints: Sequence[Print], until: int, received: int, *, final: bool) -> Past:
    """What a venue tells that has all of these trades."""
    known = {interval: span(interval, number, until) for interval, number in PLAN.items()}
    bars = [
        bar for interval, (first, end) in known.items() for bar in bars_of(prints, interval) if first <= bar.start < end
    ]
    return Past("x:A", received, until, known, tuple(bars), final=final)


def figures(bar: Bar) -> tuple[object, ...]:
    volume = None if bar.volume is None else float(bar.volume)
    return bar.start, bar.open, bar.high, bar.low, bar.close, volume, bar.trades


class Rig:
    """A service that came when others had traded for a while; it gets what was traded from then on, a little late."""

    def __init__(self, came: int, **options: object) -> None:
        self.stage = Stage("x:A", has_past=True, **options)
        self.stage.clock.now = self.stage.retention.started = came
        self.stage.link("connected")

    def pass_to(self, at: int) -> None:
        while self.stage.clock.now < at:
            self.stage.clock.now = min(at, self.stage.clock.now + 10 * SECOND)
            self.stage.close_bars()

    def trade(self, one: Print) -> None:
        now = self.stage.clock()
        self.stage.pipeline.receive(Trade("x:A", now, rfc3339(one.at), str(one.price), "1.00", None, None))

    def fill(self, event: Past) -> None:
        self.stage.pipeline.receive(event)
        self.stage.schedule.settle()

    def bars(self, interval: Interval) -> list[Bar]:
        market = self.stage.directory["x:A"]
        topic = market.bars[interval]
        assert topic.bars is not None
        [series] = [series for topic, series in market.series if topic.interval == interval]
        return [*topic.bars, *([] if series.start is None else [series.bar])]


gaps = st.sampled_from([s * SECOND for s in (1, 7, 20, 61, 400)])
prints = st.lists(st.tuples(gaps, st.integers(1, 9)), min_size=5, max_size=60)


choices = st.sampled_from((("1m", "5m", "1h", "1d"), ("1s", "1h"), ("5m",)))


@given(prints, st.integers(0, 3_000), st.integers(0, 4), st.sampled_from((0, 0, 70, 230)), choices)
def test_in_the_end_all_bars_have_all_trades_once(
    steps: list[tuple[int, int]], came_s: int, age_s: int, takes_s: int, intervals: tuple[Interval, ...]
) -> None:
    """Of a service that came some time around midnight, and of a venue that takes a while to answer."""
    at, tape = MIDNIGHT - 7_000 * SECOND, list[Print]()
    for gap, price in steps:
        at += gap
        tape.append(Print(at, price))
    came = tape[0].at + came_s * SECOND
    rig = Rig(came, intervals=intervals)
    whole = came - came % MINUTE + MINUTE
    answered = whole + (5 + takes_s) * SECOND
    live = [one for one in tape if one.at >= came]
    rig.fill(past([one for one in tape if one.at < came], came - came % MINUTE, came, final=False))
    joined = False
    for one in live:
        if not joined and one.at + age_s * SECOND >= answered:
            rig.pass_to(answered)
            rig.fill(past([p for p in tape if p.at < whole], whole, rig.stage.clock(), final=True))
            joined = True
        rig.pass_to(one.at + age_s * SECOND)
        rig.trade(one)
    if not joined:
        rig.pass_to(answered)
        rig.fill(past([p for p in tape if p.at < whole], whole, rig.stage.clock(), final=True))
    for interval in intervals:
        if interval == "1s":
            continue  # the venue had none
        assert [figures(b) for b in rig.bars(interval)] == [figures(b) for b in bars_of(tape, interval)][-300:]


@pytest.fixture
def rig() -> Rig:
    return Rig(MIDNIGHT + 65 * MINUTE + 30 * SECOND)


def at(minute: float) -> int:
    return MIDNIGHT + round(minute * 60) * SECOND


TAPE = [Print(at(minute), price) for minute, price in ((1, 5), (59, 4), (61, 7), (64.5, 3), (65.2, 6))]


def test_what_comes_first_is_in_snapshots_and_on_rest_and_the_open_hour_begins_where_it_did(rig: Rig) -> None:
    rig.fill(past(TAPE[:-1], at(65), at(65.5), final=False))
    peer = rig.stage.connect()
    found = [m for m in peer.subscribe("bars", "x:A", interval="1m", snapshot=10) if m["type"] == "bar"]
    assert [(m["start"][11:16], m["close"], m["trades"], m["closed"]) for m in found] == [
        ("00:01", "5", 1, True),
        ("00:59", "4", 1, True),
        ("01:01", "7", 1, True),
        ("01:04", "3", 1, True),
    ]
    assert [figures(bar) for bar in rig.bars("1h")] == [
        (at(0), "5", "5", "4", "4", 2.0, 2),
        (at(60), "7", "7", "3", "3", 2.0, 2),
    ]


def test_a_bar_that_was_seen_in_part_is_told_again_whole(rig: Rig) -> None:
    peer = rig.stage.connect()
    peer.subscribe("bars", "x:A", interval="1m")
    rig.trade(Print(at(65.6), 8))
    rig.pass_to(at(66.1))
    assert closed(peer) == [("01:05", "8 8 8 8", "1.00", 1)]
    rig.fill(past([*TAPE, Print(at(65.6), 8)], at(66), at(66.1), final=True))
    assert closed(peer) == [("01:05", "6 8 6 8", "2.00", 2)]
    rig.fill(past([*TAPE, Print(at(65.6), 8)], at(66), at(66.1), final=True))
    assert closed(peer) == [], "nothing new"


def closed(peer: Peer) -> list[tuple[object, ...]]:
    return [
        (m["start"][11:16], "{open} {high} {low} {close}".format(**m), m["volume"], m["trades"])
        for m in peer.sink.news()
        if m["type"] == "bar" and m["closed"]
    ]


def test_the_answer_may_take_minutes(rig: Rig) -> None:
    live = [Print(at(minute), price) for minute, price in ((66.2, 9), (67.3, 2), (68.4, 5), (69.1, 4))]
    for one in live:
        rig.pass_to(one.at)
        rig.trade(one)
    rig.fill(past(TAPE, at(66), at(69.2), final=True))
    for interval in PLAN:
        assert [figures(bar) for bar in rig.bars(interval)] == [figures(b) for b in bars_of(TAPE + live, interval)]


def test_a_late_trade_that_the_venues_bar_has_counts_no_second_time(rig: Rig) -> None:
    rig.pass_to(at(66.1))
    rig.fill(past([*TAPE, Print(at(65.9), 9)], at(66), at(66.1), final=True))
    before = [figures(bar) for interval in PLAN for bar in rig.bars(interval)]
    rig.trade(Print(at(65.9), 9))
    assert [figures(bar) for interval in PLAN for bar in rig.bars(interval)] == before


def test_a_number_of_trades_that_is_not_known_stays_unknown(rig: Rig) -> None:
    told = past(TAPE[:-1], at(65), at(65.5), final=False)
    uncounted = tuple(replace(bar, trades=None) for bar in told.bars)
    rig.fill(Past("x:A", told.received, told.until, told.known, uncounted, final=False))
    rig.trade(Print(at(65.5), 2))
    assert figures(rig.bars("1h")[-1]) == (at(60), "7", "7", "2", "2", 3.0, None)
    assert figures(rig.bars("1m")[-1]) == (at(65), "2", "2", "2", "2", 1.0, 1)


def test_what_the_venue_does_not_tell_to_the_end_leaves_the_open_bar_alone(rig: Rig) -> None:
    rig.trade(Print(at(65.5), 2))
    told = past(TAPE, at(65), at(65.5), final=False)
    rig.fill(Past("x:A", told.received, told.until, {"1m": (at(63), at(65))}, told.bars, final=False))
    assert figures(rig.bars("1h")[-1]) == (at(60), "2", "2", "2", "2", 1.0, 1)


def test_without_an_answer_the_bars_are_those_of_the_live_trades(rig: Rig) -> None:
    rig.trade(Print(at(65.5), 2))
    rig.fill(Past("x:A", at(65.6)))
    assert [len(rig.bars(interval)) for interval in PLAN] == [1, 1, 1, 1]


def old(number: int, minute: float) -> Trade:
    return Trade("x:A", at(minute), rfc3339(at(minute)), "5", "1.00", "buy", str(number), number)


class TestTrades:
    """Those from before the first live one."""

    @pytest.fixture
    def rig(self, rig: Rig) -> Rig:
        rig.trade(TAPE[-1])
        rig.fill(Past("x:A", at(65.6), trades=tuple(old(number, 60 + number) for number in range(6))))
        return rig

    def test_they_stand_before_it_as_far_as_they_are_young(self, rig: Rig) -> None:
        found = [m for m in rig.stage.connect().subscribe("trades", "x:A") if m["type"] == "trade"]
        assert [(m["seq"] - PAST_TRADES, m["trade_id"]) for m in found] == [
            (-4, "1"), (-3, "2"), (-2, "3"), (-1, "4"), (0, "5"), (1, None),
        ]  # fmt: skip
        received = [m["received"] for m in found]
        assert received == sorted(set(received))

    def test_who_resumes_from_this_run_gets_none_of_them(self, rig: Rig) -> None:
        peer = rig.stage.connect()
        for since in (rig.stage.retention.started, rig.stage.clock()):
            found = peer.subscribe("trades", "x:A", since=rfc3339(since))
            assert [m["seq"] for m in found if m["type"] == "trade"] == [PAST_TRADES + 1]
            assert not any(m["type"] == "gap" for m in found)

    def test_who_resumes_from_another_run_gets_all_behind_a_gap(self, rig: Rig) -> None:
        found = rig.stage.connect().subscribe("trades", "x:A", since="2026-08-01T00:00:00Z")
        told = [
            m["type"] if m["type"] == "gap" else m["seq"] - PAST_TRADES for m in found if m["type"] in ("gap", "trade")
        ]
        assert told == ["gap", -4, -3, -2, -1, 0, 1]

    def test_they_are_older_than_all_that_any_other_symbol_has(self) -> None:
        stage = Stage("x:A", "x:B", has_past=True)
        stage.link("connected")
        for symbol in ("x:A", "x:B"):
            stage.trade(symbol)
            stage.clock.advance(1)
        now = stage.clock()
        for symbol in ("x:B", "x:A"):
            told = tuple(Trade(symbol, now, None, "5", "1", None, str(n), n) for n in range(3))
            stage.pipeline.receive(Past(symbol, now, trades=told))
        found = [m for m in stage.connect().subscribe("trades", "*", snapshot=99) if m["type"] == "trade"]
        assert [m["received"] for m in found] == sorted(m["received"] for m in found)
        assert len(found) == 8

    def test_they_come_once(self, rig: Rig) -> None:
        rig.fill(Past("x:A", at(65.6), trades=(old(0, 64),)))
        found = [m for m in rig.stage.connect().subscribe("trades", "x:A", snapshot=99) if m["type"] == "trade"]
        assert len(found) == 6

    def test_they_go_like_any_others(self, rig: Rig) -> None:
        rig.stage.clock.advance(301)
        rig.stage.retention.prune(rig.stage.clock())
        assert rig.stage.retention.size == 0
        rig.trade(Print(at(71), 5))
        found = rig.stage.connect().subscribe("trades", "x:A")
        assert [m["seq"] for m in found if m["type"] == "trade"] == [PAST_TRADES + 2]
