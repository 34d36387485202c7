"""Whether a number may be trusted: each symbol's state, decided by market data alone.

live     data of the symbol flows
quiet    the symbol has not changed for a while, other symbols of its link prove the feed alive: the value stands
stale    the link is disconnected, or silent as a whole: the value is old. What changed in between was missed, so it
         stays stale until each of its state channels has spoken again, by data or by repeating what it said last
closed   the venue does not serve the symbol
unknown  nothing was received yet
"""

from collections.abc import Callable, Iterable

from feeds.market import Channel, LinkState
from feeds.timestamps import SECOND
from ticker.bus import Reason, State, Status


class Freshness:
    """One symbol's state. Times in nanoseconds since 1970."""

    __slots__ = ("awaited", "confirmed", "known", "last", "quiet_after", "reason", "since", "state", "symbol")

    def __init__(self, symbol: str, now: int, quiet_after: int) -> None:
        self.symbol = symbol
        self.state: State = "unknown"
        self.reason: Reason | None = "starting"
        self.since = now
        self.last: int | None = None
        self.confirmed = 0  # when the venue last repeated a value
        self.known: set[Channel] = set()  # state channels that have a value
        self.awaited: set[Channel] = set()  # those of them whose value may be from before an outage
        self.quiet_after = quiet_after

    def data(self, channel: Channel, now: int) -> bool:
        """Market data of the symbol came; whether that changes its state."""
        self.last = now
        if channel not in self.known and channel != "trades":  # events: the newest stays what it was, a loss is told
            self.known.add(channel)
        if self.awaited:
            self.awaited.discard(channel)
        return self.state != "live" and not self.awaited and self.become("live", None, now)

    def confirm(self, channel: Channel, now: int) -> None:
        """The venue repeated what it had said last on a channel."""
        self.awaited.discard(channel)
        self.confirmed = now

    def await_again(self) -> None:
        """What is known is from before an outage."""
        self.awaited = set(self.known)

    def become(self, state: State, reason: Reason | None, now: int) -> bool:
        """Take a state; whether that is a change."""
        if state == self.state and reason == self.reason:
            return False
        self.state, self.reason, self.since = state, reason, now
        return True

    def status(self, now: int) -> Status:
        """The state as it is published."""
        return Status(self.symbol, now, self.state, self.reason, self.since, self.last)


class _Link:
    """One connection's share of a feed's symbols, and how the connection is."""

    __slots__ = ("connected_at", "feed", "members", "outage_at", "stale")

    def __init__(self, feed: str, members: tuple[Freshness, ...], now: int) -> None:
        self.feed = feed
        self.members = members
        self.stale = False
        self.connected_at: int | None = None
        self.outage_at = now  # since when there is no connection that brought data

    def newest(self) -> int:
        """When any of its symbols last had data; 0: never."""
        return max((member.last for member in self.members if member.last is not None), default=0)

    def disconnected(self, now: int) -> None:
        """A connection that came and went without data has not ended the outage before it."""
        if self.connected_at is not None and self.newest() >= self.connected_at:
            self.outage_at = now
        self.connected_at = None


class Watch:
    """All symbols' states. What follows from data is asked of the symbol itself, the rest is decided here."""

    def __init__(self, *, disconnected_s: float, quiet_s: Callable[[str], float]) -> None:
        self._disconnected_after = int(disconnected_s * SECOND)
        self._quiet_s = quiet_s
        self._links: dict[tuple[str, int], _Link] = {}
        self.symbols: dict[str, Freshness] = {}

    def add_link(self, feed: str, link: int, symbols: Iterable[str], now: int) -> None:
        """A link that starts, with the symbols it carries; those that are there already keep their state."""
        members = tuple(self.symbols.get(symbol) or self._new(symbol, now) for symbol in symbols)
        self._links[feed, link] = _Link(feed, members, now)
        self.symbols.update((member.symbol, member) for member in members)

    def remove_links(self, feed: str) -> None:
        """A feed that has stopped. Its symbols stay as they are, for another link of theirs."""
        self._links = {key: link for key, link in self._links.items() if link.feed != feed}

    def remove(self, symbol: str) -> None:
        """A symbol that no link carries any more."""
        del self.symbols[symbol]

    def _new(self, symbol: str, now: int) -> Freshness:
        return Freshness(symbol, now, int(self._quiet_s(symbol) * SECOND))

    def stale_feeds(self) -> set[str]:
        """The feeds of which a link is disconnected or silent, or has brought nothing since."""
        return {link.feed for link in self._links.values() if link.stale}

    def link_state(self, event: LinkState) -> list[Freshness]:
        """A link connected, went, or fell silent; the symbols whose state changes at once."""
        link = self._links[event.feed, event.link]
        match event.state:
            case "connected":
                link.connected_at = event.received
                for member in link.members:
                    member.await_again()  # however short the outage was, something may have changed in it
                return [m for m in link.members if m.state == "unknown" and m.become("unknown", None, event.received)]
            case "silent":
                return self._stale(link, "feed_silent", event.received)
            case "disconnected":
                link.disconnected(event.received)
                return []

    def tick(self, now: int) -> list[Freshness]:
        """What follows from time alone; the symbols whose state changes."""
        changed: list[Freshness] = []
        for link in self._links.values():
            if link.connected_at is not None:
                changed += self._quiet(link, link.connected_at, now)
            elif now - link.outage_at >= self._disconnected_after:
                changed += self._stale(link, "feed_disconnected", now)
        return changed

    @staticmethod
    def _quiet(link: _Link, connected_at: int, now: int) -> list[Freshness]:
        newest = link.newest()
        link.stale = link.stale and newest < connected_at
        changed = []
        for member in link.members:
            # Without newer data of another symbol nothing proves the feed alive: that is silence, not quiet.
            silent = now - (member.last or 0) >= member.quiet_after > now - newest
            unchanged = member.state == "live" and silent and not member.awaited
            stands = member.state == "stale" and not member.awaited and member.confirmed >= connected_at <= newest
            # An outage too short to be told: what has not spoken again since may have changed in it.
            doubtful = member.state in ("live", "quiet") and member.awaited
            if unchanged or stands:
                member.become("quiet", None, now)
                changed.append(member)
            elif doubtful and now - connected_at >= member.quiet_after:
                member.become("stale", "feed_disconnected", now)
                changed.append(member)
        return changed

    @staticmethod
    def _stale(link: _Link, reason: Reason, now: int) -> list[Freshness]:
        link.stale = True
        changed = []
        for member in link.members:
            if member.state in ("live", "quiet"):
                member.become("stale", reason, now)
                member.await_again()
                changed.append(member)
            elif member.state == "unknown" and member.become("unknown", reason, now):
                changed.append(member)
        return changed
