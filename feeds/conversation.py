"""One connection's talk with a venue, without I/O: what to send and when, and what its answers mean.

Requests go out one by one, spaced as the venue asks. A request that is refused as a whole is asked again without the
symbols that the venue named, or, where it named none, in halves: in the end just the bad symbols are left out.
"""

from collections import deque
from collections.abc import Iterable
from itertools import count

from msgspec import Struct

from feeds.adapter import Acknowledged, Adapter, GoingAway, Link, Notice, Refused, Rejected, Subscription, Throttled
from feeds.timestamps import SECOND

THROTTLED = 5 * SECOND  # the venues that throttle do not say for how long; their rates are per second


class Rejection(Struct, frozen=True):
    """Something that the venue does not serve us; `venue_symbol` is None where a whole channel was refused."""

    venue_symbol: str | None
    channel: str | None
    reason: str


class Gate:
    """Lets one message through each `spacing_s` seconds, of all the conversations that share it."""

    def __init__(self, spacing_s: float) -> None:
        self._spacing = int(spacing_s * SECOND)
        self.opens_at = 0

    def close_until(self, at: int) -> None:
        """Let nothing through before that time."""
        self.opens_at = max(self.opens_at, at)

    def passes(self, now: int) -> bool:
        """Whether a message may go now; if so, the next one waits."""
        if now < self.opens_at:
            return False
        self.opens_at = now + self._spacing
        return True


class Conversation:
    """What one connection has asked, what was answered, and what is to be sent next. Times are in nanoseconds."""

    def __init__(self, adapter: Adapter, link: Link, gate: Gate, now: int, *, silence_s: float) -> None:
        self._adapter = adapter
        self._gate = gate
        self._silence = int(silence_s * SECOND)
        self._wanted: deque[Subscription] = deque(link.subscriptions)
        self._asked: dict[int, Subscription] = {}
        self._rejected: set[str] = set()
        self._ids = count(1)
        self._keepalive_at = now + self._keepalive_period()
        self._silent_at = now + self._silence
        self.proven = False  # market data came
        self.going_away = False  # the venue asked for a new connection

    def message(self, now: int) -> bytes | None:
        """The message to send now, None while there is none or it would come too soon after the last."""
        if not (self._wanted or now >= self._keepalive_at) or not self._gate.passes(now):
            return None
        if self._wanted:
            subscription, request = self._wanted.popleft(), next(self._ids)
            self._asked[request] = subscription
            self._silent_at = now + self._silence
            return self._adapter.request(subscription, request)
        assert self._adapter.keepalive is not None
        self._keepalive_at = now + self._keepalive_period()
        return self._adapter.keepalive[1]

    def next_at(self) -> int:
        """When to look again: a message may be due, or the silence has lasted too long."""
        if self._wanted:
            return self._gate.opens_at
        return min(max(self._gate.opens_at, self._keepalive_at), self._silent_at)

    @property
    def settled(self) -> bool:
        """Whether market data comes and every request was answered: nothing is left to come late."""
        return self.proven and not self._wanted and not self._asked

    def data(self, now: int) -> None:
        """Market data came that counts: new data. Heartbeats, and what was known before, do not."""
        self._silent_at = now + self._silence
        self.proven = True

    def silent(self, now: int) -> bool:
        """Whether no market data came for longer than there should be none, since all of it was asked for."""
        return not self._wanted and now >= self._silent_at

    def take(self, notices: Iterable[Notice], now: int) -> list[Rejection]:
        """Act on what the venue said of the conversation; what it will not serve is returned."""
        rejections: list[Rejection] = []
        for notice in notices:
            match notice:
                case Acknowledged(request):
                    self._answered(request)
                case Rejected(venue_symbol, reason):
                    rejections += self._reject(venue_symbol, reason)
                case Refused(reason, request):
                    rejections += self._refused(reason, self._answered(request))
                case Throttled():
                    self._gate.close_until(now + THROTTLED)
                    self._wanted.extendleft(reversed(self._asked.values()))
                    self._asked.clear()
                case GoingAway():
                    self.going_away = True
        return rejections

    def _keepalive_period(self) -> int:
        # Without a keepalive the moment lies beyond any connection's life.
        return int((self._adapter.keepalive[0] if self._adapter.keepalive else 10**9) * SECOND)

    def _answered(self, request: int | None) -> Subscription | None:
        """The subscription that an answer is about; a venue that echoes no id answers in order."""
        if request is None:
            request = next(iter(self._asked), None)
        return None if request is None else self._asked.pop(request, None)

    def _reject(self, venue_symbol: str, reason: str) -> list[Rejection]:
        if venue_symbol in self._rejected:
            return []
        self._rejected.add(venue_symbol)
        return [Rejection(venue_symbol, None, reason)]

    def _refused(self, reason: str, refused: Subscription | None) -> list[Rejection]:
        if refused is None:
            return [Rejection(None, None, reason)]
        good = tuple(s for s in refused.venue_symbols if s not in self._rejected)
        if not refused.venue_symbols:
            return [Rejection(None, refused.channel, reason)]
        if len(good) < len(refused.venue_symbols):  # the culprits are known: the rest is asked again
            self._ask_again(refused, good)
        elif len(good) == 1:
            return self._reject(good[0], reason)
        else:
            half = len(good) // 2
            self._ask_again(refused, good[:half])
            self._ask_again(refused, good[half:])
        return []

    def _ask_again(self, refused: Subscription, venue_symbols: tuple[str, ...]) -> None:
        if venue_symbols:
            self._wanted.append(Subscription(refused.channel, venue_symbols))
