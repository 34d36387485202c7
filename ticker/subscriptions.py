"""What one client is subscribed to, and which subscription decides over a topic.

A topic reaches a client once, however many subscriptions cover it: an exact name beats a pattern, a newer pattern an
older one.
"""

from collections.abc import Iterator

from msgspec import Struct

from ticker.bus import ChannelName
from ticker.directory import is_pattern, matches


class Subscription(Struct, frozen=True):
    """One channel and one name or pattern as written, with the rate per second in effect; None: every update."""

    channel: ChannelName
    name: str
    rate: float | None

    @property
    def kind(self) -> str:
        """`exact` or `pattern`."""
        return "pattern" if is_pattern(self.name) else "exact"


class Subscriptions:
    """One client's, in the order in which they were made."""

    def __init__(self) -> None:
        self._held: dict[tuple[ChannelName, str], Subscription] = {}
        self._patterns: list[Subscription] = []  # newest first

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._held.values())

    def __contains__(self, key: tuple[ChannelName, str]) -> bool:
        return key in self._held

    def put(self, subscription: Subscription) -> None:
        """Hold a subscription, in place of one of the same channel and name."""
        self._held[subscription.channel, subscription.name] = subscription
        self._index()

    def remove(self, channel: ChannelName, name: str) -> Subscription | None:
        """Give a subscription up; None where there is none of that channel and name."""
        removed = self._held.pop((channel, name), None)
        self._index()
        return removed

    def names(self, channel: ChannelName) -> tuple[str, ...]:
        """What is subscribed to on a channel, as written."""
        return tuple(name for held, name in self._held if held == channel)

    def over(self, channel: ChannelName, symbol: str) -> Subscription | None:
        """The subscription that decides over a symbol's topic, None where none covers it."""
        exact = self._held.get((channel, symbol))
        if exact is not None:
            return exact
        covering = (s for s in self._patterns if s.channel == channel and matches(s.name, symbol))
        return next(covering, None)

    def _index(self) -> None:
        self._patterns = [s for s in self._held.values() if s.kind == "pattern"][::-1]
