"""Clients whose transport is paused: what they miss is remembered in bounded space, and told when they drain.

They stay in their topics' audiences, so that those who keep up need not be told apart from them: what is put on their
write lists is taken back at the next flush, and remembered here as the topic's name or, for trades, as the event.
"""

from ticker import frames
from ticker.bus import Topic
from ticker.clients import Backlog, Client, Event
from ticker.counts import FanoutCounts


class SlowClients:
    """The paused clients. Times in nanoseconds."""

    def __init__(self, counts: FanoutCounts, *, deadline: int, messages: int, size: int) -> None:
        self._counts = counts
        self._deadline = deadline
        self._messages = messages
        self._size = size
        self._clients: dict[Client, None] = {}
        self._given: dict[bytes, Topic | Event] = {}  # what the frames are that came since the last taking back

    def __len__(self) -> int:
        return len(self._clients)

    @property
    def queued(self) -> int:
        """Events that wait for all of them together."""
        return sum(len(client.backlog) for client in self._clients if client.backlog is not None)

    def add(self, client: Client, now: int) -> None:
        """A client's transport wants no more."""
        client.backlog = Backlog(self._messages, self._size)
        client.buffered = client.sink.buffered
        client.deadline = now + self._deadline
        self._clients[client] = None

    def discard(self, client: Client) -> None:
        """A client that is gone, or drained."""
        client.backlog = None
        self._clients.pop(client, None)

    def given_value(self, topic: Topic) -> None:
        """A topic's newest value was put on write lists, perhaps on those of paused clients."""
        frame = frames.update(topic)
        if topic.history is None:
            self._given[frame] = topic
        else:
            assert topic.value is not None
            self._given[frame] = Event(topic, topic.seq, topic.value.received, 1, frame)

    def given_gap(self, gap: Event) -> None:
        """A gap was put on write lists, perhaps on those of paused clients."""
        self._given[gap.frame] = gap

    def take_back(self) -> None:
        """Take what they were given off the paused clients' write lists, and remember it."""
        if self._given:
            for client in self._clients:
                self.take_back_from(client)
            self._given.clear()

    def take_back_from(self, client: Client) -> None:
        """The same for one of them."""
        for frame in client.pending:
            given = self._given[frame]
            if isinstance(given, Event):
                self._event(client, given)
            else:
                self.changed(client, given)
                self._counts.sent[given.channel] -= 1
        client.pending.clear()

    def changed(self, client: Client, topic: Topic) -> None:
        """A state topic has a new value: the newest wins."""
        assert client.backlog is not None
        if topic in client.backlog.changed:
            self._counts.conflated[topic.channel, "slow"] += 1
        else:
            client.backlog.changed[topic] = None

    def _event(self, client: Client, event: Event) -> None:
        """A trade or a gap: kept in order, the oldest ones replaced by a gap where there are too many."""
        assert client.backlog is not None
        lost, gaps = client.backlog.add(event)
        self._counts.lost["slow_consumer"] += lost
        self._counts.gaps["slow_consumer"] += gaps
        if event.seq is not None:
            self._counts.sent[event.topic.channel] -= 1

    def look(self, now: int) -> list[tuple[Client, list[bytes]]]:
        """Who has drained, with the frames that bring it up to date; who made no progress in time is evicted."""
        self.take_back()
        drained: list[tuple[Client, list[bytes]]] = []
        for client in list(self._clients):
            sink = client.sink
            if sink.closed:
                self.discard(client)
                sink.resumed()
            elif not sink.paused:
                assert client.backlog is not None
                drained.append((client, client.backlog.drain(self._counts.sent)))
                self.discard(client)
            elif sink.buffered < client.buffered:
                client.buffered = sink.buffered
                client.deadline = now + self._deadline
            elif now >= client.deadline:
                self.discard(client)
                sink.evict()
        return drained
