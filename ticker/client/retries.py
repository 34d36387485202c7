"""When to come back after a connection has gone: the table of close codes in docs/protocol.md, and backoff.

Backoff starts anew with the first data message and not with the connection: a service that takes us in and throws us
out again must not be met in a tight loop.
"""

import random
import re
from collections.abc import Callable

from feeds.backoff import Backoff
from ticker.client.errors import AddressError, AuthError, ProtocolError

BACKOFF_S = (0.5, 30.0)
ABUSE_S = 60.0

SENT_AWAY = (1001, 1012, 1013)  # the reason says for how long
TOO_SLOW = (4008, 4009)
OUR_BUG = (1002, 1003, 1007, 1009)
NO_ENTRY = (4401, 4403)
ABUSE = 4429

WORDS = {
    1001: "the service goes away",
    1006: "the connection was cut",
    1011: "the service failed",
    1012: "the service restarts",
    1013: "the service is full",
    4008: "the service found this client too slow",
    4009: "the service did not hear this client",
    ABUSE: "the service had too many requests that it must refuse",
}

_retry_after = re.compile(r"retry_after_ms=(\d{1,9})\b")


class Retries:
    """One client's."""

    def __init__(self, uniform: Callable[[], float] = random.random) -> None:
        self._backoff = Backoff(*BACKOFF_S, uniform)

    def wait_s(self, code: int | None, reason: str, *, proven: bool) -> float:
        """Seconds until the next try, after a close code, or None where there was no connection.

        `proven`: data came over the connection. Raises AuthError or ProtocolError where there is no use in trying.
        """
        if proven:
            self._backoff.reset()
        if code in OUR_BUG:
            raise ProtocolError(f"the connection broke over what was sent ({said(code, reason)}): please report it")
        if code in NO_ENTRY:
            raise AuthError(f"the service ended it ({said(code, reason)}): connect with another token")
        if code == ABUSE:
            return ABUSE_S
        if code in TOO_SLOW and proven:
            return 0.0
        if code in SENT_AWAY and (found := _retry_after.search(reason)):
            return int(found[1]) / 1000
        return self._backoff.next()

    def refused_s(self, status: int, *, welcomed: bool) -> float:
        """Seconds until the next try, after an HTTP answer in place of a WebSocket.

        `welcomed`: the service was there before, so that what stands there now is something that passes. Raises
        AuthError or AddressError where there is no use in trying.
        """
        if status in (401, 403):
            raise AuthError(f"the service lets nobody in like this (HTTP {status}): check the token")
        if status < 500 and status not in (408, 425, 429) and not welcomed:
            raise AddressError(f"no ticker answers at this address (HTTP {status}); that of one ends in /v1/ws")
        return self._backoff.next()


def said(code: int | None, reason: str) -> str:
    """A close code and its reason in words."""
    if code is None:
        return reason
    words = WORDS.get(code) or f"closed with code {code}"
    return words if not reason or _retry_after.search(reason) else f"{words}: {reason}"
