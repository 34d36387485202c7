"""What one client holds: its subscriptions, and the topics that it gets for them.

The status topic of each symbol comes along with any subscription to the symbol, and goes with the last one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ticker.bus import ChannelName, Topic
from ticker.clients import Client, Joining
from ticker.directory import is_pattern, matches
from ticker.errors import RequestError
from ticker.hub import Hub
from ticker.requests import PATTERNS_MOST, Subscribe
from ticker.subscriptions import Subscription, Subscriptions


class Holdings:
    """One client's."""

    def __init__(self, hub: Hub, client: Client) -> None:
        self._directory = hub.directory
        self._fanout = hub.fanout
        self._counts = hub.counts
        self._limit = hub.limits.symbols_per_client
        self._client = client
        self._subscriptions = Subscriptions()

    def check_patterns(self, wanted: Subscribe) -> None:
        """Raises RequestError 413 where the client would hold more patterns than it may."""
        named = {(wanted.channel, name) for name in wanted.names if is_pattern(name)}
        patterns = len(self._subscriptions.patterns | named)
        if patterns > PATTERNS_MOST:
            raise RequestError(413, f"{patterns} patterns in all; the limit is {PATTERNS_MOST}")

    def check_limit(self, found: Mapping[str, Sequence[Topic]]) -> None:
        """Raises RequestError 413 where the client would hold more symbols than it may."""
        for name, topics in found.items():
            if len(topics) > self._limit:
                raise RequestError(413, f"{name!r} matches {len(topics)} symbols; the limit is {self._limit}")
        held = {topic.symbol for topic in self._client.topics}
        wanted = {topic.symbol for topics in found.values() for topic in topics}
        if len(held | wanted) > self._limit:
            more = f"{len(wanted - held)} more symbols and {len(held)} held"
            raise RequestError(413, f"{more} make {len(held | wanted)}; the limit is {self._limit}")

    def subscribe(self, wanted: Subscribe, found: Mapping[str, Sequence[Topic]]) -> int:
        """Take what was found for each name or pattern; how many symbols that is."""
        topics: dict[Topic, bool] = {}  # and whether its snapshot is due
        for name, matching in found.items():
            known = (wanted.channel, name) in self._subscriptions
            self._put(Subscription(wanted.channel, name, wanted.rate), known=known)
            for topic in matching:
                topics[topic] = topics.get(topic, False) or self._wants_snapshot(wanted, name, topic, known=known)
        self._fanout.join(self._client, self._take_in(topics))
        return len(topics)

    def held(self, channel: ChannelName, names: Sequence[str] | None) -> list[str]:
        """Which of these names as written are subscribed to on a channel; None for all that are."""
        wanted = self._subscriptions.names(channel) if names is None else names
        return [name for name in wanted if (channel, name) in self._subscriptions]

    def unsubscribe(self, channel: ChannelName, names: Sequence[str]) -> None:
        """Give up subscriptions by their names as written."""
        for name in names:
            subscription = self._subscriptions.remove(channel, name)
            if subscription is not None:
                self._counts.subscriptions[channel, subscription.kind] -= 1
        self._let_go(channel, names)

    def listing(self) -> list[dict[str, Any]]:
        """The subscriptions as `list` tells them, those of equal channel and options together."""
        grouped: dict[tuple[ChannelName, float | None], list[str]] = {}
        for subscription in self._subscriptions:
            grouped.setdefault((subscription.channel, subscription.rate), []).append(subscription.name)
        return [
            {"channel": channel, "interval": None, "symbols": names, "max_rate": rate, "fields": None}
            for (channel, rate), names in grouped.items()
        ]

    def end(self) -> None:
        """The client is gone; the fan-out knows."""
        for subscription in self._subscriptions:
            self._counts.subscriptions[subscription.channel, subscription.kind] -= 1

    def _put(self, subscription: Subscription, *, known: bool) -> None:
        if not known:
            self._counts.subscriptions[subscription.channel, subscription.kind] += 1
        self._subscriptions.put(subscription)

    def _wants_snapshot(self, wanted: Subscribe, name: str, topic: Topic, *, known: bool) -> bool:
        """Whether a subscription starts with the topic's snapshot.

        Trades that are live already are not told again, and a pattern's would be a flood: both only if asked.
        """
        if not wanted.snapshot:
            return False
        if topic.history is not None and (is_pattern(name) or topic in self._client.topics):
            return wanted.again
        return wanted.again or not known

    def _take_in(self, topics: Mapping[Topic, bool]) -> Iterator[Joining]:
        """Let topics go live, each symbol's status first; those that are live already go on.

        A status is told also to who wants no snapshot: what is subscribed to later counts on it.
        Decided topic by topic as the steps are taken: there may be thousands.
        """
        client = self._client
        for topic, snapshot in topics.items():
            deciding = self._subscriptions.over(topic.channel, topic.symbol)
            if deciding is None:  # given up meanwhile
                continue
            status = self._directory[topic.symbol].status
            if status not in client.topics and topic is not status:
                yield Joining(status, None, True)
            live = topic in client.topics
            if live:
                self._fanout.change_rate(client, topic, deciding.rate)
            if snapshot or not live:
                yield Joining(topic, deciding.rate, snapshot or (topic is status and not live))

    def _let_go(self, channel: ChannelName, names: Sequence[str]) -> None:
        """Leave the topics that just these names covered, and fall back to what still covers the others."""
        exact, patterns = set(names), [name for name in names if is_pattern(name)]
        for topic in [topic for topic in self._client.topics if topic.channel == channel]:
            if topic.symbol not in exact and not any(matches(pattern, topic.symbol) for pattern in patterns):
                continue
            deciding = self._subscriptions.over(channel, topic.symbol)
            if deciding is not None:
                self._fanout.change_rate(self._client, topic, deciding.rate)
            elif not self._accompanies(topic):
                self._fanout.leave(self._client, topic)
                self._let_status_go(topic.symbol)

    def _let_status_go(self, symbol: str) -> None:
        status = self._directory[symbol].status
        if self._subscriptions.over("status", symbol) is None and not self._accompanies(status):
            self._fanout.leave(self._client, status)

    def _accompanies(self, topic: Topic) -> bool:
        """Whether it is the status of a symbol of which the client still gets data."""
        if topic.channel != "status":
            return False
        market = self._directory[topic.symbol]
        return any(other in self._client.topics for other in market.topics.values() if other is not topic)
