"""What one client is subscribed to, and which subscription decides over a topic.

A topic reaches a client once, however many subscriptions cover it: an exact name beats a pattern, a newer pattern an
older one.
"""

from collections.abc import Iterator, KeysView
from weakref import WeakValueDictionary

from msgspec import Struct

from feeds.market import Interval
from ticker.bus import ChannelName
from ticker.clients import Options
from ticker.directory import is_pattern, matches

Key = tuple[ChannelName, Interval | None, str]  # a name or a pattern as written


class Subscription(Struct, frozen=True, weakref=True):
    """One channel, of bars one interval, and one name or pattern as written, with the options in effect.

    `key` is what it is known by.
    """

    channel: ChannelName
    name: str
    options: Options
    interval: Interval | None
    key: Key

    @property
    def kind(self) -> str:
        """`exact` or `pattern`."""
        return "pattern" if is_pattern(self.name) else "exact"


# By channel, name, options and interval, for as long as anybody holds it.
_shared: WeakValueDictionary[tuple[ChannelName, str, Options, Interval | None], Subscription] = WeakValueDictionary()


def subscription_to(
    channel: ChannelName, name: str, options: Options, interval: Interval | None = None
) -> Subscription:
    """The subscription to that: the same one for all clients, which saves each a tenth of a kilobyte a name."""
    what = channel, name, options, interval
    found = _shared.get(what)
    if found is None:
        found = _shared[what] = Subscription(channel, name, options, interval, (channel, interval, name))
    return found


class Subscriptions:
    """One client's, in the order in which they were made."""

    def __init__(self) -> None:
        self.changes = 0  # counts whatever makes another subscription decide, or other options
        self._held: dict[Key, Subscription] = {}
        self._patterns: dict[Key, Subscription] = {}

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self._held.values())

    def __contains__(self, key: Key) -> bool:
        return key in self._held

    @property
    def patterns(self) -> KeysView[Key]:
        """What those are known by that are no exact names."""
        return self._patterns.keys()

    def put(self, subscription: Subscription) -> Subscription | None:
        """Hold a subscription; the one known by the same that it replaces, if any."""
        self.changes += 1
        replaced = self._held.get(subscription.key)
        self._held[subscription.key] = subscription
        if is_pattern(subscription.name):
            self._patterns[subscription.key] = subscription
        return replaced

    def remove(self, channel: ChannelName, name: str, interval: Interval | None = None) -> Subscription | None:
        """Give a subscription up; None where there is none that is known by these."""
        self.changes += 1
        self._patterns.pop((channel, interval, name), None)
        return self._held.pop((channel, interval, name), None)

    def on(self, channel: ChannelName, interval: Interval | None) -> list[Subscription]:
        """Those on a channel; of bars those of an interval, None for all."""
        return [s for s in self if s.channel == channel and interval in (None, s.interval)]

    def over(self, channel: ChannelName, symbol: str, interval: Interval | None = None) -> Subscription | None:
        """The subscription that decides over a symbol's topic, None where none covers it."""
        exact = self._held.get((channel, interval, symbol))
        if exact is not None:
            return exact
        newest_first = reversed(self._patterns.values())
        there = (channel, interval)
        return next((s for s in newest_first if (s.channel, s.interval) == there and matches(s.name, symbol)), None)
