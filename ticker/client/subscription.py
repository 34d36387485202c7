"""One subscription: what to ask for, which updates it takes, and where it goes on after a lost connection. No I/O."""

import re
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Literal

from ticker.client.buffer import EVENTS_MOST, Buffer
from ticker.client.errors import ClientError, SubscribeError
from ticker.client.place import Place
from ticker.client.updates import Gap, Published, Rejected, Trade, Update

Holding = tuple[str, str | None, str]  # how the service knows it: channel, interval, name as written
MaxRate = float | Literal["default"] | None


class Subscription:
    """What a caller asked for, and what came of it.

    After a lost connection trades go on from the last one that was seen (`since`), and what comes twice at the seam is
    told by symbol, epoch and seq. State needs no more than its current value.
    """

    def __init__(
        self,
        channel: str,
        names: Sequence[str],
        *,
        interval: str | None = None,
        max_rate: MaxRate = "default",
        snapshot: bool | int | None = None,
        fields: Sequence[str] | None = None,
    ) -> None:
        self.channel = channel
        self.names = tuple(dict.fromkeys(names))
        self.interval = interval
        self.error: ClientError | None = None
        self.on_news: Callable[[], None] = lambda: None
        self._options: dict[str, Any] = {} if max_rate == "default" else {"max_rate": max_rate}
        if fields is not None:
            self._options["fields"] = list(fields)
        self._snapshot = snapshot
        self._buffer = Buffer()
        self._matches = re.compile("|".join(re.escape(name).replace(r"\*", ".*") for name in self.names)).fullmatch
        self._place = Place()
        self._early: deque[Trade | Gap] = deque(maxlen=EVENTS_MOST)
        self._seen: dict[str, tuple[str | None, int]] = {}  # by symbol: the last trade's epoch and seq
        self._gaps: dict[str, Gap] = {}  # by symbol: the last one

    @property
    def holdings(self) -> set[Holding]:
        """As the service knows it."""
        return {(self.channel, self.interval, name) for name in self.names}

    def matches(self, symbol: str) -> bool:
        """Whether a symbol is one of the names, or described by one."""
        return self._matches(symbol) is not None

    def request(self, time: str) -> dict[str, Any]:
        """The request to send, without its id; `time` is the service's clock."""
        since = self._place.ask(time)
        self._early.clear()
        body = {"op": "subscribe", "channel": self.channel, "symbols": self.names, **self._options}
        if self.interval is not None:
            body["interval"] = self.interval
        if self.channel != "trades":
            # Asked for in so many words it also comes where another subscription has the symbol already.
            body["snapshot"] = True if since or self._snapshot is None else self._snapshot
        elif since is not None:
            body["since"] = since
        elif self._snapshot is not None:
            body["snapshot"] = self._snapshot
        return body

    def farewell(self, names: Sequence[str]) -> dict[str, Any]:
        """The request that gives up some of the names."""
        body = {"op": "unsubscribe", "channel": self.channel, "symbols": names}
        return body if self.interval is None else {**body, "interval": self.interval}

    def acknowledged(self, rejected: Sequence[Rejected], taken: Sequence[str]) -> None:
        """The service took the names `taken`; where that is none, the subscription is over."""
        if rejected and not taken:
            self.fail(SubscribeError(rejected[0].code, "; ".join(f"{r.symbol}: {r.reason}" for r in rejected[:10])))
            return
        self._place.begin()
        for rejection in rejected:
            self.tell(rejection)

    def synced(self) -> None:
        """What comes from now on is live."""
        self._place.synced()
        early = list(self._early)
        self._early.clear()
        for update in early:
            if len(early) == EVENTS_MOST and not self._follows(update):  # there was no room for those before it
                self.tell(_unknown_gap(update, "slow_consumer"))
            self.accept(update)

    def wait_for(self, first: "Subscription | None") -> None:
        """The service is about to answer `first`, of those to trades that it has not answered yet."""
        self._place.wait(another=first is not None and first is not self)

    def lost(self) -> None:
        """The connection is gone."""
        self._place.lost()
        self._early.clear()

    def accept(self, update: Published) -> None:
        """Keep an update of the channel, or a status, for the caller; what came before is dropped."""
        if isinstance(update, Trade | Gap):
            if not self._place.wants(update):
                return
            if self._place.is_early(update) and not self._follows(update):
                self._early.append(update)
                return
            if not self._is_new(update):
                return
            self._place.saw(update)
        self.tell(update)

    def tell(self, update: Update) -> None:
        """Keep an update for the caller."""
        self._buffer.put(update)
        self.on_news()

    def fail(self, error: ClientError) -> None:
        """It is over, once the caller has taken what came before."""
        self.error = error
        self.on_news()

    def take(self) -> Update | None:
        """The caller's next update; None where there is none yet."""
        return self._buffer.take()

    def _follows(self, update: Trade | Gap) -> bool:
        """Whether a trade is the very next one of its symbol."""
        return isinstance(update, Trade) and self._seen.get(update.symbol) == (update.epoch, update.seq - 1)

    def _is_new(self, update: Trade | Gap) -> bool:
        """Whether a trade or a gap was not seen yet; from now on it was."""
        symbol, seq = update.symbol, update.seq if isinstance(update, Trade) else update.to_seq
        if isinstance(update, Gap):
            if self._gaps.get(symbol) == update:
                return False
            self._gaps[symbol] = update
        epoch, last = self._seen.get(symbol, (None, 0))
        if epoch == update.epoch:
            if seq is None:  # of a gap that the service could not number
                return True
            if seq <= last:
                return False
        elif epoch is not None and isinstance(update, Trade):
            # A service that was restarted with an older clock may take a time that we name for one of its own.
            self.tell(_unknown_gap(update, "restart"))
        self._seen[symbol] = (update.epoch, seq or 0)
        return True


def _unknown_gap(update: Trade | Gap, reason: str) -> Gap:
    """The gap before an update where others are missing of which nobody told."""
    return Gap(
        channel=update.channel,
        symbol=update.symbol,
        epoch=update.epoch,
        received=update.received,
        from_seq=None,
        to_seq=None,
        missed=None,
        reason=reason,
    )
