"""What requests to subscribe stand for in the directory: found, and checked against the limits, before any is taken."""

from collections.abc import Mapping, Sequence, Set

from msgspec import Struct

from ticker.bus import Topic
from ticker.directory import is_pattern
from ticker.errors import RequestError
from ticker.hub import Hub
from ticker.requests import PATTERNS_MOST, Subscribe
from ticker.subscriptions import Key


class Match(Struct, frozen=True):
    """The topics of each name or pattern that stands for some, or may later; and the names that stand for none."""

    wanted: Subscribe
    topics: Mapping[str, Sequence[Topic]]
    missing: Sequence[str]


def match(
    requests: Sequence[Subscribe],
    hub: Hub,
    patterns: Set[Key] = frozenset(),
    symbols: Set[str] = frozenset(),
) -> list[Match]:
    """What some requests stand for, of a client that has these patterns and symbols already.

    Raises RequestError 413 for more patterns or symbols than the client may hold, 429 for one set of fields too many.
    """
    for wanted in requests:
        named = {(wanted.channel, wanted.interval, name) for name in wanted.names if is_pattern(name)}
        patterns = patterns | named
        if len(patterns) > PATTERNS_MOST:
            raise RequestError(413, f"{len(patterns)} patterns in all; the limit is {PATTERNS_MOST}")
        hub.field_sets.check(wanted.options.fields)
    found = [_match(wanted, hub) for wanted in requests]
    _check_symbols(found, symbols, hub.limits.symbols_per_client)
    return found


def _match(wanted: Subscribe, hub: Hub) -> Match:
    topics = {name: hub.directory.topics(wanted.channel, name, wanted.interval) for name in wanted.names}
    missing = [name for name, found in topics.items() if not found and not is_pattern(name)]
    return Match(wanted, {name: found for name, found in topics.items() if found or is_pattern(name)}, missing)


def _check_symbols(matches: Sequence[Match], held: Set[str], limit: int) -> None:
    for name, topics in ((name, topics) for match in matches for name, topics in match.topics.items()):
        if len(topics) > limit:
            raise RequestError(413, f"{name!r} matches {len(topics)} symbols; the limit is {limit}")
    wanted = {topic.symbol for match in matches for topics in match.topics.values() for topic in topics}
    if len(held | wanted) > limit:
        more = f"{len(wanted - held)} more symbols and {len(held)} held"
        raise RequestError(413, f"{more} make {len(held | wanted)}; the limit is {limit}")
