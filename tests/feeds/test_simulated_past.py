"""The past that a simulated instrument makes up: the same in all intervals, and it leads to the first live price."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.archive import Wanted
from feeds.market import INTERVALS, Bar, Interval, Past, Trade
from feeds.profiles import PROFILES, profile_of
from feeds.random_walk import decimal
from feeds.simulated import Simulated, SimulatedOptions
from feeds.simulated_past import past_of
from feeds.timestamps import nanoseconds

NOW = nanoseconds("2026-08-09T21:05:48Z")
PLAN: dict[Interval, int] = {"1m": 300, "5m": 300, "1h": 300, "1d": 300}
WANTED = Wanted(PLAN, 100)


def made(name: str = "BTC-USDT", seed: int = 1, plan: dict[Interval, int] = PLAN, now: int = NOW) -> Past:
    profile = profile_of(name, seed)
    return past_of(f"x:{name}", profile, profile.start, Random(seed), plan=plan, received=now)


def of(past: Past, interval: Interval) -> list[Bar]:
    return [bar for bar in past.bars if bar.interval == interval]


@pytest.mark.parametrize("name", [*PROFILES, "SYM7"])
def test_each_interval_is_whole_and_sound(name: str) -> None:
    past = made(name)
    for interval, number in PLAN.items():
        bars, length = of(past, interval), INTERVALS[interval]
        assert len(bars) >= number
        assert [bar.start for bar in bars] == list(range(bars[0].start, past.known[interval][1], length))
        assert past.known[interval][0] == bars[0].start
        for bar in bars:
            assert 0 < float(bar.low) <= min(float(bar.open), float(bar.close))
            assert float(bar.high) >= max(float(bar.open), float(bar.close))
        assert all(later.open == earlier.close for earlier, later in pairwise(bars))


def test_longer_bars_are_made_of_the_shorter_ones() -> None:
    past = made()
    for shorter, longer in (("1m", "5m"), ("5m", "1h"), ("1h", "1d")):
        parts = {bar.start: bar for bar in of(past, shorter)}  # type: ignore[arg-type]
        covered = [b for b in of(past, longer) if b.start >= min(parts)]  # type: ignore[arg-type]
        assert covered
        for bar in covered:
            length = INTERVALS[bar.interval]
            mine = [part for start, part in parts.items() if bar.start <= start < bar.start + length]
            assert bar.high == max((part.high for part in mine), key=float)
            assert bar.trades == sum(part.trades or 0 for part in mine)
            assert (bar.open, bar.close) == (mine[0].open, mine[-1].close)


def test_it_leads_to_the_first_price() -> None:
    assert of(made(), "1m")[-1].close == decimal(profile_of("BTC-USDT", 1).start, 2)


def test_the_same_seed_makes_the_same() -> None:
    assert made(seed=3) == made(seed=3)
    assert made(seed=3) != made(seed=4)


@given(st.integers(NOW, NOW + 2 * INTERVALS["1d"]), st.sets(st.sampled_from([*PLAN]), min_size=1), st.integers(1, 70))
def test_any_time_and_choice_of_intervals_will_do(now: int, intervals: set[Interval], number: int) -> None:
    plan = dict.fromkeys(sorted(intervals, key=INTERVALS.__getitem__), number)
    past = made(plan=plan, now=now)
    assert all(len(of(past, interval)) >= number for interval in plan)
    assert all(bar.start + INTERVALS[bar.interval] <= past.until for bar in past.bars)


class TestTheFeed:
    def events(self, steps: int, **options: object) -> list[object]:
        names = ("BTC-USDT", "AAPL", "EUR-USD")
        feed = Simulated(SimulatedOptions(name="x", adapter="simulated", symbols=names, rate=100, **options), WANTED)  # type: ignore[arg-type]
        return [event for _ in range(steps) for event in feed.step(NOW)]

    def test_one_symbol_after_the_other_tells_its_past_between_live_updates(self) -> None:
        events = self.events(100, history=True)
        past = [n for n, event in enumerate(events) if isinstance(event, Past)]
        assert [events[n].symbol for n in past] == ["x:BTC-USDT", "x:AAPL", "x:EUR-USD"]  # type: ignore[attr-defined]
        assert all(later - earlier > 1 for earlier, later in pairwise(past))

    def test_the_live_prices_are_the_same_with_and_without(self) -> None:
        told = [e for e in self.events(103, history=True) if not isinstance(e, Past)]
        assert told == self.events(100)
        assert sum(isinstance(event, Trade) for event in told) > 3

    @pytest.mark.parametrize("options", [{}, {"history": True, "channels": ("quotes",)}])
    def test_without_trades_or_the_wish_there_is_none(self, options: dict[str, object]) -> None:
        assert not any(isinstance(event, Past) for event in self.events(100, **options))
