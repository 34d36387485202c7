"""Pages of the retained trades, for those who ask once."""

from collections.abc import Iterable
from itertools import groupby

from feeds.timestamps import rfc3339
from ticker.bus import Topic
from ticker.encodings import payload
from ticker.errors import RequestError
from ticker.history import Retention
from ticker.retained import Found, newest, since

USUAL, MOST = 100, 1_000


def parse_limit(given: str | None) -> int:
    """How many messages a page has at most. Raises RequestError 400."""
    if given is None:
        return USUAL
    if given.isascii() and given.isdecimal() and len(given) <= len(str(MOST)) and 1 <= int(given) <= MOST:
        return int(given)
    raise RequestError(400, f"limit: a number from 1 to {MOST}")


def page(
    topic: Topic, received: int | None, now: int, limit: int, retention: Retention
) -> tuple[list[bytes], str | None]:
    """The messages of a page, oldest first, and the `since` of the next; None: this one ends with the newest.

    From the time `received` on, in nanoseconds; without one the newest. What was received together stands on one page,
    which may be shorter or, for that alone, longer: so the next one begins where this one ends.
    """
    if received is None:
        return _messages(newest(topic, limit, retention).read(retention.place)), None
    taken: list[Found] = []
    found = since(topic, received, now, retention).read(retention.place)
    for at, group in groupby(found, key=lambda one: one.item.received):
        together = list(group)
        if taken and len(taken) + len(together) > limit:
            return _messages(taken), rfc3339(at)
        taken += together
    return _messages(taken), None


def _messages(found: Iterable[Found]) -> list[bytes]:
    return [payload(one.frame()) for one in found]
