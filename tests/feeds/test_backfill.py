"""Filling in the past beside a live feed: what is asked, what is told when, and what a failure costs."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp import web
from structlog.testing import capture_logs

from feeds.archive import NOTHING, Wanted
from feeds.backfill import AT_ONCE, SETTLES_WITHIN_S, backfill
from feeds.binance import Binance, BinanceOptions
from feeds.counts import FeedCounts
from feeds.market import INTERVALS, Event, Past, Trade
from feeds.ordering import Ordering
from feeds.timestamps import SECOND, nanoseconds
from tests.ticker.fakes import ManualClock
from tests.venues.rest import Print, RestVenue, binance

NOW = nanoseconds("2026-08-09T21:05:48Z")
MINUTE = INTERVALS["1m"]
WANTED = Wanted({"1m": 10, "5m": 5, "1h": 3, "1d": 2}, 50)
# One each 50 seconds for some 28 hours.
TAPE = [Print(NOW - second * SECOND, f"{second % 70}.5", 200_000 - second) for second in range(100_000, 0, -50)]


NO_TRADES = {"channels": ("quotes",)}


class Link:
    def __init__(self) -> None:
        self.settled = True


class FakeLive:
    """A live feed that does nothing by itself."""

    def __init__(self, url: str, clock: ManualClock, symbols: tuple[str, ...], **options: Any) -> None:
        self.options = BinanceOptions(name="x", adapter="binance", symbols=symbols, history_url=url, **options)
        self.adapter = Binance(self.options)
        self.clock = clock
        self.log = structlog.get_logger("feed")
        self.counts = FeedCounts()
        self.ordering = Ordering()
        self.links = [Link()]
        self.told: list[Event] = []

    def publish(self, event: Event) -> None:
        self.told.append(event)


class Rig:
    """A feed and its backfill, whose time passes only while it waits; `meanwhile` happens at the first wait."""

    def __init__(self, venue: RestVenue, *symbols: str, **options: Any) -> None:
        self.clock = ManualClock(NOW)
        self.live = FakeLive(venue.url, self.clock, symbols or ("A-B",), **options)
        self.meanwhile: Callable[[], None] = lambda: None

    async def run(self, wanted: Wanted = WANTED) -> list[Past]:
        filling = backfill(self.live, wanted, self._sleep)
        assert filling is not None
        async with aiohttp.ClientSession() as session:
            await filling.run(session)
        assert filling.done
        found = [event for event in self.live.told if isinstance(event, Past)]
        assert len(found) == len(self.live.told)
        return found

    async def _sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)
        if seconds:
            self.meanwhile()
        await asyncio.sleep(0)


def closes(past: Past, interval: str) -> int:
    return sum(bar.interval == interval for bar in past.bars)


async def test_first_comes_all_that_is_closed_and_then_what_was_seen_in_part() -> None:
    async with RestVenue(binance({"AB": TAPE})) as venue:
        rig = Rig(venue)
        first, last = await rig.run()
    minute = NOW - NOW % MINUTE
    assert (first.symbol, first.until, first.final) == ("x:A-B", minute, False)
    assert [closes(first, interval) for interval in ("1m", "5m", "1h", "1d")] == [65, 5, 25, 1]
    assert all(bar.start + INTERVALS[bar.interval] <= first.until for bar in first.bars)
    assert first.known["1h"][1] == NOW - NOW % INTERVALS["1h"]
    assert (last.until, last.final) == (minute + MINUTE, True)
    assert last.received >= minute + MINUTE + 5 * SECOND
    assert last.known["1m"] == (minute - 5 * MINUTE - 60 * MINUTE, minute + MINUTE)
    assert last.known["1h"] == (NOW - NOW % INTERVALS["1d"], NOW - NOW % INTERVALS["1h"])
    assert [(i, closes(last, i)) for i in ("5m", "1d")] == [("5m", 0), ("1d", 0)]
    assert rig.live.counts.histories == {"complete": 1, "failed": 0}


async def test_a_longer_bar_that_ends_in_between_is_asked_for_again() -> None:
    async with RestVenue(binance({"AB": [*TAPE, Print(NOW + 70 * SECOND, "7", 200_001)]})) as venue:
        rig = Rig(venue)
        rig.clock.advance(4 * 60)
        first, last = await rig.run()
    end = NOW - NOW % MINUTE + 5 * MINUTE
    assert (first.until, last.until) == (end - MINUTE, end)
    assert last.known["5m"] == (end - 5 * MINUTE, end)
    assert [bar.start for bar in last.bars if bar.interval == "5m"] == [end - 5 * MINUTE]


async def test_the_minute_counts_that_came_live_from_its_beginning() -> None:
    async with RestVenue(binance({"AB": TAPE})) as venue:
        rig = Rig(venue)
        [link] = rig.live.links
        link.settled = False

        def settle() -> None:
            link.settled = rig.clock() > NOW + 90 * SECOND

        rig.meanwhile = settle
        _, last = await rig.run()
    assert last.until == NOW - NOW % MINUTE + 3 * MINUTE


async def test_a_link_that_never_settles_is_not_waited_for_for_ever() -> None:
    async with RestVenue(binance({"AB": TAPE})) as venue:
        rig = Rig(venue)
        rig.live.links[0].settled = False
        _, last = await rig.run()
    assert last.until <= NOW + (SETTLES_WITHIN_S + 120) * SECOND


class TestTrades:
    async def test_those_from_before_the_first_live_one_come_at_once(self) -> None:
        async with RestVenue(binance({"AB": TAPE})) as venue:
            rig = Rig(venue)
            rig.live.ordering.accept(trade(199_900))
            first, last = await rig.run()
        assert [t.number for t in first.trades] == list(range(197_500, 199_900, 50))
        assert last.trades == ()

    async def test_without_a_live_one_they_wait_until_one_may_have_come(self) -> None:
        async with RestVenue(binance({"AB": TAPE})) as venue:
            rig = Rig(venue)

            def go_live() -> None:
                if rig.clock() > NOW + 3 * SECOND:
                    rig.live.ordering.accept(trade(199_950))

            rig.meanwhile = go_live
            first, last = await rig.run()
        assert first.trades == ()
        assert [t.number for t in last.trades][-1] == 199_900

    async def test_without_any_they_come_in_the_end(self) -> None:
        async with RestVenue(binance({"AB": TAPE})) as venue:
            _, last = await Rig(venue).run()
        assert [t.number for t in last.trades][-1] == 199_950

    async def test_they_come_without_bars_too(self) -> None:
        async with RestVenue(binance({"AB": TAPE})) as venue:
            past = await Rig(venue).run(Wanted({}, 5))
        assert [(len(p.bars), len(p.trades), p.final) for p in past] == [(0, 0, False), (0, 5, True)]


def trade(number: int) -> Trade:
    return Trade("x:A-B", NOW, None, "1", "1", None, str(number), number)


class TestFailures:
    async def test_one_symbol_costs_the_others_nothing(self) -> None:
        async with RestVenue(binance({"AB": TAPE, "CD": TAPE})) as venue:
            rig = Rig(venue, "A-B", "BAD-B", "C-D")
            with capture_logs() as logs:
                past = await rig.run()
        assert {p.symbol for p in past if p.final} == {"x:A-B", "x:BAD-B", "x:C-D"}
        assert [p.bars for p in past if p.symbol == "x:BAD-B"] == [()]
        assert rig.live.counts.histories == {"complete": 2, "failed": 1}
        [log] = logs
        assert log["log_level"] == "warning"
        assert (log["symbols"], log["example"], log["problem"]) == (1, "x:BAD-B", "status 400")

    @pytest.mark.parametrize("garbage", [b"", b"<html>", b"[[1]]", b'{"code":-1}', b"\xff" * 100])
    async def test_garbage_is_told_once(self, garbage: bytes) -> None:
        async with RestVenue(lambda _: web.Response(body=garbage)) as venue:
            rig = Rig(venue, *(f"A{n}-B" for n in range(9)))
            with capture_logs() as logs:
                past = await rig.run()
        assert [(p.final, p.bars) for p in past] == [(True, ())] * 9
        assert [log["symbols"] for log in logs] == [9]

    async def test_a_ban_ends_all_of_it(self) -> None:
        async with RestVenue(lambda _: web.Response(status=418)) as venue:
            rig = Rig(venue, *(f"A{n}-B" for n in range(50)))
            past = await rig.run()
            assert len(venue.asked) <= AT_ONCE
        assert len(past) == 50
        assert rig.clock() < NOW + 60 * SECOND, "nobody waits for what will not come"

    async def test_that_there_are_no_trades_does_not_cost_the_bars(self) -> None:
        answers = binance({"AB": TAPE})

        def without_trades(request: web.Request) -> web.StreamResponse:
            return web.Response(status=400) if "aggTrades" in request.path else answers(request)

        async with RestVenue(without_trades) as venue:
            rig = Rig(venue)
            first, last, *_ = await rig.run()
        assert (closes(first, "1m"), first.trades, last.trades, last.final) == (65, (), (), True)
        assert rig.live.counts.histories == {"complete": 0, "failed": 1}

    async def test_a_bug_is_told_and_ends_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with RestVenue(binance({"AB": TAPE})) as venue:
            rig = Rig(venue)
            monkeypatch.setattr(rig.live, "ordering", None)
            with capture_logs() as logs:
                past = await rig.run()
        assert [p.final for p in past] == [True]
        assert "bug" in logs[0]["event"]


async def test_few_requests_are_under_way_at_once() -> None:
    names = [f"A{n}-B" for n in range(20)]
    async with RestVenue(binance({name.replace("-", ""): TAPE[:50] for name in names})) as venue:
        await Rig(venue, *names).run()
        assert venue.at_most <= AT_ONCE


@pytest.mark.parametrize(("wanted", "options"), [(NOTHING, {}), (WANTED, {"history": False}), (WANTED, NO_TRADES)])
def test_nothing_is_filled_in_that_nobody_wants(wanted: Wanted, options: dict[str, Any]) -> None:
    live = FakeLive("http://127.0.0.1:9", ManualClock(), ("A-B",), **options)
    assert backfill(live, wanted) is None
