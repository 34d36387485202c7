"""When things may go out: the flush, which batches by itself under load, and the cadences of thinned topics.

Times in nanoseconds.
"""

from feeds.timestamps import SECOND
from ticker.bus import Topic

MILLISECOND = SECOND // 1000


class FlushPace:
    """When the next flush may come: no sooner than the interval after the last, nor than the last one took.

    Under light load that is at once; under heavy load flushing takes no more than half the time, while a flush lasts
    less than the longest wait.
    """

    def __init__(self, interval_ms: float, wait_max_ms: float) -> None:
        self._interval = int(interval_ms * MILLISECOND)
        self._wait_max = int(wait_max_ms * MILLISECOND)
        self.not_before = 0
        self.wait = 0  # how long the last flush keeps the next one waiting, from its start

    def flushed(self, started: int, ended: int) -> None:
        """A flush began and ended at these times."""
        self.not_before = max(started + self._interval, ended + min(ended - started, self._wait_max))
        self.wait = self.not_before - started


class Cadence:
    """One delivery rate. A topic that was not sent for a full period goes at once, the others at the cadence's time."""

    def __init__(self, rate: float, phase: int = 0) -> None:
        self.rate = rate
        self.period = int(SECOND / rate)
        self.scheduled = False  # whether its next time is asked for
        self._phase = phase % self.period
        self._sent: dict[Topic, int] = {}
        self._waiting: dict[Topic, None] = {}

    def offer(self, topic: Topic, now: int) -> bool:
        """A topic has a new value: whether it may be sent now. If not, it waits."""
        if topic in self._waiting:
            return False
        if now - self._sent.get(topic, 0) < self.period:
            self._waiting[topic] = None
            return False
        self._sent[topic] = now
        return True

    def waits(self, topic: Topic) -> bool:
        """Whether a value of the topic is still to be sent."""
        return topic in self._waiting

    def forget(self, topic: Topic) -> None:
        """Nobody gets the topic at this rate any more."""
        self._waiting.pop(topic, None)
        self._sent.pop(topic, None)

    def next_at(self, now: int) -> int:
        """The cadence's next time."""
        return self._time(now) + self.period

    def due(self, now: int) -> list[Topic]:
        """The waiting topics that may go now; those sent less than a period ago wait for the next time."""
        time = self._time(now)
        return [topic for topic in self._waiting if time - self._sent[topic] >= self.period]

    def take(self, topic: Topic, now: int) -> bool:
        """A topic that was due is sent; whether it still waited for that."""
        if topic not in self._waiting:
            return False
        del self._waiting[topic]
        self._sent[topic] = self._time(now)
        return True

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def _time(self, now: int) -> int:
        """The cadence's time that `now` belongs to: timers come late, and one that is less late must not count less."""
        return now - (now - self._phase) % self.period
