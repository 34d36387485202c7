"""One connection's talk with a venue, without I/O: what to send and when, and what its answers mean.

Requests go out one by one, spaced as the venue asks. A request that is refused as a whole is asked again without the
symbols that the venue named, or, where it named none, in halves: in the end just the bad symbols are left out.
"""

from collections import deque
from collections.abc import Iterable
from itertools import count

from msgspec import Struct

from feeds.adapter import Acknowledged, Adapter, GoingAway, Link, Notice, Refused, Rejected, Subscription, Throttled
from feeds.gate import Gate
from feeds.timestamps import SECOND

THROTTLED = 5 * SECOND  # the venues that throttle do not say for how long; their rates are per second
ANSWER_WITHIN = 10 * SECOND
REJECTED_AGAIN = 600 * SECOND  # a refusal may pass: the venue may have had a bad moment, or list the symbol later


class Rejection(Struct, frozen=True):
    """Something that the venue does not serve us; `venue_symbol` is None where a whole channel was refused."""

    venue_symbol: str | None
    channel: str | None
    reason: str


class _Asked(Struct):
    """A request that is not answered yet, and by when it should be; `again`: it was asked before, in vain."""

    subscription: Subscription
    due: int
    again: bool


class Conversation:
    """What one connection has asked, what was answered, and what is to be sent next. Times are in nanoseconds."""

    def __init__(self, adapter: Adapter, link: Link, gate: Gate, now: int, *, silence_s: float) -> None:
        self._adapter = adapter
        self._gate = gate
        self._silence = int(silence_s * SECOND)
        self._wanted: deque[Subscription] = deque(link.subscriptions)
        self._asked: dict[int, _Asked] = {}
        self._unanswered: list[Subscription] = []  # asked in vain once
        self._channels = {s.channel: None for s in link.subscriptions if s.venue_symbols}
        self._rejected: set[str] = set()
        self._rejected_again_at = now + REJECTED_AGAIN
        self._ids = count(1)
        self._keepalive_at = now + self._keepalive_period()
        self._silent_at = now + self._silence
        self.proven = False  # market data came
        self.going_away = False  # the venue asked for a new connection

    def message(self, now: int) -> bytes | None:
        """The message to send now, None while there is none or it would come too soon after the last."""
        self._look_after_requests(now)
        if not (self._wanted or now >= self._keepalive_at) or not self._gate.passes(now):
            return None
        if self._wanted:
            subscription, request = self._wanted.popleft(), next(self._ids)
            again = subscription in self._unanswered
            self._asked[request] = _Asked(subscription, now + ANSWER_WITHIN, again)
            if not self._wanted:
                self._silent_at = now + self._silence  # before all was asked for, it was no fault of the venue's
            return self._adapter.request(subscription, request)
        assert self._adapter.keepalive is not None
        self._keepalive_at = now + self._keepalive_period()
        return self._adapter.keepalive[1]

    def next_at(self) -> int:
        """When to look again: a message may be due, or the silence has lasted too long."""
        send_at = self._gate.opens_at if self._wanted else max(self._gate.opens_at, self._keepalive_at)
        due: int = next((asked.due for asked in self._asked.values()), send_at)
        again_at = self._rejected_again_at if self._rejected else send_at
        return min(send_at, self._silent_at, due, again_at)

    @property
    def settled(self) -> bool:
        """Whether market data comes and every request was answered: nothing is left to come late."""
        return self.proven and not self._wanted and not self._asked

    def data(self, now: int) -> None:
        """Market data came that counts: new data. Heartbeats, and what was known before, do not."""
        self._silent_at = now + self._silence
        self.proven = True

    def silent(self, now: int) -> bool:
        """Whether no market data came for longer than there should be none."""
        return now >= self._silent_at

    def excused(self, now: int) -> bool:
        """Whether a silence has a reason, since requests still wait for their turn; if so, it is counted anew."""
        if not self._wanted:
            return False
        self._silent_at = now + self._silence
        return True

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
                    self._wanted.extendleft(asked.subscription for asked in reversed(self._asked.values()))
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
        asked = None if request is None else self._asked.pop(request, None)
        return asked.subscription if asked else None

    def _look_after_requests(self, now: int) -> None:
        """Ask again, once, what was not answered in time, and now and then what was refused."""
        for request, asked in list(self._asked.items()):
            if now < asked.due:
                break
            del self._asked[request]
            if not asked.again:
                self._unanswered.append(asked.subscription)
                self._wanted.append(asked.subscription)
        if self._rejected and now >= self._rejected_again_at:
            self._wanted.extend(Subscription(channel, tuple(sorted(self._rejected))) for channel in self._channels)
            self._rejected.clear()
            self._rejected_again_at = now + REJECTED_AGAIN

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
