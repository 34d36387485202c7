"""Telling a client that what it has is still what it would get: entity tags and `If-None-Match` (RFC 9110, 13.1.2).

A tag stands for the versions of the topics asked for, so that it costs neither JSON nor a look at the values.
"""

import re
from collections.abc import Iterable
from hashlib import blake2b

from ticker.bus import Topic

# What stands before the quotation marks does not count: comparison is weak. A tag may have a comma in it.
OPAQUE = re.compile(r'"([\x21\x23-\x7e\x80-\xff]*)"')


def version(topic: Topic) -> str:
    """What changes with each of a topic's messages, and ends where the next topic's may begin."""
    version = f"{topic.channel} {topic.interval} {topic.symbol} {topic.epoch} {topic.seq} "
    if topic.history:  # what is retained also changes without a new seq: a gap comes, an old trade goes
        return f"{version}{len(topic.history)} {topic.history.entries[-1][1].received} "
    return version


def etag(versions: Iterable[str]) -> str:
    """The tag of some topics' current messages, by their versions. It never comes again once one of them has changed.

    It is weak: a big answer is put together in slices, and what changes meanwhile may be in it already. So a client
    may get twice what it has, and is never told that it has what it has not.
    """
    digest = blake2b("".join(versions).encode(), digest_size=12)
    return f'W/"{digest.hexdigest()}"'


def has_it(if_none_match: Iterable[str], tag: str) -> bool:
    """Whether one of the header's lines names the tag, or any tag at all."""
    line = ",".join(if_none_match).strip()
    return line == "*" or OPAQUE.findall(tag)[0] in OPAQUE.findall(line)
