"""Who waits for the next change of some topics, and is woken by it, once."""

from collections.abc import Callable, Collection

from ticker.bus import Topic


class Waiter:
    """One who waits; an audience holds it for each of its topics."""

    __slots__ = ("topics", "wake")

    def __init__(self, topics: Collection[Topic], wake: Callable[[], None]) -> None:
        self.topics = topics
        self.wake = wake
