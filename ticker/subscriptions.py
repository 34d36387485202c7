"""What one client is subscribed to, and which subscription decides over a topic.

A topic reaches a client once, however many subscriptions cover it: an exact name beats a pattern, a newer pattern an
older one.
"""

from collections.abc import Iterator, KeysView

from msgspec import Struct

from ticker.bus import ChannelName
from ticker.clients import Options
from ticker.directory import is_pattern, matches


class Subscription(Struct, frozen=True):
    """One channel and one name or pattern as written, with the options in effect."""

    channel: ChannelName
    name: str
    options: Options

    @property
    def kind(self) -> str:
        """`exact` or `pattern`."""
        return "pattern" if is_pattern(self.name) else "exact"


class Subscriptions:
    """One client's, in the order in which they were made."""

    def __init__(self) -> None:
        self.changes = 0  # counts whatever makes another subscription decide, or other options
        self._held: dict[tuple[ChannelName, str], Subscription] = {}
        self._patterns: dict[tuple[ChannelName, str], Subscription] = {}

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._held.values())

    def __contains__(self, key: tuple[ChannelName, str]) -> bool:
        return key in self._held

    @property
    def patterns(self) -> KeysView[tuple[ChannelName, str]]:
        """The channel and the pattern of those that are no exact names."""
        return self._patterns.keys()

    def put(self, subscription: Subscription) -> Subscription | None:
        """Hold a subscription; the one of the same channel and name that it replaces, if any."""
        self.changes += 1
        key = (subscription.channel, subscription.name)
        replaced = self._held.get(key)
        self._held[key] = subscription
        if is_pattern(subscription.name):
            self._patterns[key] = subscription
        return replaced

    def remove(self, channel: ChannelName, name: str) -> Subscription | None:
        """Give a subscription up; None where there is none of that channel and name."""
        self.changes += 1
        self._patterns.pop((channel, name), None)
        return self._held.pop((channel, name), None)

    def names(self, channel: ChannelName) -> tuple[str, ...]:
        """What is subscribed to on a channel, as written."""
        return tuple(name for held, name in self._held if held == channel)

    def over(self, channel: ChannelName, symbol: str) -> Subscription | None:
        """The subscription that decides over a symbol's topic, None where none covers it."""
        exact = self._held.get((channel, symbol))
        if exact is not None:
            return exact
        newest_first = reversed(self._patterns.values())
        return next((s for s in newest_first if s.channel == channel and matches(s.name, symbol)), None)
