"""When things may go out: the flush, which batches by itself under load, and the cadences of thinned topics.

Times in nanoseconds.
"""

from math import ceil

from feeds.timestamps import SECOND
from ticker.bus import Topic
from ticker.encodings import WEBSOCKET, Encoding

MILLISECOND = SECOND // 1000


class FlushPace:
    """When the next flush may come: not before the interval is over, and half as long after the last as that took.

    Under light load that is at once; under heavy load flushing takes no more than two thirds of the time, while a
    flush lasts less than twice the longest wait. docs/performance.md has what a longer and a shorter wait give.
    """

    def __init__(self, interval_ms: float, wait_max_ms: float) -> None:
        self._interval = int(interval_ms * MILLISECOND)
        self._wait_max = int(wait_max_ms * MILLISECOND)
        self.not_before = 0
        self.wait = 0  # how long the last flush keeps the next one waiting, from its start

    def flushed(self, started: int, ended: int) -> None:
        """A flush began and ended at these times."""
        self.not_before = max(started + self._interval, ended + min((ended - started) // 2, self._wait_max))
        self.wait = self.not_before - started


class Cadence:
    """One delivery rate. A topic that was not sent for a full period goes at once, the others at the cadence's times.

    Those are a quarter of a period apart, and a value waits for the first that is a full period after the one before
    it. A topic that changes all the time goes a quarter later each time until it is in step with all others of that
    kind, at the phase: then they go together, in one write a client.
    """

    def __init__(self, rate: float, phase: int = 0, encoding: Encoding = WEBSOCKET) -> None:
        self.rate = rate
        self.encoding = encoding  # what its clients get
        self._quarter = ceil(SECOND / rate / 4)
        self.period = 4 * self._quarter
        self.scheduled = False  # whether its next time is asked for
        self.phase = phase % self.period
        self._sent: dict[Topic, int] = {}
        self._waiting: dict[Topic, int] = {}  # and until when
        self._turns: dict[int, dict[Topic, None]] = {}  # the same by time, which saves going through all that wait

    def offer(self, topic: Topic, now: int) -> bool:
        """A topic has a new value: whether it may be sent now. If not, it waits."""
        if topic in self._waiting:
            return False
        sent = self._sent.get(topic)
        if sent is None or now - sent >= self.period:
            self._sent[topic] = now
            return True
        turn = self._waiting[topic] = self._turn(sent)
        self._turns.setdefault(turn, {})[topic] = None
        return False

    def waits(self, topic: Topic) -> bool:
        """Whether a value of the topic is still to be sent."""
        return topic in self._waiting

    def drop(self, topic: Topic) -> bool:
        """The topic's value does not wait any more, if it did."""
        turn = self._waiting.pop(topic, None)
        if turn is not None:
            self._turns.get(turn, {}).pop(topic, None)
        return turn is not None

    def forget(self, topic: Topic) -> None:
        """Nobody gets the topic at this rate any more."""
        self.drop(topic)
        self._sent.pop(topic, None)

    def next_at(self, now: int) -> int:
        """The cadence's next time."""
        return self._time(now) + self._quarter

    def due(self, now: int) -> list[Topic]:
        """The topics whose turn it is, each told once: they are to be taken."""
        turns = [turn for turn in self._turns if turn <= now]
        return [topic for turn in turns for topic in self._turns.pop(turn)]

    def take(self, topic: Topic, now: int) -> bool:
        """A topic whose turn it was is sent; whether it still waited for that."""
        turn = self._waiting.get(topic)
        if turn is None or turn > now:
            return False
        del self._waiting[topic]
        # Timers come late, and one that is less late must not count less.
        self._sent[topic] = turn if now - turn < self.period else self._time(now)
        return True

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def _time(self, now: int) -> int:
        """The cadence's last time."""
        return now - (now - self.phase) % self._quarter

    def _turn(self, sent: int) -> int:
        """When a topic that was sent then may go again: a period later if it is in step, else up to a quarter more."""
        again = sent + self.period
        off = (again - self.phase) % self.period
        return again + self._quarter - off % self._quarter if off else again
