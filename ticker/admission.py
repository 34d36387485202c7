"""Who may come in: so many clients over all transports, and so many new ones a second: a herd comes in order."""

import random
from collections import Counter
from typing import NamedTuple

import structlog

from feeds.feed import Clock
from feeds.timestamps import SECOND
from ticker.addresses import is_loopback
from ticker.counts import ClientCounts
from ticker.limits import Slots, TokenBucket
from ticker.readiness import RETRY_SPREAD_MS, retry_after_ms

RESTARTING, OVERLOADED = 1012, 1013  # close codes, see docs/protocol.md
RETRY_MOST_MS = 30_000  # however long the line is
TELL_EVERY = 60 * SECOND

ADVICE = {
    "clients": "clients were turned away: raise [limits] clients, or run more",
    "handshakes": "clients came faster than [limits] handshakes_per_second, and were told when to come back",
}

log = structlog.get_logger("clients")


class Refusal(NamedTuple):
    """A client may not come now: the close code that says why, and when it may try again."""

    code: int
    retry_after_ms: int


class Notices:
    """Tells in the log why clients were turned away, and how many: a reason's first at once, the others by the minute.

    However many there are: a line for each would be one more thing that a herd costs.
    """

    def __init__(self) -> None:
        self._untold: Counter[str] = Counter()
        self._not_before: dict[str, int] = {}

    def note(self, reason: str, now: int, **more: object) -> None:
        """One more was turned away; time in nanoseconds."""
        self._untold[reason] += 1
        self._tell(reason, now, **more)

    def tick(self, now: int) -> None:
        """Tell of those since the last line, if that was long enough ago."""
        for reason in [reason for reason, number in self._untold.items() if number]:
            self._tell(reason, now)

    def _tell(self, reason: str, now: int, **more: object) -> None:
        if now >= self._not_before.get(reason, 0):
            log.warning(ADVICE[reason], turned_away=self._untold[reason], **more)
            self._untold[reason] = 0
            self._not_before[reason] = now + TELL_EVERY


class Admission:
    """The limits on clients over all transports."""

    def __init__(
        self,
        counts: ClientCounts,
        clock: Clock,
        *,
        clients: int,
        handshakes_per_second: float = 500,
        handshakes_burst: int = 1_000,
    ) -> None:
        self.connected: Counter[str] = Counter()  # by transport
        self.draining = False
        self.notices = Notices()
        self.clients_most = clients
        self._counts = counts
        self._clock = clock
        self.set_pace(handshakes_per_second, handshakes_burst)

    def set_pace(self, per_second: float, burst: int) -> None:
        """So many new clients a second in the long run, and so many at once."""
        self._handshakes = TokenBucket(per_second, burst, self._clock())
        self._slots = Slots(per_second)

    def admit(self, address: str | None) -> Refusal | None:
        """Whether one more may connect, from that address; None: it may."""
        refusal = self.admit_request()
        if refusal is None and address is not None and not is_loopback(address):
            now = self._clock()
            if self._handshakes.take(now):
                return self._refuse("handshakes", self._wait_ms(now))
        return refusal

    def admit_request(self) -> Refusal | None:
        """Whether a request may wait, as a client of its own: it comes on a connection that may be there already."""
        if self.draining:
            self._counts.rejections["draining"] += 1
            return Refusal(RESTARTING, retry_after_ms())
        if self.connected.total() >= self.clients_most:
            return self._refuse("clients", retry_after_ms())
        return None

    def _wait_ms(self, now: int) -> int:
        """One after the other, and those who would wait too long at any time."""
        wait_ms = RETRY_SPREAD_MS[0] + self._slots.reserve(now, most_s=RETRY_MOST_MS / 1000) * 1000
        return round(wait_ms) if wait_ms < RETRY_MOST_MS else random.randint(RETRY_MOST_MS // 2, RETRY_MOST_MS)

    def _refuse(self, reason: str, wait_ms: int) -> Refusal:
        self._counts.rejections[reason] += 1
        self.notices.note(reason, self._clock(), connected=self.connected.total())
        return Refusal(OVERLOADED, wait_ms)
