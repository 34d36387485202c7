"""Which topics reach one client: how they go live as its subscriptions decide, and how it is rid of them again.

The status topic of each symbol comes along with any subscription to the symbol, and goes with the last one. What is
told of the past comes in slices, as the client takes them (ticker/joining.py), and is decided as late.
"""

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence

import structlog

from feeds.market import Interval
from ticker.bus import ChannelName, Topic
from ticker.clients import Client, Joining, Options, Step
from ticker.directory import Market, is_pattern, matches
from ticker.hub import Hub
from ticker.retained import Loss, Reader, Reason, merged, newest, since
from ticker.subscriptions import Subscriptions

ALL = 2**53  # more trades than there are

log = structlog.get_logger("session")


class Intake:
    """One client's."""

    def __init__(self, hub: Hub, client: Client, subscriptions: Subscriptions) -> None:
        self._hub = hub
        self._fanout = hub.fanout
        self._client = client
        self._subscriptions = subscriptions
        self._has_left_out = False

    def take_in(self, topics: Mapping[Topic, int]) -> None:
        """Let topics go live, each with so many of its newest values; those that are live already go on."""
        self._fanout.join(self._client, self._taking_in(topics))

    def resume(self, topics: Collection[Topic], received: int) -> None:
        """Tell the trades since a time, and then let the topics go live, all at one point."""
        self._fanout.join(self._client, self._resuming(topics, received))

    def take_in_new(self, markets: Sequence[Market]) -> None:
        """Take in the markets that there are from now on, where a pattern covers them."""
        self._fanout.join(self._client, self._taking_in_new(markets))

    def let_go(self, channel: ChannelName, interval: Interval | None, names: Sequence[str]) -> None:
        """Leave the topics that just these names covered, and fall back to what still covers the others."""
        exact, patterns = set(names), [name for name in names if is_pattern(name)]
        for topic in [t for t in self._client.topics if (t.channel, t.interval) == (channel, interval)]:
            if topic.symbol not in exact and not any(matches(pattern, topic.symbol) for pattern in patterns):
                continue
            options = self._options(topic)
            if options is not None:
                self._fanout.change(self._client, topic, options)
            elif self._accompanies(topic):
                self._fanout.change(self._client, topic, Options())
            else:
                self._fanout.leave(self._client, topic)
                self._let_status_go(topic.symbol)

    def _let_status_go(self, symbol: str) -> None:
        status = self._hub.directory[symbol].status
        if self._subscriptions.over("status", symbol) is None and not self._accompanies(status):
            self._fanout.leave(self._client, status)

    def _accompanies(self, topic: Topic) -> bool:
        """Whether it is the status of a symbol of which the client still gets data."""
        if topic.channel != "status":
            return False
        market = self._hub.directory[topic.symbol]
        return any(other in self._client.topics for other in market.all_topics() if other is not topic)

    def _taking_in(self, topics: Mapping[Topic, int]) -> Iterator[Step]:
        """A status is told also to who wants no snapshot: what is subscribed to later counts on it.

        Decided topic by topic as the steps are taken: there may be thousands. But trades go live all at one point,
        told in publish order before: a client that is cut resumes all of them behind the newest that it has.
        """
        topic: Topic
        readers: dict[Reader, Options] = {}
        untold: list[Joining] = []
        changes = self._subscriptions.changes
        for topic, number in topics.items():
            options = self._options(topic)
            if options is None or not self._hub.directory.has(topic):  # given up, or gone, meanwhile
                continue
            is_status, live = topic.channel == "status", topic in self._client.topics
            if not is_status:
                yield self._status(topic.symbol)
            if live:
                self._fanout.change(self._client, topic, options)
            if topic.history is not None and number:
                self._fanout.leave(self._client, topic)
                readers[newest(topic, number, self._hub.retention)] = options
            elif topic.history is not None and not live:
                untold.append(Joining(topic, options, 0))
            elif number or not live:
                yield Joining(topic, options, number or int(is_status and not live))
        if readers or untold:
            yield from self._reading(readers, changes, untold)

    def _resuming(self, topics: Collection[Topic], received: int) -> Iterator[Step]:
        """What is live already is told again from there on, and live again behind that: else it would get ahead."""
        hub, readers, changes = self._hub, {}, self._subscriptions.changes
        for topic in filter(hub.directory.has, topics):
            yield self._status(topic.symbol)
            if (options := self._options(topic)) is not None:
                self._fanout.leave(self._client, topic)
                readers[since(topic, received, hub.clock(), hub.retention)] = options
        told = yield from self._reading(readers, changes)
        result = next((reason for reason in ("restart", "retention") if reason in told), "complete")
        hub.counts.resumes[result] += 1

    def _reading(
        self, readers: Mapping[Reader, Options], changes: int, untold: Iterable[Joining] = ()
    ) -> Generator[Step, None, set[Reason]]:
        """What readers come upon, and then their topics and the untold live; why something was missing, if it was.

        The options were decided on after so many `changes` of the subscriptions.
        """
        counts, told = self._fanout.counts, set()
        joinings = {reader.topic: Joining(reader.topic, options, 0) for reader, options in readers.items()}
        for found in merged(list(readers), self._hub.retention):
            if isinstance(found.item, Loss):
                told.add(found.item.reason)
                counts.gaps[found.item.reason] += 1
                counts.lost[found.item.reason] += found.item.missed or 0
            fields = joinings[found.topic].options.fields
            yield found.frame(self._client.encoding.choosing(fields))
        joinings.update((joining.topic, joining) for joining in untold)
        # Nothing was published since the last look, and nothing can be before these are live.
        there = list(filter(self._hub.directory.has, joinings))
        if self._subscriptions.changes == changes:
            yield [joinings[topic] for topic in there]
        else:
            covered = ((topic, self._options(topic)) for topic in there)
            yield [Joining(topic, options, 0) for topic, options in covered if options is not None]
        return told

    def _taking_in_new(self, markets: Iterable[Market]) -> Iterator[Step]:
        limit = self._hub.limits.symbols_per_client
        held = len({topic.symbol for topic in self._client.topics})
        for market in markets:
            topics = {topic: ALL for topic in market.all_topics() if self._options(topic) is not None}
            if not topics:
                yield []
            elif held < limit:
                held += 1
                yield from self._taking_in(topics)
            elif not self._has_left_out:
                self._has_left_out = True
                log.warning(
                    "new symbols are left out: the client has all it may", session=self._client.name, limit=limit
                )

    def _options(self, topic: Topic) -> Options | None:
        """Those of the subscription that decides over a topic, None where none covers it."""
        deciding = self._subscriptions.over(topic.channel, topic.symbol, topic.interval)
        return None if deciding is None else deciding.options

    def _status(self, symbol: str) -> list[Joining]:
        """The status of a symbol that goes live, unless it is."""
        status = self._hub.directory[symbol].status
        if status in self._client.topics:
            return []
        return [Joining(status, self._options(status) or Options(), 1)]
