"""Reading what is retained of trades: the newest of a topic, or all since a time, over topics in publish order.

A reader goes on while its topic is traded and old trades are dropped: the history itself is what waits for a client
that reads slowly, and what was dropped before it was read is told as a gap. Once all is read, nothing was published
since: from there the client can go on live, with neither hole nor repetition.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from typing import Literal, NamedTuple

from msgspec import Struct

from feeds.market import Gap, Trade
from ticker import frames
from ticker.bus import Topic
from ticker.encodings import WEBSOCKET, Encoding
from ticker.history import PAST_TRADES, Entry, History, Retention

Reason = Literal["retention", "restart"]


class Loss(Struct, frozen=True):
    """Trades that are not retained: `first` to `last` inclusive, as far as that is known. `received`: the newest's."""

    received: int
    reason: Reason
    first: int | None
    last: int | None
    missed: int | None


class Found(NamedTuple):
    """What a reader comes upon, with its place in the order of publishing."""

    place: int
    topic: Topic
    seq: int
    item: Trade | Gap | Loss

    def frame(self, encoding: Encoding = WEBSOCKET) -> bytes:
        """The message for a client."""
        if isinstance(self.item, Loss):
            loss = self.item
            return frames.gap_frame(
                self.topic, loss.received, loss.reason, encoding, missed=loss.missed, first=loss.first, last=loss.last
            )
        return frames.retained(self.topic, self.seq, self.item, encoding)


class Reader:
    """Reads on in one topic's history.

    `position` counts the topic's entries from the first that there ever was, `seq` is that of the entry before it:
    None where that is not known.
    """

    __slots__ = ("_history", "_position", "_restarted", "_seq", "_started", "topic")

    def __init__(self, topic: Topic, position: int, seq: int | None, *, started: int, restarted: bool = False) -> None:
        assert topic.history is not None
        self.topic = topic
        self._history: History = topic.history
        self._position = position
        self._seq = seq
        self._started = started
        self._restarted = restarted  # the client comes from another run, and does not know that yet

    def take(self, until: int) -> Found | None:
        """The next that there is, up to a place in the order of publishing; None: that is all."""
        found = self._next()
        if found is None or found.place >= until:
            return None
        self._position = max(self._position, self._history.dropped)
        if not isinstance(found.item, Loss):
            self._position += 1
        self._seq, self._restarted = found.seq, False
        return found

    def read(self, until: int) -> Iterator[Found]:
        """All that there is, up to that place."""
        while (found := self.take(until)) is not None:
            yield found

    def _next(self) -> Found | None:
        history = self._history
        if self._restarted or self._position < history.dropped:
            return self._loss(history.last_dropped)
        index = self._position - history.dropped
        if index == len(history):
            return None
        seq, item, place = history.entries[index]
        return Found(place, self.topic, seq, item)

    def _loss(self, dropped: Entry | None) -> Found:
        """What is not retained of what this reader was to read."""
        if dropped is None:
            # A client that is cut between the gaps of two topics is told of both when it comes back with this.
            before = self._started - 1
            return Found(-1, self.topic, 0, Loss(before, "restart", None, None, None))
        seq, item, place = dropped
        if self._restarted:
            return Found(place, self.topic, seq, Loss(item.received, "restart", None, seq or None, None))
        first = None if self._seq is None else self._seq + 1
        last = seq if type(item) is Trade or first is not None else None
        if first is not None and first > seq:  # gaps of the venue's alone
            first = last = None
        entries = self._history.dropped - self._position
        missed = entries if first is not None and entries == seq - first + 1 else None
        return Found(place, self.topic, seq, Loss(item.received, "retention", first, last, missed))


def newest(topic: Topic, number: int, retention: Retention) -> Reader:
    """A reader of the newest retained entries."""
    history = topic.history
    assert history is not None
    index = max(0, len(history) - number)
    return _at(topic, history, index, retention)


def since(topic: Topic, received: int, now: int, retention: Retention) -> Reader:
    """A reader of all from a time on; times in nanoseconds. What of that is not retained it finds as a Loss."""
    history = topic.history
    assert history is not None
    if received < retention.started or received > now:
        return Reader(topic, -PAST_TRADES, None, started=retention.started, restarted=True)
    dropped = history.last_dropped
    if dropped is None or dropped[1].received < received:
        index = bisect_left(history.entries, received, key=lambda entry: entry[1].received)
        return _at(topic, history, index, retention)
    if history.began is not None and received <= history.began:
        return Reader(topic, 0, history.base, started=retention.started)
    return Reader(topic, history.dropped - 1, None, started=retention.started)


def merged(readers: Sequence[Reader], retention: Retention) -> Iterator[Found]:
    """All that the readers come upon, in publish order, until nothing is left.

    This may take a while, in which more is published. It ends where nothing was since the last look.
    """
    until = -1
    while until != retention.place:
        until = retention.place
        # Places may be equal, those of losses before the first trade; the second number tells them apart.
        heap = [(found.place, n, found) for n, reader in enumerate(readers) if (found := reader.take(until))]
        heapify(heap)
        while heap:
            _, n, found = heap[0]
            yield found
            if (following := readers[n].take(until)) is None:
                heappop(heap)
            else:
                heapreplace(heap, (following.place, n, following))


def newest_frames(topic: Topic, number: int, retention: Retention) -> list[bytes]:
    """The newest retained trades at once, oldest first, and the gaps among them."""
    return [found.frame() for found in newest(topic, number, retention).read(retention.place)]


def _at(topic: Topic, history: History, index: int, retention: Retention) -> Reader:
    """A reader from the retained entry of that index on."""
    before = history.entries[index - 1] if index else history.last_dropped
    seq = before[0] if before is not None else history.base + min(0, history.dropped)
    return Reader(topic, history.dropped + index, seq, started=retention.started)
