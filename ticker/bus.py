"""Topics: each numbers its updates, keeps the newest and, for trades, the recent ones. Publishing is synchronous."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, Protocol

from msgspec import Struct

from feeds.market import Bar, Gap, Interval, Quote, Stats, Trade
from ticker.bar_history import BarHistory
from ticker.encodings import Encoding
from ticker.history import PAST_TRADES, History, Retention
from ticker.room import Room
from ticker.rows import Row
from ticker.series import Series

ChannelName = Literal["ticker", "quotes", "trades", "bars", "stats", "status"]
State = Literal["live", "quiet", "stale", "halted", "closed", "unknown"]
Reason = Literal["feed_disconnected", "feed_silent", "removed", "starting"]

CHANNELS: tuple[ChannelName, ...] = ("ticker", "quotes", "trades", "bars", "stats", "status")


class Status(Struct, frozen=True, gc=False):
    """A symbol's freshness: `since` when, and when its last market data was received; nanoseconds since 1970."""

    symbol: str
    received: int
    state: State
    reason: Reason | None
    since: int
    last_received: int | None
    time: None = None  # a state that we decide has no venue time


Value = Quote | Trade | Stats | Row | Status | Bar | Series


class Topic:
    """One channel of one symbol; of bars one interval.

    `epoch` names the run of numbering: another run counts from 1 again. `seq` numbers the updates; 0: there was none
    yet. `history`, for trades alone, holds what is retained. `bars`, for bars alone, holds the closed ones; the value
    is the open one, or the one just closed. `audience` is who gets it, as the listener keeps that; None: nobody does.
    `frame` and `snapshot` hold the newest value's bytes for WebSockets once frames.py has made them, and `others` those
    in other encodings, with the seq that they belong to.
    """

    __slots__ = (
        "audience",
        "bars",
        "channel",
        "epoch",
        "frame",
        "history",
        "interval",
        "others",
        "seq",
        "snapshot",
        "symbol",
        "value",
    )

    def __init__(
        self, channel: ChannelName, symbol: str, epoch: str, interval: Interval | None = None, room: Room | None = None
    ) -> None:
        self.channel: ChannelName = channel
        self.interval: Interval | None = interval
        self.symbol = symbol
        self.epoch = epoch
        self.seq = 0
        self.value: Value | None = None
        self.history = History() if channel == "trades" else None
        self.bars = None if interval is None or room is None else BarHistory(symbol, interval, room)
        self.audience: Any = None
        self.frame: bytes | None = None
        self.snapshot: bytes | None = None
        self.others: tuple[int, dict[tuple[Encoding, bool], bytes]] = (0, {})

    def __repr__(self) -> str:
        return f"<{self.channel} {f'{self.interval} ' if self.interval else ''}{self.symbol} #{self.seq}>"


class Listener(Protocol):
    """What hears of what is published, at once."""

    def published(self, topic: Topic) -> None:
        """The topic, which has an audience, has a new value."""

    def lost(self, topic: Topic, gap: Gap) -> None:
        """Trades of the topic will not come."""


class Bus:
    """Makes topics, and publishes on them."""

    def __init__(self, epoch: str, listener: Listener, retention: Retention) -> None:
        self._epoch = epoch
        self._listener = listener
        self._retention = retention

    def renew(self, epoch: str) -> None:
        """Topics made from now on belong to another run of numbering: their symbols may have had others before."""
        self._epoch = epoch

    def topic(self, channel: ChannelName, symbol: str, interval: Interval | None = None) -> Topic:
        """A new topic, without a value; for bars of one interval."""
        return Topic(channel, symbol, self._epoch, interval, self._retention.bars)

    def publish(self, topic: Topic, value: Value) -> None:
        """Number the value, keep it as the topic's newest and hand it on, before this returns."""
        topic.seq += 1
        topic.value = value
        topic.frame = topic.snapshot = None
        if topic.history is not None:
            assert type(value) is Trade
            self._retention.keep(topic.history, topic.seq, value)
        if topic.audience is not None:  # most topics have none most of the time
            self._listener.published(topic)

    def divide_memory(self) -> None:
        """There are new topics: each has its share of what may be kept of the past."""
        self._retention.divide()

    @property
    def minutes(self) -> Room:
        """Where minutes are counted that are no topic's."""
        return self._retention.minutes

    def leave_room(self, topic: Topic) -> None:
        """Number a topic's trades so that there are numbers left for those of before."""
        assert topic.history is not None
        topic.seq = topic.history.base = PAST_TRADES

    def prepend(self, topic: Topic, trades: Sequence[Trade], now: int) -> None:
        """Retain trades from before the first that was published, oldest first. They are no news: nobody is told."""
        assert topic.history is not None
        self._retention.prepend(topic.history, trades, now)

    def close_bar(self, topic: Topic, bar: Bar) -> None:
        """Publish a bar that was closed or corrected, and keep it."""
        assert topic.bars is not None
        self.publish(topic, bar)
        topic.bars.keep(topic.seq, bar)

    def forget(self, topics: Iterable[Topic]) -> None:
        """Nothing is retained any more of topics whose symbol is no more."""
        for topic in topics:
            if topic.history is not None:
                self._retention.forget(topic.history)
            if topic.bars is not None:
                topic.bars.forget()

    def announce(self, topic: Topic, gap: Gap) -> None:
        """Tell that trades of a topic were lost; the gap stands in the history between the trades around it."""
        assert topic.history is not None
        self._retention.keep(topic.history, topic.seq, gap)
        self._listener.lost(topic, gap)
