"""Who waits for the next change of some topics, and is woken by it, once."""

from collections.abc import Callable, Collection

from ticker.bus import Topic


class Waiter:
    """One who waits."""

    __slots__ = ("topics", "wake")

    def __init__(self, topics: Collection[Topic], wake: Callable[[], None]) -> None:
        self.topics = topics
        self.wake = wake


class Waiters:
    """Everyone who does."""

    def __init__(self) -> None:
        self.of: dict[Topic, dict[Waiter, None]] = {}

    def add(self, waiter: Waiter) -> None:
        """Wake this one when one of its topics changes."""
        for topic in waiter.topics:
            self.of.setdefault(topic, {})[waiter] = None

    def discard(self, waiter: Waiter) -> None:
        """This one waits no more."""
        for topic in waiter.topics:
            waiting = self.of.get(topic)
            if waiting is not None:
                waiting.pop(waiter, None)
                if not waiting:
                    del self.of[topic]

    def changed(self, topic: Topic) -> None:
        """A topic has a new value, or a gap."""
        for waiter in list(self.of.get(topic, ())):
            self.discard(waiter)
            waiter.wake()
