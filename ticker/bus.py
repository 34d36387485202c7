"""Topics: each numbers its updates, keeps the newest and, for trades, the recent ones. Publishing is synchronous."""

from collections import deque
from typing import Literal, Protocol

from msgspec import Struct

from feeds.market import Gap, Quote, Stats, Trade
from feeds.timestamps import SECOND
from ticker.rows import Row

ChannelName = Literal["ticker", "quotes", "trades", "stats", "status"]
State = Literal["live", "quiet", "stale", "halted", "closed", "unknown"]
Reason = Literal["feed_disconnected", "feed_silent", "removed", "starting"]

CHANNELS: tuple[ChannelName, ...] = ("ticker", "quotes", "trades", "stats", "status")


class Status(Struct, frozen=True, gc=False):
    """A symbol's freshness: `since` when, and when its last market data was received; nanoseconds since 1970."""

    symbol: str
    received: int
    state: State
    reason: Reason | None
    since: int
    last_received: int | None
    time: None = None  # a state that we decide has no venue time


Value = Quote | Trade | Stats | Row | Status
Entry = tuple[int, Trade | Gap]


class Topic:
    """One channel of one symbol.

    `epoch` names the run of numbering: another run counts from 1 again. `seq` numbers the updates; 0: there was none
    yet. `history`, for trades alone, holds what is retained, oldest first, each with the topic's `seq` at the time:
    trades, and the gaps between them. `frame` and `snapshot` hold the bytes of the newest value once frames.py has
    made them.
    """

    __slots__ = ("channel", "epoch", "frame", "history", "seq", "snapshot", "symbol", "value")

    def __init__(self, channel: ChannelName, symbol: str, epoch: str, history: int) -> None:
        self.channel: ChannelName = channel
        self.symbol = symbol
        self.epoch = epoch
        self.seq = 0
        self.value: Value | None = None
        self.history: deque[Entry] | None = deque(maxlen=history) if channel == "trades" else None
        self.frame: bytes | None = None
        self.snapshot: bytes | None = None

    def __repr__(self) -> str:
        return f"<{self.channel} {self.symbol} #{self.seq}>"


class Listener(Protocol):
    """What hears of everything that is published, at once."""

    def published(self, topic: Topic) -> None:
        """The topic has a new value."""

    def lost(self, topic: Topic, gap: Gap) -> None:
        """Trades of the topic will not come."""


class Bus:
    """Makes topics, and publishes on them."""

    def __init__(self, epoch: str, listener: Listener, *, trades_kept: int, trades_kept_s: float) -> None:
        self._epoch = epoch
        self._listener = listener
        self._trades_kept = trades_kept
        self._trades_kept_ns = int(trades_kept_s * SECOND)
        self._histories: list[deque[Entry]] = []

    def topic(self, channel: ChannelName, symbol: str) -> Topic:
        """A new topic, without a value."""
        topic = Topic(channel, symbol, self._epoch, self._trades_kept)
        if topic.history is not None:
            self._histories.append(topic.history)
        return topic

    def prune(self, now: int) -> None:
        """Drop the trades that are too old to be kept, also of symbols that have no new ones."""
        for history in self._histories:
            self._drop_old(history, now)

    def publish(self, topic: Topic, value: Value) -> None:
        """Number the value, keep it as the topic's newest and hand it on, before this returns."""
        topic.seq += 1
        topic.value = value
        topic.frame = topic.snapshot = None
        if topic.history is not None:
            assert type(value) is Trade
            self._keep(topic.history, topic.seq, value)
        self._listener.published(topic)

    def announce(self, topic: Topic, gap: Gap) -> None:
        """Tell that trades of a topic were lost; the gap stands in the history between the trades around it."""
        assert topic.history is not None
        self._keep(topic.history, topic.seq, gap)
        self._listener.lost(topic, gap)

    def _keep(self, history: deque[Entry], seq: int, item: Trade | Gap) -> None:
        history.append((seq, item))
        self._drop_old(history, item.received)

    def _drop_old(self, history: deque[Entry], now: int) -> None:
        oldest = now - self._trades_kept_ns
        while history and history[0][1].received < oldest:
            history.popleft()
