"""What is retained of the trades: of each symbol so many, all of them young, and together of so many bytes.

Of those bytes the bars have up to half (ticker/room.py), divided evenly; the trades have the rest.

Whatever is beyond one of the bounds goes, the oldest first. Keeping a trade costs a look at its own topic's oldest.
What is beyond a bound over all topics is found by a heap of the topics, in the order of the oldest that each retains.
"""

from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush, heapreplace

from msgspec.structs import replace

from feeds.market import Gap, Trade
from feeds.timestamps import SECOND, nanoseconds
from ticker.room import Room

# A trade's topic's seq at the time, the trade or the gap between trades, and its place in the order of publishing.
Entry = tuple[int, Trade | Gap, int]

# What a retained trade takes, with its texts and numbers: tests/ticker/test_history.py measures 400 to 700 bytes.
ENTRY_BYTES = 640

MINUTES_MOST = 2 * 1_440  # they go by time, not by number
PAST_TRADES = 1_000  # seqs left free below a feed's first trade, for those that the venue knows from before


class History:
    """One topic's retained trades, oldest first, and the gaps between them.

    `dropped` of its entries are not retained any more, the newest of which was `last_dropped`. `began`: when the first
    of all was received, in nanoseconds. Entries are counted from the first that was published, which got the seq
    behind `base`: where there are some from before, `dropped` is negative.
    """

    __slots__ = ("base", "began", "dropped", "entries", "last_dropped", "queued")

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque()
        self.base = 0
        self.began: int | None = None
        self.dropped = 0
        self.last_dropped: Entry | None = None
        self.queued = False  # whether the heap knows of it

    def __len__(self) -> int:
        return len(self.entries)


class Retention:
    """The bounds, and all histories there are.

    `started` is when the service was, in nanoseconds: what was traded before is not known. `place` is how many entries
    there have ever been, and so the place of the next in the order of publishing.
    """

    def __init__(
        self,
        started: int,
        *,
        trades_kept: int = 10_000,
        trades_kept_s: float = 300,
        bytes_kept: int = 268_435_456,
        bars_kept: int = 300,
    ) -> None:
        self.started = started
        self.place = 0
        self._past_place = 0  # negative below: before all that was published
        self._each_most = trades_kept
        self.bars = Room(bars_kept, bytes_kept // 2)
        self.minutes = Room(MINUTES_MOST)  # of 24-hour figures, which need them all
        self._bytes = bytes_kept
        self._all_most = bytes_kept // ENTRY_BYTES
        self._age_most = int(trades_kept_s * SECOND)
        self._kept = 0
        # Each history with the place of its oldest entry, or of one that was its oldest once. No two are the same.
        self._oldest: list[tuple[int, History]] = []

    @property
    def size(self) -> int:
        """What is retained takes so many bytes, as an estimate."""
        return self._kept * ENTRY_BYTES + self.bars.size + self.minutes.size

    def divide(self) -> None:
        """All topics there are exist: what their bars do not need is the trades'."""
        self._all_most = (self._bytes - self.bars.reserved) // ENTRY_BYTES

    def keep(self, history: History, seq: int, item: Trade | Gap) -> None:
        """Retain a topic's newest trade or gap, and drop what is beyond a bound for it."""
        entries = history.entries
        entries.append((seq, item, self.place))
        self.place += 1
        self._kept += 1
        if not history.queued:
            self._enqueue(history, item.received)
        too_old = item.received - self._age_most
        while len(entries) > self._each_most or entries[0][1].received < too_old:
            self._drop(history)
        while self._kept > self._all_most:
            self._drop_oldest()

    def forget(self, history: History) -> None:
        """Drop all of a topic's: it is no more."""
        if history.entries:
            self._kept -= len(history)
            history.dropped += len(history)
            history.last_dropped = history.entries[-1]
            history.entries.clear()

    def prepend(self, history: History, trades: Sequence[Trade], now: int) -> None:
        """Retain the trades before the first, as far as they are within the bounds; nothing once there are some.

        `received` never decreases in publish order, over all topics: theirs are the nanoseconds before the service
        started. So nobody who resumes gets them, unless it was before that.
        """
        if history.dropped or now - self._age_most >= self.started:
            return
        young = [trade for trade in trades if trade.time is None or nanoseconds(trade.time) >= now - self._age_most]
        free = min(PAST_TRADES, self._each_most - len(history), self._all_most - self._kept)
        young = young[-free:] if free > 0 else []
        for number, trade in enumerate(reversed(young)):
            self._past_place -= 1
            old = replace(trade, received=self.started + self._past_place)
            history.entries.appendleft((PAST_TRADES - number, old, self._past_place))
        self._kept += len(young)
        history.dropped -= len(young)  # what was published first keeps its place, whoever is reading
        if young and not history.queued:
            history.queued = True
            heappush(self._oldest, (history.entries[0][2], history))

    def prune(self, now: int) -> None:
        """Drop what is too old, also of topics that have nothing new."""
        too_old = now - self._age_most
        while (oldest := self._find_oldest()) is not None and oldest.entries[0][1].received < too_old:
            self._drop_oldest()

    def _enqueue(self, history: History, received: int) -> None:
        if history.began is None:
            history.began = received
        history.queued = True
        heappush(self._oldest, (history.entries[0][2], history))

    def _find_oldest(self) -> History | None:
        """The history with the oldest entry of all."""
        heap = self._oldest
        while heap:
            place, history = heap[0]
            if not history.entries:
                history.queued = False
                heappop(heap)
            elif place < (actual := history.entries[0][2]):
                heapreplace(heap, (actual, history))
            else:
                return history
        return None

    def _drop_oldest(self) -> None:
        oldest = self._find_oldest()
        assert oldest is not None
        self._drop(oldest)

    def _drop(self, history: History) -> None:
        history.last_dropped = history.entries.popleft()
        history.dropped += 1
        self._kept -= 1
