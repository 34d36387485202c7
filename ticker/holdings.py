"""What one client holds: its subscriptions, within the limits. What it gets for them: ticker/intake.py."""

from collections.abc import Sequence
from typing import Any

from feeds.market import Interval
from ticker.bus import ChannelName, Topic
from ticker.clients import Client, Options
from ticker.directory import Market, is_pattern
from ticker.fields import in_order
from ticker.hub import Hub
from ticker.intake import Intake
from ticker.matching import Match, match
from ticker.requests import Subscribe
from ticker.subscriptions import Subscription, Subscriptions, subscription_to


def told(options: Options, channel: ChannelName) -> dict[str, Any]:
    """The options in effect, as replies tell them."""
    return {"max_rate": options.rate, "fields": in_order(options.fields, channel)}


class Holdings:
    """One client's."""

    def __init__(self, hub: Hub, client: Client) -> None:
        self._hub = hub
        self._counts = hub.counts
        self._client = client
        self._subscriptions = Subscriptions()
        self._intake = Intake(hub, client, self._subscriptions)
        hub.followers[self] = None

    def match(self, wanted: Subscribe) -> Match:
        """What a request stands for. Raises RequestError 413 or 429 where the client would hold more than it may."""
        symbols = {topic.symbol for topic in self._client.topics}
        [found] = match([wanted], self._hub, self._subscriptions.patterns, symbols)
        return found

    def subscribe(self, found: Match) -> int:
        """Take what was found for each name or pattern; how many symbols that is."""
        wanted = found.wanted
        topics: dict[Topic, int] = {}  # and how many of its values come first
        for name, matching in found.topics.items():
            known = self._put(subscription_to(wanted.channel, name, wanted.options, wanted.interval))
            for topic in matching:
                topics[topic] = max(topics.get(topic, 0), self._snapshot(wanted, name, topic, known=known))
        if wanted.since is None:
            self._intake.take_in(topics)
        else:
            self._intake.resume(topics, wanted.since)
        return len(topics)

    def appeared(self, markets: Sequence[Market]) -> None:
        """There are new markets, which the client's patterns may cover; by name it may hold one that is back."""
        if not self._subscriptions.patterns:
            names = {subscription.name for subscription in self._subscriptions}
            markets = [market for market in markets if market.instrument.symbol in names]
        if markets:
            self._intake.take_in_new(markets)

    def held(
        self, channel: ChannelName, interval: Interval | None, names: Sequence[str] | None
    ) -> Sequence[Subscription]:
        """The subscriptions on a channel and, of bars, interval, by these names as written; None for all there are."""
        held = self._subscriptions.on(channel, interval)
        return held if names is None else [subscription for subscription in held if subscription.name in names]

    def unsubscribe(self, subscriptions: Sequence[Subscription]) -> None:
        """Give subscriptions up."""
        by_stream: dict[tuple[ChannelName, Interval | None], list[str]] = {}
        for subscription in subscriptions:
            channel, interval, name = subscription.key
            self._subscriptions.remove(channel, name, interval)
            self._give_up(subscription)
            by_stream.setdefault((channel, interval), []).append(name)
        for (channel, interval), names in by_stream.items():
            self._intake.let_go(channel, interval, names)

    def listing(self) -> list[dict[str, Any]]:
        """The subscriptions as `list` tells them, those of equal channel, interval and options together."""
        grouped: dict[tuple[ChannelName, Interval | None, Options], list[str]] = {}
        for one in self._subscriptions:
            grouped.setdefault((one.channel, one.interval, one.options), []).append(one.name)
        return [
            {"channel": channel, "interval": interval, "symbols": names, **told(options, channel)}
            for (channel, interval, options), names in grouped.items()
        ]

    def end(self) -> None:
        """The client is gone; the fan-out knows."""
        self._hub.followers.pop(self, None)
        for subscription in self._subscriptions:
            self._give_up(subscription)

    def _put(self, subscription: Subscription) -> bool:
        """Hold a subscription; whether it was held before, with whatever options."""
        replaced = self._subscriptions.put(subscription)
        self._hub.field_sets.take(subscription.options.fields)
        if replaced is None:
            self._counts.subscriptions[subscription.channel, subscription.kind] += 1
        else:
            self._hub.field_sets.give_up(replaced.options.fields)
        return replaced is not None

    def _give_up(self, subscription: Subscription) -> None:
        self._hub.field_sets.give_up(subscription.options.fields)
        self._counts.subscriptions[subscription.channel, subscription.kind] -= 1

    def _snapshot(self, wanted: Subscribe, name: str, topic: Topic, *, known: bool) -> int:
        """With how many of a topic's values a subscription starts.

        Trades that are live already are not told again, and a pattern's would be a flood: both only if asked.
        """
        if wanted.snapshot is not None:
            return wanted.snapshot
        if topic.history is None:
            return 0 if known else 1
        told = known or is_pattern(name) or topic in self._client.topics
        return 0 if told else self._hub.limits.snapshot_trades
