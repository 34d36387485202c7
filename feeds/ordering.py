"""The venue's order, over all connections of a feed: what is late or repeated goes, what is missing is told.

Connections overlap at a rollover and start anew after a drop, so a feed can see an update twice, late, or not at all.
State (quotes, stats) is ordered by the venue's `order`, trades by their `number`. A trade that leaves a hole waits
a moment for the missing ones, which may be on their way over the other connection; then the hole becomes a `Gap`.
"""

from collections.abc import Sequence
from typing import TypeVar

from msgspec.structs import replace

from feeds.market import Confirmed, Event, Gap, Quote, Stats, Trade, Update
from feeds.timestamps import SECOND

HOLD = SECOND // 4
HELD_MOST = 1_000
# Late for this long without a single one in order: the venue began to count anew, and waiting would hide live prices.
RESTART_AFTER = 60 * SECOND

State = TypeVar("State", Quote, Stats)


class _Tape:
    """One symbol's trades: the last number that went out, and those that wait for a hole to be filled."""

    __slots__ = ("due", "held", "last", "late_since")

    def __init__(self, last: int) -> None:
        self.last = last
        self.held: dict[int, Trade] = {}
        self.due = 0
        self.late_since: int | None = None


class Ordering:
    """Passes a feed's updates on in the venue's order, each once."""

    def __init__(self) -> None:
        self._quotes: dict[str, Quote] = {}
        self._stats: dict[str, Stats] = {}
        self._tapes: dict[str, _Tape] = {}
        self._holding: dict[str, _Tape] = {}
        self._late: dict[tuple[type, str], int] = {}

    def accept(self, update: Update) -> Sequence[Event]:
        """What may be published now that `update` has come: nothing, itself, or itself and those that waited."""
        if type(update) is Trade:
            return self._trade(update)
        if type(update) is Quote:
            return self._state(self._quotes, update)
        assert type(update) is Stats
        return self._state(self._stats, update)

    def next_expiry(self) -> int | None:
        """When `expire` has something to do, in nanoseconds; None while no trade waits."""
        return min((tape.due for tape in self._holding.values()), default=None)

    def expire(self, now: int) -> list[Event]:
        """Gives up on the holes that were left open too long: a Gap each, and the trades behind it."""
        events: list[Event] = []
        for symbol, tape in [item for item in self._holding.items() if item[1].due <= now]:
            events += self._give_up(symbol, tape, now)
        return events

    def _state(self, latest: dict[str, State], update: State) -> Sequence[Event]:
        last = latest.get(update.symbol)
        if last is not None and update.order is not None and last.order is not None and update.order <= last.order:
            if update.order < last.order:
                if not self._restarted(update):
                    return ()
            elif replace(update, received=last.received) == last:
                return (Confirmed(update.symbol, update.received),)
        if self._late:
            self._late.pop((type(update), update.symbol), None)
        latest[update.symbol] = update
        return (update,)

    def _restarted(self, update: Quote | Stats) -> bool:
        since = self._late.setdefault((type(update), update.symbol), update.received)
        return update.received - since >= RESTART_AFTER

    def _trade(self, trade: Trade) -> Sequence[Event]:
        if trade.number is None:
            return (trade,)
        tape = self._tapes.get(trade.symbol)
        if tape is None:
            self._tapes[trade.symbol] = _Tape(trade.number)
            return (trade,)
        if trade.number <= tape.last:
            return self._late_trade(tape, trade)
        tape.late_since = None
        if trade.number > tape.last + 1:
            return self._hold(tape, trade)
        tape.last = trade.number
        return (trade, *self._release(trade.symbol, tape, trade.received)) if tape.held else (trade,)

    def _late_trade(self, tape: _Tape, trade: Trade) -> Sequence[Event]:
        assert trade.number is not None
        if tape.late_since is None:
            tape.late_since = trade.received
        if trade.received - tape.late_since < RESTART_AFTER:
            return ()
        self._holding.pop(trade.symbol, None)
        self._tapes[trade.symbol] = _Tape(trade.number)
        return (Gap(trade.symbol, trade.received, None), trade)

    def _hold(self, tape: _Tape, trade: Trade) -> Sequence[Event]:
        assert trade.number is not None
        if not tape.held:
            tape.due = trade.received + HOLD
            self._holding[trade.symbol] = tape
        tape.held.setdefault(trade.number, trade)
        return self._give_up(trade.symbol, tape, trade.received) if len(tape.held) > HELD_MOST else ()

    def _give_up(self, symbol: str, tape: _Tape, now: int) -> list[Event]:
        events: list[Event] = []
        while tape.held:
            first = min(tape.held)
            events.append(Gap(symbol, now, first - tape.last - 1))
            tape.last = first - 1
            events += self._release(symbol, tape, now)
        return events

    def _release(self, symbol: str, tape: _Tape, now: int) -> list[Event]:
        """The waiting trades that follow on; stamped anew, since `received` never decreases in publish order."""
        events: list[Event] = []
        while (trade := tape.held.pop(tape.last + 1, None)) is not None:
            tape.last += 1
            events.append(replace(trade, received=now))
        if not tape.held:
            self._holding.pop(symbol, None)
        return events
