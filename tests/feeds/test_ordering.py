"""What comes out of a feed's connections together: in the venue's order, each update once, and no loss unsaid."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from feeds.market import Channel, Confirmed, Event, Gap, Quote, Stats, Trade
from feeds.ordering import HELD_MOST, HOLD, RESTART_AFTER, Ordering
from feeds.timestamps import SECOND, rfc3339

START = 1_790_000_000 * SECOND
BTC, ETH = "fake:BTC-USD", "fake:ETH-USD"


def trade(number: int | None, received: int = START, symbol: str = BTC, made: int | None = None) -> Trade:
    """A trade made at `made`, by default in the second of its number."""
    time = rfc3339(START + (number or 0) * SECOND if made is None else made)
    return Trade(symbol, received, time, f"{number}.50", "1", "buy", str(number), number)


def quote(order: int | None, received: int = START, bid: str = "1", symbol: str = BTC) -> Quote:
    return Quote(symbol, received, None, bid, "1", "2", "1", order)


def stats(order: int | None, received: int = START, last: str = "1") -> Stats:
    return Stats(BTC, received, None, last=last, order=order)


def tape(events: Iterable[Event]) -> list[int | str]:
    """Numbers of trades, and gaps as `-missed`."""
    return [
        event.number or 0 if isinstance(event, Trade) else f"-{event.missed}"
        for event in events
        if isinstance(event, Trade | Gap)
    ]


def accepted(ordering: Ordering, *trades: Trade) -> list[Event]:
    return [event for one in trades for event in ordering.accept(one) or ()]


class TestTrades:
    def test_those_in_order_go_through_as_they_are(self) -> None:
        trades = [trade(number, START + number) for number in range(7, 12)]

        assert accepted(Ordering(), *trades) == trades

    def test_those_without_a_number_all_go_through(self) -> None:
        assert accepted(Ordering(), trade(None), trade(None)) == [trade(None), trade(None)]

    def test_a_repeated_one_is_dropped(self) -> None:
        ordering = Ordering()
        accepted(ordering, trade(1), trade(2))

        assert ordering.accept(trade(2)) is None
        assert ordering.accept(trade(1)) is None

    def test_one_after_a_hole_waits_and_is_no_repeated_one(self) -> None:
        ordering = Ordering()
        accepted(ordering, trade(1))

        assert ordering.accept(trade(3, START + 1)) == ()
        assert ordering.next_expiry() == START + 1 + HOLD

    def test_those_that_waited_follow_the_missing_one_and_take_its_time_of_receipt(self) -> None:
        ordering = Ordering()
        accepted(ordering, trade(1), trade(4, START + 5), trade(3, START + 6))

        assert ordering.accept(trade(2, START + 9)) == (
            trade(2, START + 9),
            trade(3, START + 9),
            trade(4, START + 9),
        )
        assert ordering.next_expiry() is None

    def test_a_hole_that_is_not_filled_in_time_becomes_one_gap(self) -> None:
        ordering = Ordering()
        accepted(ordering, trade(1), trade(5, START), trade(6, START + 1))
        due = START + HOLD

        assert ordering.expire(due - 1) == []
        assert ordering.expire(due) == [Gap(BTC, due, 3), trade(5, due), trade(6, due)]
        assert ordering.expire(due) == []
        assert ordering.next_expiry() is None

    def test_each_hole_stays_open_for_its_own_time(self) -> None:
        ordering = Ordering()
        later = START + HOLD // 2
        accepted(ordering, trade(1), trade(3, START), trade(5, later))

        assert tape(ordering.expire(START + HOLD)) == ["-1", 3]
        assert ordering.next_expiry() == later + HOLD
        assert tape(accepted(ordering, trade(4, START + HOLD + 1))) == [4, 5]

    def test_a_hole_is_as_old_as_the_first_trade_that_showed_it(self) -> None:
        ordering = Ordering()
        accepted(ordering, trade(1), trade(4, START), trade(3, START + HOLD - 1))

        assert ordering.next_expiry() == START + HOLD
        assert tape(ordering.expire(START + HOLD)) == ["-1", 3, 4]

    def test_one_that_comes_after_its_gap_is_dropped(self) -> None:
        ordering = Ordering()
        accepted(ordering, trade(1), trade(3))
        ordering.expire(START + HOLD)

        assert ordering.accept(trade(2, START + HOLD)) is None

    def test_no_more_than_so_many_wait(self) -> None:
        ordering = Ordering()
        odd = range(1, 2 * HELD_MOST + 4, 2)  # each leaves a hole before it
        events = accepted(ordering, *(trade(number) for number in odd))

        assert tape(events) == [1, "-1", 3]

    def test_holes_of_two_symbols_have_nothing_to_do_with_each_other(self) -> None:
        ordering = Ordering()
        accepted(ordering, trade(1), trade(1, symbol=ETH), trade(3, START + 1), trade(3, START + 2, ETH))

        assert ordering.next_expiry() == START + 1 + HOLD
        assert ordering.expire(START + 1 + HOLD)[0] == Gap(BTC, START + 1 + HOLD, 1)
        assert tape(accepted(ordering, trade(2, START + 3 + HOLD, ETH))) == [2, 3]


class TestTradesCountedAnew:
    def test_are_taken_after_a_minute_of_lower_numbers_with_newer_times(self) -> None:
        ordering = Ordering()
        accepted(ordering, trade(1_000))
        made = [START + 2_000 * SECOND + second * SECOND for second in range(61)]
        again = [trade(number, at, made=at) for number, at in enumerate(made)]

        assert accepted(ordering, *again[:-1]) == []
        assert ordering.accept(again[-1]) == (Gap(BTC, made[-1], None), again[-1])
        assert tape(accepted(ordering, trade(61, made[-1] + 1))) == [61]

    def test_are_not_taken_while_the_old_count_goes_on(self) -> None:
        ordering = Ordering()
        accepted(ordering, trade(1_000))
        half = RESTART_AFTER // 2

        for step in range(1, 9):
            late = trade(step, START + step * half, made=START + 2_000 * SECOND + step * half)
            assert ordering.accept(late) is None
            assert ordering.accept(trade(1_000 + step, late.received, made=late.received)) is not None

    def test_are_not_what_a_venue_says_again_for_hours(self) -> None:
        ordering = Ordering()
        accepted(ordering, trade(1), trade(2), trade(3))

        again = [trade(number, START + hour * 3_600 * SECOND) for hour in range(1, 9) for number in (2, 3)]

        assert accepted(ordering, *again) == []

    @pytest.mark.parametrize("timeless", [(1_000, 1), (1_000,), (1,)])
    def test_cannot_be_told_without_times(self, timeless: tuple[int, ...]) -> None:
        ordering = Ordering()

        def made(number: int, received: int) -> Trade:
            one = trade(number, received, made=received)
            return replace(one, time=None) if number in timeless else one

        accepted(ordering, made(1_000, START))

        assert accepted(ordering, made(1, START + SECOND), made(1, START + 2 * RESTART_AFTER)) == []

    def test_leave_nothing_of_the_old_count_waiting(self) -> None:
        ordering = Ordering()
        accepted(ordering, trade(1_000), trade(1_005))  # and nobody calls `expire`
        late = START + 2_000 * SECOND

        accepted(ordering, trade(1, late, made=late), trade(2, late + RESTART_AFTER, made=late + RESTART_AFTER))

        assert ordering.next_expiry() is None
        assert tape(accepted(ordering, trade(3, late + RESTART_AFTER))) == [3]


class TestState:
    @pytest.mark.parametrize("make", [quote, stats])
    def test_newer_updates_go_through(self, make: Callable[[int], Quote | Stats]) -> None:
        ordering = Ordering()

        for order in (1, 2, 5):
            assert ordering.accept(make(order)) == (make(order),)

    @pytest.mark.parametrize("make", [quote, stats])
    def test_a_late_one_is_dropped(self, make: Callable[[int], Quote | Stats]) -> None:
        ordering = Ordering()
        ordering.accept(make(5))

        assert ordering.accept(make(4)) is None

    @pytest.mark.parametrize(("make", "channel"), [(quote, "quotes"), (stats, "stats")])
    def test_what_the_venue_says_again_is_confirmed(
        self, make: Callable[[int, int], Quote | Stats], channel: Channel
    ) -> None:
        ordering = Ordering()
        ordering.accept(make(5, START))

        assert ordering.accept(make(5, START + 9)) == (Confirmed(BTC, START + 9, channel),)

    def test_another_value_of_the_same_order_is_an_update(self) -> None:
        ordering = Ordering()
        ordering.accept(quote(5))

        assert ordering.accept(quote(5, START + 9, bid="1.1")) == (quote(5, START + 9, bid="1.1"),)

    @pytest.mark.parametrize("orders", [(None, None), (5, None), (None, 5)])
    def test_without_an_order_every_update_counts(self, orders: tuple[int | None, int | None]) -> None:
        ordering = Ordering()
        first, second = orders
        ordering.accept(quote(first))

        assert ordering.accept(quote(second)) == (quote(second),)

    def test_quotes_stats_and_symbols_have_an_order_each(self) -> None:
        ordering = Ordering()
        ordering.accept(quote(5))

        assert ordering.accept(stats(1)) == (stats(1),)
        assert ordering.accept(quote(1, symbol=ETH)) == (quote(1, symbol=ETH),)


class TestStateCountedAnew:
    def test_is_taken_after_a_minute_of_late_ones_that_follow_each_other(self) -> None:
        ordering = Ordering()
        ordering.accept(quote(1_000))
        again = [quote(second, START + second * SECOND) for second in range(61)]

        assert [ordering.accept(late) for late in again[:-1]] == [None] * 60
        assert ordering.accept(again[-1]) == (again[-1],)
        assert ordering.accept(quote(61, START + RESTART_AFTER)) == (quote(61, START + RESTART_AFTER),)

    @pytest.mark.parametrize("orders", [[5], [4, 5]])
    def test_is_not_what_a_venue_says_again_for_hours(self, orders: list[int]) -> None:
        ordering = Ordering()
        ordering.accept(quote(1_000))

        for hour in range(1, 9):
            for order in orders:
                assert ordering.accept(quote(order, START + hour * 3_600 * SECOND)) is None

    def test_is_not_taken_while_the_old_order_goes_on(self) -> None:
        ordering = Ordering()
        ordering.accept(quote(1_000))

        for step in range(1, 200):
            at = START + step * SECOND
            assert ordering.accept(quote(step, at)) is None
            assert ordering.accept(quote(1_000 + step, at)) is not None


def run(arrivals: Sequence[tuple[int, Trade]], expire_before: Sequence[bool]) -> list[Event]:
    """What comes out of these arrivals, with the holes given up in time before some of them, and all in the end."""
    ordering = Ordering()
    events: list[Event] = []

    now = START
    for (at, one), expire in zip(arrivals, expire_before, strict=True):
        while expire and (due := ordering.next_expiry()) is not None and due <= at:
            events += ordering.expire(max(now, due))
        now = at
        events += ordering.accept(replace(one, received=now)) or ()
    events += ordering.expire(now + HOLD)
    assert ordering.next_expiry() is None
    return events


def assert_sound(events: Sequence[Event]) -> None:
    """Each symbol's numbers count up, each hole in them is told by one gap of its size, and nothing else is."""
    assert all(earlier.received <= later.received for earlier, later in pairwise(events))
    for symbol in {event.symbol for event in events if isinstance(event, Trade | Gap)}:
        expected: list[int | str] = []
        numbers = [event.number for event in events if isinstance(event, Trade) and event.symbol == symbol]
        for number in numbers:
            assert number is not None
            if expected:
                last = expected[-1]
                assert isinstance(last, int)
                assert last < number
                if missed := number - last - 1:
                    expected.append(f"-{missed}")
            expected.append(number)
        assert tape(event for event in events if isinstance(event, Trade | Gap) and event.symbol == symbol) == expected


pauses = st.sampled_from([0, 1, HOLD // 3, HOLD, SECOND, RESTART_AFTER, 2 * RESTART_AFTER])


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(pauses, st.integers(1, 25), st.sampled_from([BTC, ETH]), st.booleans()), max_size=40))
def test_whatever_comes_in_numbers_come_out_once_and_in_order_and_each_hole_as_one_gap(
    steps: list[tuple[int, int, str, bool]],
) -> None:
    at = START
    arrivals: list[tuple[int, Trade]] = []
    for pause, number, symbol, _ in steps:
        at += pause
        arrivals.append((at, trade(number, symbol=symbol)))

    events = run(arrivals, [expire for *_, expire in steps])

    assert_sound(events)
    came = {(one.symbol, one.number): one for _, one in arrivals}
    for event in events:
        if isinstance(event, Trade):
            assert replace(event, received=START) == came[event.symbol, event.number]


@st.composite
def two_connections(draw: st.DrawFn) -> tuple[list[tuple[int, Trade]], set[int]]:
    """A stream of trades, each sent over one of two connections, both, or neither, and up to a hold on its way.

    Arrivals in their order, and the numbers that arrive.
    """
    count = draw(st.integers(2, 30))
    at = START
    arrivals = [(START, trade(0))]
    for number in range(1, count):
        at += draw(st.sampled_from([0, HOLD // 10, HOLD // 2, 3 * HOLD]))
        delays = draw(st.lists(st.integers(0, HOLD - 1), max_size=2))
        arrivals += [(at + delay, trade(number)) for delay in delays]
    arrivals.sort(key=lambda arrival: arrival[0])
    return arrivals, {one.number or 0 for _, one in arrivals}


@settings(deadline=None, max_examples=100)
@given(two_connections())
def test_all_that_comes_in_time_over_either_connection_comes_out(
    stream: tuple[list[tuple[int, Trade]], set[int]],
) -> None:
    arrivals, numbers = stream

    events = run(arrivals, [True] * len(arrivals))

    assert_sound(events)
    assert {event.number for event in events if isinstance(event, Trade)} == numbers
    missed = sum(event.missed or 0 for event in events if isinstance(event, Gap))
    assert missed == max(numbers) + 1 - len(numbers)
