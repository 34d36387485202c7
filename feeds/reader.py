"""One connection's frames, decoded and counted."""

from collections.abc import Sequence

import structlog

from feeds.adapter import Adapter, Notice, Numbered, Unknown
from feeds.counts import FeedCounts
from feeds.errors import DecodeError
from feeds.market import CHANNEL_OF, Quote, Stats, Trade, Update

NO_NOTICES: tuple[Notice, ...] = ()


class Complaints:
    """Says a thing once: the first frame of each kind that cannot be decoded is worth a log line, the rest a count."""

    def __init__(self, log: structlog.stdlib.BoundLogger) -> None:
        self._log = log
        self._said: set[str] = set()

    def undecodable(self, kind: str, problem: str, frame: bytes) -> None:
        """Log the first undecodable frame of a kind, with its beginning."""
        if kind not in self._said:
            self._said.add(kind)
            self._log.warning(
                "cannot decode a message; the rest goes on, later ones of this kind are only counted",
                kind=kind,
                problem=problem,
                frame=frame[:200].decode("utf-8", "replace"),
            )

    def sequence_gap(self, last: int, number: int) -> None:
        """Log the first hole in a venue's numbering of its frames."""
        if "sequence" not in self._said:
            self._said.add("sequence")
            self._log.warning(
                "frames of the venue are missing; trades among them are announced as lost, later holes only counted",
                after=last,
                before=number,
            )


class Reader:
    """Decodes the frames of one connection, tells updates from notices, and counts both."""

    def __init__(self, adapter: Adapter, counts: FeedCounts, complaints: Complaints) -> None:
        self._decode = adapter.decode
        self._counts = counts
        self._complaints = complaints
        self._last_number: int | None = None

    def read(self, frame: bytes, received: int) -> tuple[list[Update], Sequence[Notice]]:
        """Updates and notices of one frame, in its order; nothing of a frame that is late, repeated or undecodable."""
        counts = self._counts
        counts.received_bytes += len(frame)
        try:
            decoded = self._decode(frame, received)
        except DecodeError as error:
            self._undecodable(error.kind, str(error), frame)
            return [], NO_NOTICES
        except Exception as error:  # an adapter's bug costs the one frame, as a venue's would
            self._undecodable("adapter", repr(error), frame)
            return [], NO_NOTICES
        updates: list[Update] = []
        notices: list[Notice] | None = None
        for item in decoded:
            if type(item) is Quote or type(item) is Trade or type(item) is Stats:
                counts.updates[CHANNEL_OF[type(item)]] += 1
                updates.append(item)
            elif type(item) is Numbered:
                if not self._in_sequence(item.number):
                    return [], NO_NOTICES
            elif type(item) is Unknown:
                counts.unknown_messages += 1
            elif not isinstance(item, Quote | Trade | Stats):
                notices = notices or []
                notices.append(item)
        return updates, notices or NO_NOTICES

    def _undecodable(self, kind: str, problem: str, frame: bytes) -> None:
        self._counts.decode_errors[kind] += 1
        self._complaints.undecodable(kind, problem, frame)

    def _in_sequence(self, number: int) -> bool:
        last = self._last_number
        if last is not None and number <= last:
            return False
        if last is not None and number > last + 1:
            self._counts.sequence_gaps += 1
            self._complaints.sequence_gap(last, number)
        self._last_number = number
        return True
