"""How the feeds are, for GET /v1/status and for the metrics."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from feeds.feed import Feed
from feeds.timestamps import SECOND, rfc3339
from ticker.bus import State
from ticker.freshness import Watch

FINE: tuple[State, ...] = ("live", "quiet")  # states in which a symbol's value stands


def symbol_states(feed: Feed, watch: Watch) -> Counter[State]:
    """How many of a feed's symbols are in each state."""
    return Counter(watch.symbols[instrument.symbol].state for instrument in feed.instruments)


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
    return {
        "feed": feed.name,
        "state": feed_state(states, stale=feed.name in watch.stale_feeds()),
        "connections": counts.connections,
        "links": len(feed.link_symbols),
        "last_received": rfc3339(counts.last_data) if counts.last_data else None,
        "age_s": None if age is None else round(age, 3),
        "symbols": dict(states),
        "updates": dict(counts.updates),
        "reconnects": dict(counts.reconnects),
        "decode_errors": dict(counts.decode_errors),
        "rejected_symbols": counts.rejected_symbols,
    }
