"""The driver of feeds that need no network: asks a source what is due, publishes it, sleeps until there is more."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from feeds.counts import FeedCounts
from feeds.feed import Clock, Publish
from feeds.market import Event, Instrument, LinkState, Past
from feeds.timestamps import SECOND

STEPS_A_TURN = 200  # then the loop turns: some 2 ms, at 10 us to publish an update
SHORTEST_SLEEP_S = 0.001  # the event loop's timers are no finer
LATE_S = 1.0  # further behind than this, the schedule moves: a burst of old updates helps nobody


class Source(Protocol):
    """What is played: one link's events, in steps, each at its second since the start. No I/O on a socket, no clock."""

    @property
    def name(self) -> str:
        """The feed's name."""
        ...

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What the feed carries."""
        ...

    @property
    def counts(self) -> FeedCounts:
        """Where the source counts its updates."""
        ...

    @property
    def has_past(self) -> bool:
        """Whether it tells of the time before."""
        ...

    @property
    def next_at(self) -> float | None:
        """When the next step is due, in seconds since the start, never decreasing; None after the last."""
        ...

    def step(self, received: int) -> Sequence[Event]:
        """Make the next step: its events, perhaps none, with `received`, to be published at once."""
        ...


class Playback:
    """A feed that plays a source. A source that falls far behind is played later, not faster, with nothing left out.

    Run again, it goes on where it was stopped.
    """

    def __init__(self, source: Source, publish: Publish, clock: Clock) -> None:
        self.name = source.name
        self.instruments = source.instruments
        self.link_symbols: tuple[tuple[str, ...], ...] = (
            tuple(instrument.symbol for instrument in source.instruments),
        )
        self.counts = source.counts
        self.has_past = source.has_past
        self.tried = False
        self._source = source
        self._publish = publish
        self._clock = clock

    async def run(self) -> None:
        """Publish the source's events, each when it is due, until it ends."""
        started = self._clock() - int((self._source.next_at or 0) * SECOND)  # it may have been stopped midway
        if self.tried:
            self._publish(LinkState(self.name, 0, "connected", self._clock(), self.link_symbols[0]))
        while (at := self._source.next_at) is not None:
            elapsed_s = (self._clock() - started) / SECOND
            if elapsed_s - at > LATE_S:
                started += int((elapsed_s - at) * SECOND)
                elapsed_s = at
            self._take_turn(elapsed_s)
            self.tried = True
            await asyncio.sleep(self._pause_s(started))

    def _take_turn(self, elapsed_s: float) -> None:
        source, publish, clock = self._source, self._publish, self._clock
        for _ in range(STEPS_A_TURN):
            at = source.next_at
            if at is None or at > elapsed_s:
                return
            for event in source.step(clock()):
                self._note(event)
                publish(event)
                if type(event) is Past:  # as long as a whole turn's other steps
                    return

    def _note(self, event: Event) -> None:
        if isinstance(event, LinkState):
            self.counts.connections = int(event.state == "connected")
        elif not isinstance(event, Past):
            self.counts.last_data = event.received

    def _pause_s(self, started: int) -> float:
        at = self._source.next_at
        if at is None:
            return 0
        wait_s = at - (self._clock() - started) / SECOND
        return max(wait_s, SHORTEST_SLEEP_S) if wait_s > 0 else 0
