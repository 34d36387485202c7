"""How the feeds are, for GET /v1/status and for the metrics."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from feeds.feed import Feed
from feeds.timestamps import SECOND, rfc3339
from ticker.bus import State
from ticker.freshness import Freshness, Watch

FINE: tuple[State, ...] = ("live", "quiet")  # states in which a symbol's value stands


def symbol_states(feed: Feed, watch: Watch) -> Counter[State]:
    """How many of a feed's symbols are in each state."""
    return Counter(known.state for known in _known(feed, watch))


def feed_state(states: Mapping[State, int], *, stale: bool) -> State:
    """A feed's state as a whole: stale where one of its links is, else the best that any of its symbols has."""
    if stale:
        return "stale"
    return next((state for state in (*FINE, "stale", "halted", "unknown", "closed") if states.get(state)), "unknown")


def feed_age_s(feed: Feed, now: int) -> float | None:
    """Seconds since the feed's last market data; None before any."""
    return (now - feed.counts.last_data) / SECOND if feed.counts.last_data else None


def feed_report(feed: Feed, watch: Watch, now: int) -> dict[str, Any]:
    """One feed's entry in /v1/status."""
    counts, states = feed.counts, symbol_states(feed, watch)
    age = feed_age_s(feed, now)
    state = feed_state(states, stale=feed.name in watch.stale_feeds())
    told = () if state in FINE else (known for known in _known(feed, watch) if known.state in (state, "unknown"))
    example = next((known for known in told if known.reason), None)
    return {
        "feed": feed.name,
        "state": state,
        "reason": example.reason if example else None,
        "since": rfc3339(example.since) if example else None,
        "connections": counts.connections,
        "links": len(feed.link_symbols),
        "last_received": rfc3339(counts.last_data) if counts.last_data else None,
        "age_s": None if age is None else round(age, 3),
        "symbols": dict(states),
        "updates": dict(counts.updates),
        "reconnects": dict(counts.reconnects),
        "decode_errors": dict(counts.decode_errors),
        "unknown_messages": counts.unknown_messages,
        "sequence_gaps": counts.sequence_gaps,
        "rejected_symbols": counts.rejected_symbols,
        "received_bytes": counts.received_bytes,
    }


def _known(feed: Feed, watch: Watch) -> Iterator[Freshness]:
    return (watch.symbols[instrument.symbol] for instrument in feed.instruments)
