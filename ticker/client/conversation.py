"""One connection's talk with the service, without I/O: what to send and when, and what comes back means."""

from itertools import count
from typing import Any, Literal

import orjson

from feeds.timestamps import SECOND, rfc3339
from ticker.client.clock import ServerClock
from ticker.client.errors import AuthError, ProtocolError
from ticker.client.subscription import Holding, Subscription
from ticker.client.subscriptions import Subscriptions
from ticker.client.updates import Connected, Gap, Rejected, read

PROTOCOL = 1
DEAD = 25 * SECOND  # of hearing nothing; the service speaks every ten at least
ANSWER = 2 * SECOND  # of these for the answer to a last question: it may be us who did not listen
PING_EVERY = 60 * SECOND  # for the clock alone
UNANSWERED_MOST = 5  # requests: where the service has no room for more, few of them are refused in vain
HOLD_LEAST = SECOND

Message = dict[str, Any]


class Conversation:
    """From the handshake to the end. Times in nanoseconds, of a clock that never goes back."""

    def __init__(self, subscriptions: Subscriptions, clock: ServerClock, token: str | None, now: int) -> None:
        self._subscriptions = subscriptions
        self._clock = clock
        self._token = token
        self._phase: Literal["greeting", "authenticating", "open"] = "greeting"
        self._welcome: Message = {}
        self._ids = count(1)
        self._outbox: list[Message] = []
        self._asked: set[Subscription] = set()
        self._unanswered: dict[int, Subscription] = {}  # by the request's id, until all that it asked for is there
        self._hold_until = now
        self._heard_at = now
        self._doubted_at: int | None = None
        self._ping_at = now
        self._pinged: tuple[int, int] | None = None  # the ping's id, and when
        self.proven = False  # market data came

    @property
    def welcomed(self) -> bool:
        """Whether there is a ticker at the other end."""
        return self._phase != "greeting"

    def due(self, now: int) -> list[bytes]:
        """The messages to send now."""
        found: list[Message] = []
        if now >= self._hold_until:
            found, self._outbox = self._outbox, []
            if self._phase == "open":
                found += self._subscribes(now)
        if self._wants_ping(now):
            ping = self._numbered({"op": "ping"})
            self._pinged = ping["id"], now
            found.append(ping)
        return [orjson.dumps(message) for message in found]

    def dead(self, now: int) -> bool:
        """Whether nothing was heard for so long that nobody is there, even when asked."""
        return self._doubted_at is not None and now - self._doubted_at >= ANSWER

    def leave(self, subscription: Subscription) -> None:
        """A subscription is over: what nobody else holds is given up, and elsewhere the others' options count again."""
        shared: set[Holding] = set()
        for other in self._subscriptions:
            if common := other.holdings & subscription.holdings:
                shared |= common
                self._asked.discard(other)
        names = [name for *_, name in subscription.holdings - shared]
        if names and subscription in self._asked and subscription.error is None:
            self._outbox.append(self._numbered(subscription.farewell(names)))
        self._asked.discard(subscription)

    def receive(self, text: str | bytes, now: int) -> bool:
        """Act on a text frame; whether there may be something to send now.

        Raises AuthError or ProtocolError where there is no use in going on, nor in coming back.
        """
        self._heard_at = now
        self._doubted_at = None
        try:
            return self._take(orjson.loads(text), now)
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolError(f"what the service sent is not the ticker's protocol: {error!r}") from error

    def _take(self, message: Message, now: int) -> bool:
        match message["type"]:
            case "welcome":
                self._greet(message, now)
            case "ack":
                self._acknowledge(message)
            case "synced":
                if (subscription := self._unanswered.pop(message["id"], None)) is not None:
                    subscription.synced()
            case "error":
                self._refused(message, now)
            case "pong" if self._pinged is not None and message["id"] == self._pinged[0]:
                self._clock.told(message["time"], now, self._pinged[1])
                self._pinged, self._ping_at = None, now + PING_EVERY
            case _:
                self._route(message)
                return False
        return True

    def _route(self, message: Message) -> None:
        if (update := read(message)) is not None:
            self.proven = self.proven or not isinstance(update, Gap)
            self._subscriptions.route(update)

    def _greet(self, message: Message, now: int) -> None:
        if message["protocol"] != PROTOCOL:
            spoken = f"the service speaks version {message['protocol']} of the protocol, this client {PROTOCOL}"
            raise ProtocolError(f"{spoken}: bring both to the same version of ticker")
        self._clock.told(message["time"], now)
        self._welcome = message
        if message["auth"] != "required":
            self._open()
        elif self._token is None:
            raise AuthError("this service needs a token: connect(url, token=…)")
        else:
            self._phase = "authenticating"
            self._outbox.append(self._numbered({"op": "auth", "token": self._token}))

    def _open(self) -> None:
        self._phase = "open"
        self._subscriptions.tell(Connected(server=self._welcome["server"], session=self._welcome["session"]))

    def _acknowledge(self, message: Message) -> None:
        match message["op"]:
            case "auth":
                self._open()
            case "subscribe" if (subscription := self._unanswered.get(message["id"])) is not None:
                channel = subscription.channel
                rejected = [
                    Rejected(channel=channel, symbol=one["symbol"], code=one["code"], reason=one["reason"])
                    for one in message["rejected"]
                ]
                subscription.acknowledged(rejected, message["symbols"])

    def _refused(self, message: Message, now: int) -> None:
        code, reason, wait_ms = message["code"], message["reason"], message.get("retry_after_ms")
        if code == 401 or self._phase == "authenticating":
            raise AuthError(f"the service did not accept the token: {reason}")
        subscription = self._unanswered.pop(message["id"], None)
        if subscription is None:
            return
        if wait_ms is not None:
            self._hold_until = now + max(HOLD_LEAST, wait_ms * SECOND // 1000)
            self._asked.discard(subscription)
        elif subscription.refused(code, reason):
            self._asked.discard(subscription)

    def _subscribes(self, now: int) -> list[Message]:
        found = []
        time = rfc3339(self._clock.at(now))
        for subscription in self._subscriptions:
            if len(self._unanswered) >= UNANSWERED_MOST:
                break
            if subscription not in self._asked and subscription.error is None:
                request = self._numbered(subscription.request(time))
                self._asked.add(subscription)
                self._unanswered[request["id"]] = subscription
                found.append(request)
        return found

    def _wants_ping(self, now: int) -> bool:
        if self._doubted_at is None and now - self._heard_at >= DEAD - ANSWER:
            self._doubted_at = now
            return True
        return self._phase == "open" and self._pinged is None and now >= self._ping_at

    def _numbered(self, message: Message) -> Message:
        return {**message, "id": next(self._ids)}
