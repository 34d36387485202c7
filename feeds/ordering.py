"""The venue's order, over all connections of a feed: what is late or repeated goes, what is missing is told.

Connections overlap at a rollover and start anew after a drop, so a feed can see an update twice, late, or not at all.
State (quotes, stats) is ordered by the venue's `order`, trades by their `number`. A trade that leaves a hole waits
a moment for the missing ones, which may be on their way over the other connection; then the hole becomes a `Gap`.
"""

from collections.abc import Sequence
from typing import TypeVar

from msgspec.structs import replace

from feeds.market import CHANNEL_OF, Confirmed, Event, Gap, Quote, Stats, Trade, Update
from feeds.timestamps import SECOND, nanoseconds

HOLD = SECOND // 4
HELD_MOST = 1_000
# Late for this long without a single one in order: the venue began to count anew, and waiting would hide live prices.
RESTART_AFTER = 60 * SECOND

State = TypeVar("State", Quote, Stats)


class _Tape:
    """One symbol's trades: the last that went out, and those that wait, as they came, for a hole to be filled."""

    __slots__ = ("first", "held", "last", "late_since", "time")

    def __init__(self, number: int, time: str | None) -> None:
        self.first = self.last = number
        self.time = time
        self.held: dict[int, Trade] = {}
        self.late_since: int | None = None

    @property
    def due(self) -> int:
        """When the first hole has been open for long enough: it showed with the trade that has waited longest."""
        return next(iter(self.held.values())).received + HOLD

    def take(self, trade: Trade) -> None:
        """The next trade goes out."""
        self.last += 1
        self.time = trade.time
        self.late_since = None


class Ordering:
    """Passes a feed's updates on in the venue's order, each once."""

    def __init__(self) -> None:
        self._quotes: dict[str, Quote] = {}
        self._stats: dict[str, Stats] = {}
        self._tapes: dict[str, _Tape] = {}
        self.holding: dict[str, _Tape] = {}  # the symbols of which trades wait
        self._late: dict[tuple[type, str], tuple[int, int]] = {}  # the newest late one's order, and since when they are

    def accept(self, update: Update) -> Sequence[Event] | None:
        """What may be published now that `update` has come: itself, with those that waited for it, or nothing yet.

        None: it is late or repeated, and never will be.
        """
        if type(update) is Trade:
            return self._trade(update)
        if type(update) is Quote:
            return self._state(self._quotes, update)
        assert type(update) is Stats
        return self._state(self._stats, update)

    def older(self, trades: Sequence[Trade]) -> Sequence[Trade] | None:
        """Of a symbol's old trades, those from before its first one here; None where there was none yet."""
        tape = self._tapes.get(trades[0].symbol) if trades else None
        return None if tape is None else [trade for trade in trades if (trade.number or 0) < tape.first]

    def next_expiry(self) -> int | None:
        """When `expire` has something to do, in nanoseconds; None while no trade waits."""
        return min(tape.due for tape in self.holding.values()) if self.holding else None

    def expire(self, now: int) -> list[Event]:
        """Gives up on the holes that were left open too long: a Gap each, and the trades behind it."""
        events: list[Event] = []
        for symbol, tape in list(self.holding.items()):
            while tape.held and tape.due <= now:
                events += self._give_up(symbol, tape, now)
        return events

    def _state(self, latest: dict[str, State], update: State) -> Sequence[Event] | None:
        last, order = latest.get(update.symbol), update.order
        if last is not None and order is not None and last.order is not None and order <= last.order:
            if order < last.order:
                if not self._restarted(update, order):
                    return None
            elif replace(update, received=last.received) == last:
                return (Confirmed(update.symbol, update.received, CHANNEL_OF[type(update)]),)
        if self._late:
            self._late.pop((type(update), update.symbol), None)
        latest[update.symbol] = update
        return (update,)

    def _restarted(self, update: Quote | Stats, order: int) -> bool:
        """Whether late ones have followed each other for so long that they count anew; one said again does not."""
        key = type(update), update.symbol
        late_order, since = self._late.get(key, (order, update.received))
        if order < late_order:
            since = update.received
        self._late[key] = order, since
        return order > late_order and update.received - since >= RESTART_AFTER

    def _trade(self, trade: Trade) -> Sequence[Event] | None:
        if trade.number is None:
            return (trade,)
        tape = self._tapes.get(trade.symbol)
        if tape is not None and trade.number == tape.last + 1 and not tape.held:
            tape.take(trade)
            return (trade,)
        if tape is None:
            self._tapes[trade.symbol] = _Tape(trade.number, trade.time)
            return (trade,)
        if trade.number <= tape.last:
            return self._late_trade(tape, trade, trade.number)
        if trade.number > tape.last + 1:
            tape.late_since = None
            return self._hold(tape, trade, trade.number)
        tape.take(trade)
        return (trade, *self._release(trade.symbol, tape, trade.received))

    def _late_trade(self, tape: _Tape, trade: Trade, number: int) -> Sequence[Event] | None:
        """One that was published, or given up, unless the venue made it after the last: then it may count anew."""
        if trade.time is None or tape.time is None or nanoseconds(trade.time) <= nanoseconds(tape.time):
            return None
        if tape.late_since is None:
            tape.late_since = trade.received
        if trade.received - tape.late_since < RESTART_AFTER:
            return None
        self.holding.pop(trade.symbol, None)
        self._tapes[trade.symbol] = _Tape(number, trade.time)
        return (Gap(trade.symbol, trade.received, None), trade)

    def _hold(self, tape: _Tape, trade: Trade, number: int) -> Sequence[Event]:
        self.holding[trade.symbol] = tape
        tape.held.setdefault(number, trade)
        return self._give_up(trade.symbol, tape, trade.received) if len(tape.held) > HELD_MOST else ()

    def _give_up(self, symbol: str, tape: _Tape, now: int) -> list[Event]:
        """The first hole stays: a Gap, and the trades behind it, up to the next hole."""
        first = min(tape.held)
        missed = first - tape.last - 1
        tape.last = first - 1
        return [Gap(symbol, now, missed), *self._release(symbol, tape, now)]

    def _release(self, symbol: str, tape: _Tape, now: int) -> list[Event]:
        """The waiting trades that follow on; stamped anew, since `received` never decreases in publish order."""
        events: list[Event] = []
        while (trade := tape.held.pop(tape.last + 1, None)) is not None:
            tape.take(trade)
            events.append(replace(trade, received=now))
        if not tape.held:
            self.holding.pop(symbol, None)
        return events
