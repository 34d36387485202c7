"""The choice of fields: which there are, and how many different choices the service bears."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ticker.bus import ChannelName
from ticker.directory import nearest
from ticker.encodings import Fields
from ticker.errors import RequestError
from ticker.messages import (
    ALWAYS,
    BarMessage,
    DataMessage,
    QuoteMessage,
    StatsMessage,
    StatusMessage,
    TickerMessage,
    TradeMessage,
)

KINDS: Mapping[ChannelName, type[DataMessage]] = {
    "ticker": TickerMessage,
    "quotes": QuoteMessage,
    "trades": TradeMessage,
    "bars": BarMessage,
    "stats": StatsMessage,
    "status": StatusMessage,
}
PAYLOAD: Mapping[ChannelName, tuple[str, ...]] = {
    channel: tuple(name for name in kind.__struct_fields__ if name not in ALWAYS) for channel, kind in KINDS.items()
}


def parse_fields(given: Any, channel: ChannelName) -> Fields | None:
    """The fields that a request wants of a channel; None: all. Raises RequestError 400."""
    if given is None:
        return None
    if not isinstance(given, list) or not given or not all(isinstance(name, str) for name in given):
        raise RequestError(400, f"fields: null for all, or a list of at least one of {', '.join(PAYLOAD[channel])}")
    for name in given:
        if name not in PAYLOAD[channel] and name not in ALWAYS:
            guess = nearest(name, PAYLOAD[channel])
            meant = f"did you mean {guess}?" if guess else "there are " + ", ".join(PAYLOAD[channel])
            raise RequestError(400, f"fields: {channel} has no {name[:64]!r}; {meant}")
    wanted = frozenset(given).intersection(PAYLOAD[channel])
    return None if len(wanted) == len(PAYLOAD[channel]) else wanted


def in_order(fields: Fields | None, channel: ChannelName) -> list[str] | None:
    """The fields as a reply tells them, in the order of the messages."""
    return None if fields is None else [name for name in PAYLOAD[channel] if name in fields]


class FieldSets:
    """The different choices that the service's clients have made: each costs an encoding for every update."""

    def __init__(self, most: int = 64) -> None:
        self.most = most
        self._held: Counter[Fields] = Counter()

    def __len__(self) -> int:
        return len(self._held)

    def check(self, fields: Fields | None) -> None:
        """Raises RequestError 429 for a choice that would be one too many."""
        if fields is not None and fields not in self._held and len(self._held) >= self.most:
            reason = f"clients have chosen {self.most} different sets of fields, which is the limit; leave fields out"
            raise RequestError(429, reason)

    def take(self, fields: Fields | None) -> None:
        """One more subscription has made a choice."""
        if fields is not None:
            self._held[fields] += 1

    def give_up(self, fields: Fields | None) -> None:
        """A subscription that had made a choice is no more."""
        if fields is not None:
            self._held[fields] -= 1
            if not self._held[fields]:
                del self._held[fields]
