"""One connection's talk with the service, without I/O: what to send and when, and what comes back means."""

from itertools import count
from typing import Any, Literal

import orjson

from feeds.timestamps import SECOND, rfc3339
from ticker.client.clock import ServerClock
from ticker.client.errors import AuthError, ProtocolError
from ticker.client.requests import HOLD_LEAST, Requests
from ticker.client.subscription import Subscription
from ticker.client.subscriptions import Subscriptions
from ticker.client.updates import Connected, Gap, read

PROTOCOL = 1
DEAD = 25 * SECOND  # of hearing nothing; the service speaks every ten at least
ANSWER = 2 * SECOND  # of these for the answer to a last question: it may be us who did not listen
PING_EVERY = 60 * SECOND  # for the clock alone

Message = dict[str, Any]


class Conversation:
    """From the handshake to the end. Times in nanoseconds, of a clock that never goes back."""

    def __init__(self, subscriptions: Subscriptions, clock: ServerClock, now: int, *, has_token: bool) -> None:
        self._subscriptions = subscriptions
        self._clock = clock
        self._has_token = has_token
        self._phase: Literal["greeting", "authenticating", "open"] = "greeting"
        self._welcome: Message = {}
        self._ids = count(1)
        self._requests = Requests(subscriptions, self._ids)
        self._token_wanted_at: int | None = None
        self._auth: Message | None = None  # the request with the token, until it is sent
        self._auth_id: int | None = None  # and until it is answered
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
        found: list[bytes] = []
        if self._auth is not None:
            found.append(orjson.dumps(self._auth))
            self._auth = None
        if self._phase == "open":
            found += self._requests.due(now, rfc3339(self._clock.at(now)))
        if self._wants_ping(now):
            ping = self._numbered({"op": "ping"})
            self._pinged = ping["id"], now
            found.append(orjson.dumps(ping))
        return found

    def wants_token(self, now: int) -> bool:
        """Whether the service asks for a token, the first one or one in place of one that is about to end."""
        return self._token_wanted_at is not None and now >= self._token_wanted_at

    def authenticate(self, token: str) -> None:
        """Send a token."""
        self._token_wanted_at = None
        self._auth = self._numbered({"op": "auth", "token": token})
        self._auth_id = self._auth["id"]

    def dead(self, now: int) -> bool:
        """Whether nothing was heard for so long that nobody is there, even when asked."""
        return self._doubted_at is not None and now - self._doubted_at >= ANSWER

    def leave(self, subscription: Subscription) -> None:
        """A subscription is over."""
        self._requests.leave(subscription)

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
            case "ack" if message["op"] == "auth":
                self._auth_id = None
                if self._phase == "authenticating":
                    self._open()
            case "ack":
                self._requests.acknowledged(message)
            case "synced":
                self._requests.synced(message)
            case "error":
                self._refused(message, now)
            case "auth" if self._has_token and message["state"] == "expiring":
                self._token_wanted_at = now
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
        self._requests.limit(message.get("limits", {}))
        self._welcome = message
        if message["auth"] != "required":
            self._open()
        elif not self._has_token:
            raise AuthError("this service needs a token: connect(url, token=…)")
        else:
            self._phase, self._token_wanted_at = "authenticating", now

    def _open(self) -> None:
        self._phase = "open"
        self._subscriptions.tell(Connected(server=self._welcome["server"], session=self._welcome["session"]))

    def _refused(self, message: Message, now: int) -> None:
        wait_ms = message.get("retry_after_ms")
        if message["id"] is not None and message["id"] == self._auth_id and wait_ms is not None:
            self._token_wanted_at = now + max(HOLD_LEAST, wait_ms * SECOND // 1000)
        elif message["code"] == 401 or message["id"] == self._auth_id is not None:
            raise AuthError(f"the service did not accept the token: {message['reason']}")
        else:
            self._requests.refused(message, now)

    def _wants_ping(self, now: int) -> bool:
        if self._doubted_at is None and now - self._heard_at >= DEAD - ANSWER:
            self._doubted_at = now
            return True
        return self._phase == "open" and self._pinged is None and now >= self._ping_at

    def _numbered(self, message: Message) -> Message:
        return {**message, "id": next(self._ids)}
