"""The closed bars that are kept of one topic: packed, since there are hundreds of each symbol and interval."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import msgspec
from msgspec import Struct

from feeds.market import Bar, Interval
from ticker.room import Room


class _Packed(Struct, array_like=True, gc=False):
    """A closed bar and the seq with which it was told; what the topic knows is left out. Some 100 bytes as msgpack."""

    start: int
    seq: int
    received: int
    time: str | None
    open: str
    high: str
    low: str
    close: str
    volume: str | None
    trades: int | None


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(_Packed).decode


def _packed(seq: int, bar: Bar) -> bytes:
    return _pack(
        _Packed(bar.start, seq, bar.received, bar.time, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trades)
    )


def _figures(bar: Bar) -> list[Decimal]:
    """Prices and volume as numbers: venues do not write them with the same digits everywhere."""
    return [Decimal(figure or 0) for figure in (bar.open, bar.high, bar.low, bar.close, bar.volume)]


class BarHistory:
    """The newest bars of a symbol and interval, as far as there is room."""

    __slots__ = ("_interval", "_kept", "_room", "_symbol")

    def __init__(self, symbol: str, interval: Interval, room: Room) -> None:
        self._symbol = symbol
        self._interval: Interval = interval
        self._room = room
        room.topics += 1
        self._kept: list[bytes] = []  # by start

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Bar]:
        return (bar for _, bar in self._unpacked(self._kept))

    @property
    def oldest(self) -> Bar | None:
        """The one that begins first."""
        return next(iter(self), None)

    @property
    def latest(self) -> Bar | None:
        """The one that begins last."""
        return next((bar for _, bar in self.newest(1)), None)

    def forget(self) -> None:
        """Keep none, and leave the room to others: the symbol is no more."""
        self._room.kept -= len(self._kept)
        self._room.topics -= 1
        self._kept.clear()

    def drop_oldest(self) -> None:
        """Keep it no longer."""
        del self._kept[0]
        self._room.kept -= 1

    def keep(self, seq: int, bar: Bar) -> Bar | None:
        """A bar that was closed, or corrected: then it replaces the one that it was, which is returned."""
        packed = _packed(seq, bar)
        place = self._place(bar.start)
        old = next((old for _, old in self._unpacked(self._kept[place : place + 1]) if old.start == bar.start), None)
        if old is not None:
            self._kept[place] = packed
        else:
            self._kept.insert(place, packed)
            self._room.kept += 1
            self._make_room()
        return old

    def fill(self, seq: int, bars: Iterable[Bar]) -> list[Bar]:
        """Add bars that were closed before; those that differ from what is kept of their start are returned instead."""
        known = {
            bar.start: (packed, bar) for packed, (_, bar) in zip(self._kept, self._unpacked(self._kept), strict=True)
        }
        differing = []
        for bar in bars:
            if bar.start not in known:
                known[bar.start] = (_packed(seq, bar), bar)
            elif _figures(bar) != _figures(known[bar.start][1]):
                differing.append(bar)
        self._room.kept += len(known) - len(self._kept)
        self._kept = [known[start][0] for start in sorted(known)]
        self._make_room()
        return differing

    def newest(self, most: int) -> Sequence[tuple[int, Bar]]:
        """At most so many bars, oldest first, each with its seq."""
        return list(self._unpacked(self._kept[-most:])) if most > 0 else ()

    def _make_room(self) -> None:
        excess = max(0, len(self._kept) - self._room.most)
        del self._kept[:excess]
        self._room.kept -= excess

    def _place(self, start: int) -> int:
        """Where a bar belongs that begins then: at the end or close to it."""
        place = len(self._kept)
        while place and _unpack(self._kept[place - 1]).start >= start:
            place -= 1
        return place

    def _unpacked(self, some: Sequence[bytes]) -> Iterator[tuple[int, Bar]]:
        for bar in map(_unpack, some):
            yield (
                bar.seq,
                Bar(
                    self._symbol, bar.received, bar.time, self._interval, bar.start,
                    bar.open, bar.high, bar.low, bar.close, bar.volume, bar.trades, closed=True,
                ),
            )  # fmt: skip
