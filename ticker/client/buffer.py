"""What waits for a caller, in bounded space, whatever it does meanwhile: the service's policy for slow clients.

State is remembered once a symbol, and the newest value wins. Trades are kept in order, and so are bars, of which a
newer version of the same replaces the older; beyond the bound the oldest go, and one `Gap` a symbol tells of them.
"""

from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import replace
from itertools import count

from ticker.client.updates import Bar, Connected, Gap, Lost, Rejected, Trade, Update

EVENTS_MOST = 1_000
REASON = "slow_consumer"

Event = Trade | Bar | Gap


class Buffer:
    """One subscription's."""

    def __init__(self, events_most: int = EVENTS_MOST) -> None:
        self._events_most = events_most
        self._waiting: OrderedDict[Hashable, Update] = OrderedDict()
        self._events: deque[Hashable] = deque()  # the keys of those that may go, oldest first
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, update: Update) -> None:
        """Keep an update until it is taken. Older state of the same symbol goes for it, in its place."""
        key = self._key(update)
        if isinstance(update, Event) and key not in self._waiting:
            self._events.append(key)
        self._waiting[key] = update
        while len(self._events) > self._events_most:
            self._lose(self._events.popleft())

    def take(self) -> Update | None:
        """The update that has waited longest, None where there is none."""
        if not self._waiting:
            return None
        key, update = self._waiting.popitem(last=False)
        if self._events and self._events[0] == key:
            self._events.popleft()
        return update

    def _key(self, update: Update) -> Hashable:
        match update:
            case Trade() | Gap():
                return next(self._numbers)
            case Bar():
                return Bar, update.symbol, update.interval, update.start
            case Connected() | Lost():
                return Connected
            case Rejected():
                return Rejected, update.channel, update.symbol
            case _:
                return type(update), update.symbol

    def _lose(self, key: Hashable) -> None:
        """Have a gap stand for an event that goes; before all else, as what it stands for was before all others."""
        event = self._waiting.pop(key)
        assert isinstance(event, Event)
        place = Gap, event.channel, event.symbol
        gap = self._waiting.get(place)
        assert gap is None or isinstance(gap, Gap)
        lost = _standing_for(event)
        self._waiting[place] = lost if gap is None else _joined(gap, lost)
        if gap is None:
            self._waiting.move_to_end(place, last=False)


def _standing_for(event: Event) -> Gap:
    """The gap that one event leaves."""
    if isinstance(event, Gap):
        return replace(event, reason=REASON)
    # What a bar's last version is numbered says nothing of the bars before and after it.
    epoch, seq = (event.epoch, event.seq) if isinstance(event, Trade) else (None, None)
    return Gap(
        channel=event.channel,
        symbol=event.symbol,
        epoch=epoch,
        received=event.received,
        from_seq=seq,
        to_seq=seq,
        missed=1,
        reason=REASON,
    )


def _joined(gap: Gap, later: Gap) -> Gap:
    """One gap for two of the same symbol."""
    missed = None if gap.missed is None or later.missed is None else gap.missed + later.missed
    if gap.epoch != later.epoch:  # no range holds two runs of numbering
        return replace(later, from_seq=None, to_seq=None, missed=missed)
    first = later.from_seq if gap.from_seq is None else gap.from_seq
    last = gap.to_seq if later.to_seq is None else later.to_seq
    return replace(later, from_seq=first, to_seq=last, missed=missed)
