"""Counting updates in a stream of bytes without parsing it: a load generator must cost less than what it measures."""

from collections.abc import Callable

from feeds.timestamps import nanoseconds
from ticker.bench.delays import Delays

MARKER = b'"received":"'  # once in each update: nothing but a quotation mark before it, so no `last_received`
KEPT = len(MARKER) - 1  # of what came before: as much of a marker as can be without being one
TIME_LENGTH = len("2026-08-09T21:05:48.026294000Z")


class Tally:
    """What a generator's clients have received: updates, bytes, and the delays of a sample of the updates.

    Delays are taken of one update in each piece that is read, chosen at random, which stands for all in its piece:
    the cost does not grow with the number of updates. `clock` is the wall clock in nanoseconds since 1970.
    """

    __slots__ = ("_clock", "_random", "bytes", "delays", "updates")

    def __init__(self, clock: Callable[[], int], random: Callable[[], float]) -> None:
        self._clock = clock
        self._random = random
        self.updates = 0
        self.bytes = 0
        self.delays = Delays()

    def start_over(self) -> None:
        """Forget what came so far."""
        self.updates = self.bytes = 0
        self.delays = Delays()

    def take(self, tail: bytes, data: bytes) -> bytes:
        """Count what one client has read, given the tail of what it read before; the new tail."""
        seam = tail + data[:KEPT]
        found = data.count(MARKER) + (MARKER in seam)
        self.bytes += len(data)
        if found:
            self.updates += found
            self._sample(data, found)
        return data[-KEPT:] if len(data) >= KEPT else seam[-KEPT:]

    def _sample(self, data: bytes, updates: int) -> None:
        place = data.find(MARKER, int(self._random() * len(data)))
        if place < 0:
            place = data.find(MARKER)
        start = place + len(MARKER)
        if place >= 0 and len(data) >= start + TIME_LENGTH:  # else the time is in two pieces
            received = nanoseconds(data[start : start + TIME_LENGTH].decode())
            self.delays.add(max(0, self._clock() - received) // 1000, updates)
