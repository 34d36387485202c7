"""What is asked of the service over one connection: few requests at a time, each until it is answered. No I/O."""

from collections import deque
from collections.abc import Iterator
from itertools import count
from typing import Any

import orjson

from feeds.timestamps import SECOND
from ticker.client.errors import SubscribeError
from ticker.client.subscription import Holding, Subscription
from ticker.client.subscriptions import Subscriptions
from ticker.client.updates import Rejected

UNANSWERED_MOST = 5  # requests: where the service has no room for more, few of them are refused in vain
HOLD_LEAST = SECOND

Message = dict[str, Any]


class Requests:
    """The subscriptions' requests, and the farewells of those that are over. Times in nanoseconds."""

    def __init__(self, subscriptions: Subscriptions, ids: "count[int]") -> None:
        self._subscriptions = subscriptions
        self._ids = ids
        self._size_most: int | None = None
        self._hold_until = 0
        self._asked: set[Subscription] = set()
        self._leaving: deque[Subscription] = deque()  # those still to be given up
        # By the request's id, until it is answered; a subscription until all that it asked for is there.
        self._subscribing: dict[int, Subscription] = {}
        self._farewells: dict[int, Subscription] = {}
        self._first: Subscription | None = None

    def limit(self, limits: Message) -> None:
        """What the service takes, as it says in its welcome."""
        self._size_most = limits.get("message_bytes")

    def due(self, now: int, time: str) -> Iterator[bytes]:
        """The requests to send now; `time` is the service's clock."""
        if now < self._hold_until:
            return
        while self._leaving and self._has_room():
            subscription = self._leaving.popleft()
            if names := subscription.holdings - self._held():
                identity = next(self._ids)
                self._farewells[identity] = subscription
                yield orjson.dumps({**subscription.farewell([name for *_, name in names]), "id": identity})
        for subscription in self._subscriptions:
            if not self._has_room():
                break
            if subscription not in self._asked and subscription.error is None:
                yield from self._subscribe(subscription, time)
        self._note_first()

    def leave(self, subscription: Subscription) -> None:
        """A subscription is over: what nobody else holds is given up, and elsewhere the others' options count again."""
        for other in self._subscriptions:
            if other.holdings & subscription.holdings:
                self._asked.discard(other)
        if subscription in self._asked and subscription.error is None:
            self._leaving.append(subscription)
        self._asked.discard(subscription)

    def acknowledged(self, message: Message) -> None:
        """An ack."""
        self._farewells.pop(message["id"], None)
        if (subscription := self._subscribing.get(message["id"])) is not None:
            rejected = [
                Rejected(channel=subscription.channel, symbol=one["symbol"], code=one["code"], reason=one["reason"])
                for one in message["rejected"]
            ]
            subscription.acknowledged(rejected, message["symbols"])

    def synced(self, message: Message) -> None:
        """All that a request asked for is there."""
        if (subscription := self._subscribing.pop(message["id"], None)) is not None:
            subscription.synced()
            self._note_first()

    def refused(self, message: Message, now: int) -> None:
        """An error: what time cures is asked for again, all else is the end of the one subscription."""
        wait_ms = message.get("retry_after_ms")
        subscription = self._subscribing.pop(message["id"], None)
        farewell = self._farewells.pop(message["id"], None)
        if wait_ms is not None:
            self._hold_until = now + max(HOLD_LEAST, wait_ms * SECOND // 1000)
            if farewell is not None:
                self._leaving.appendleft(farewell)
            if subscription is not None:
                self._asked.discard(subscription)
        elif subscription is not None:
            subscription.fail(SubscribeError(message["code"], message["reason"]))
        self._note_first()

    def _subscribe(self, subscription: Subscription, time: str) -> Iterator[bytes]:
        identity = next(self._ids)
        request = orjson.dumps({**subscription.request(time), "id": identity})
        self._asked.add(subscription)
        if self._size_most is not None and len(request) > self._size_most:  # it would be the end of the connection
            size = f"the names take {len(request):,} bytes in one request; the service takes {self._size_most:,}"
            subscription.fail(SubscribeError(413, f"{size}: subscribe to some of them at a time"))
            return
        self._subscribing[identity] = subscription
        yield request

    def _has_room(self) -> bool:
        return len(self._subscribing) + len(self._farewells) < UNANSWERED_MOST

    def _held(self) -> set[Holding]:
        return {holding for other in self._subscriptions for holding in other.holdings}

    def _note_first(self) -> None:
        """Tell those to trades which of them the service is about to answer: requests are answered in order."""
        first = next((one for one in self._subscribing.values() if one.channel == "trades"), None)
        if first is not self._first:
            self._first = first
            for subscription in self._subscriptions:
                subscription.wait_for(first)
