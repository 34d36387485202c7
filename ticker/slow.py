"""Clients whose transport is paused: what they miss is remembered in bounded space, and told when they drain.

They stay in their topics' audiences, so that those who keep up need not be told apart from them: what is put on their
write lists is taken back at the next flush, and remembered here as the topic's name or, for trades and closed bars, as
what it is.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from feeds.market import Bar
from ticker import frames
from ticker.bus import Topic
from ticker.clients import Backlog, Client, Closed, Event
from ticker.counts import FanoutCounts

Given = Topic | Event | Closed


class SlowClients:
    """The paused clients. Times in nanoseconds."""

    def __init__(self, counts: FanoutCounts, *, deadline: int, messages: int, size: int) -> None:
        self._counts = counts
        self._deadline = deadline
        self._messages = messages
        self._size = size
        self.clients: dict[Client, None] = {}
        self._given: dict[bytes, Given] = {}  # what the frames are that came since the last flush began
        self._flushing: dict[bytes, Given] = {}  # and since the one before

    @property
    def queued(self) -> int:
        """Events that wait for all of them together."""
        return sum(len(client.backlog) for client in self.clients if client.backlog is not None)

    def add(self, client: Client, now: int) -> None:
        """A client's transport wants no more."""
        client.backlog = Backlog(self._messages, self._size)
        client.buffered = client.sink.buffered
        client.deadline = now + self._deadline
        self.clients[client] = None

    def discard(self, client: Client) -> None:
        """A client that is gone, or drained."""
        client.backlog = None
        self.clients.pop(client, None)

    def given_value(self, topic: Topic, frame: bytes) -> None:
        """A topic's newest value was put on write lists as this frame, perhaps on those of paused clients."""
        if type(topic.value) is Bar:
            self._given[frame] = Closed(topic, topic.value.start, frame)
        elif topic.history is None:
            self._given[frame] = topic
        else:
            assert topic.value is not None
            self._given[frame] = Event(topic, topic.seq, topic.value.received, 1, frame)

    def given_gap(self, gap: Event) -> None:
        """A gap was put on write lists, perhaps on those of paused clients."""
        self._given[gap.frame] = gap

    def flush_begins(self) -> None:
        """What was given so far is taken back until the flush ends; what comes meanwhile, then or with the next."""
        self._flushing, self._given = self._given, {}

    def take_back(self, client: Client) -> None:
        """Take what a paused client was given off its write list, and remember it."""
        pending = client.pending
        given = [self._given.get(frame) or self._flushing[frame] for frame in pending]
        pending.clear()
        self._remember(client, [topic for topic in given if isinstance(topic, Topic)])
        for event in given:
            if isinstance(event, Event):
                self._keep(client, event)
            elif isinstance(event, Closed):
                self._close(client, event)

    def _remember(self, client: Client, topics: list[Topic]) -> None:
        """State topics have new values: the newest wins."""
        assert client.backlog is not None
        changed = client.backlog.changed
        given = Counter(topic.channel for topic in topics)
        named = Counter(topic.channel for topic in set(topics) - changed.keys())
        changed.update(dict.fromkeys(topics))
        for channel, number in given.items():
            self._counts.sent[channel, client.encoding.framing] -= number
            if number > named[channel]:
                self._counts.conflated[channel, "slow"] += number - named[channel]

    def _keep(self, client: Client, event: Event) -> None:
        """A trade or a gap: kept in order, the oldest ones replaced by a gap where there are too many."""
        assert client.backlog is not None
        lost, gaps = client.backlog.add(event)
        self._counts.lost["slow_consumer"] += lost
        self._counts.gaps["slow_consumer"] += gaps
        if event.seq is not None:
            self._counts.sent[event.topic.channel, client.encoding.framing] -= 1

    def _close(self, client: Client, bar: Closed) -> None:
        """A bar was closed, or corrected: kept besides the next one."""
        assert client.backlog is not None
        self._counts.sent[bar.topic.channel, client.encoding.framing] -= 1
        merged = client.backlog.close(bar)
        if merged:
            self._counts.conflated[bar.topic.channel, "slow"] += merged

    def look(self, client: Client, now: int) -> Backlog | None:
        """What brings a client up to date that has drained; one that made no progress in time is evicted."""
        sink = client.sink
        if sink.closed:
            self.discard(client)
            sink.resumed()
        elif not sink.paused:
            self.take_back(client)
            backlog = client.backlog
            self.discard(client)
            return backlog
        elif sink.buffered < client.buffered:
            client.buffered = sink.buffered
            client.deadline = now + self._deadline
        elif now >= client.deadline:
            self.discard(client)
            sink.evict()
        return None

    def owe(self, client: Client, topics: Iterable[Topic]) -> None:
        """A drained client gets the newest values of these topics, step by step and before all else it waits for."""
        if not client.owed:
            client.joining.insert(0, self._newest(client))
        client.owed.update((topic, topic.seq) for topic in topics)

    def _newest(self, client: Client) -> Iterator[bytes]:
        while client.owed:
            topic, seq = client.owed.popitem()
            if topic.seq == seq and topic in client.topics:  # else a newer one is on its way without us
                self._counts.sent[topic.channel, client.encoding.framing] += 1
                yield frames.update(topic, client.encoding.choosing(client.topics[topic].fields))
