"""Replay: a venue's recorded capture as a feed, at its own pace or a multiple of it."""

from collections.abc import Callable, Sequence
from typing import Literal

import structlog
from pydantic import Field

from feeds.adapter import FeedOptions
from feeds.captures import Capture, Frame
from feeds.counts import FeedCounts
from feeds.errors import CaptureError
from feeds.market import Event, Instrument, LinkState, LinkStatus
from feeds.names import InstrumentNames

Read = Callable[[bytes, int], Sequence[Event]]
"""What a frame, received at a time in nanoseconds since 1970, gives to publish. Raises nothing: errors are counted."""


class ReplayOptions(FeedOptions):
    """The settings of a replay's stanza."""

    adapter: Literal["replay"]
    venue: Literal["binance", "coinbase", "kraken"] = Field(description="whose messages the capture holds")
    path: str = Field(min_length=1, description="the capture, plain or gzip")
    speed: float = Field(default=1.0, gt=0, allow_inf_nan=False, description="1 is its own pace, 10 ten times that")
    symbols: InstrumentNames = Field(description="instruments of the capture to publish, like BTC-USD")


class Replay:
    """A capture's frames as a Source: the link connects, says what was recorded, and disconnects.

    `connect` gives the decoding path of one connection, the same as a live one's; each connection in the capture
    gets its own. Raises CaptureError when the capture cannot be read; one that is damaged further on ends there.
    """

    def __init__(
        self,
        options: ReplayOptions,
        instruments: tuple[Instrument, ...],
        connect: Callable[[], Read],
        counts: FeedCounts,
    ) -> None:
        self.name = options.name
        self.instruments = instruments
        self.counts = counts
        self.has_past = False
        self.next_at: float | None = 0.0
        self._speed = options.speed
        self._symbols = tuple(instrument.symbol for instrument in instruments)
        self._connect = connect
        self._connections: dict[str, Read] = {}
        self._frames = iter(Capture(options.path))
        self._frame: Frame | None = None
        self._read_frames = 0
        self._log = structlog.get_logger("feed").bind(feed=options.name, path=options.path)

    def step(self, received: int) -> Sequence[Event]:
        """Connect at first, then one frame each; after the last one, disconnect."""
        if self._frame is None:
            events: Sequence[Event] = (self._link("connected", received),)
        else:
            events = self._read(self._frame, received)
        self._frame = self._next_frame()
        if self._frame is None:
            self.next_at = None
            return (*events, self._link("disconnected", received))
        self.next_at = self._frame.offset_s / self._speed
        return events

    def _read(self, frame: Frame, received: int) -> Sequence[Event]:
        self._read_frames += 1
        if frame.connection not in self._connections:
            self._connections[frame.connection] = self._connect()
        return self._connections[frame.connection](frame.data, received)

    def _next_frame(self) -> Frame | None:
        try:
            frame = next(self._frames, None)
        except CaptureError as problem:
            self._log.error(f"the capture is damaged; it ended after {self._read_frames} frames", problem=str(problem))
            return None
        if frame is None:
            self._log.info(f"the capture ended after {self._read_frames} frames")
        return frame

    def _link(self, state: LinkStatus, received: int) -> LinkState:
        return LinkState(self.name, 0, state, received, self._symbols)
