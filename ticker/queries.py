"""What the query of a REST request asks for, or a RequestError that says what is wrong with it."""

from collections.abc import Iterable, Mapping

from feeds.market import Interval
from ticker.bus import ChannelName, Topic
from ticker.directory import Directory, is_pattern
from ticker.errors import RequestError
from ticker.requests import Limits, interval_of

Query = Mapping[str, str]


def check_known(query: Query, *known: str) -> None:
    """Raises RequestError 400 for a parameter that would be ignored: it was meant to change the answer."""
    for key in query:
        if key not in known:
            there = ", ".join(known) or "none"
            raise RequestError(400, f"{key[:64]}: not offered here (yet); there is {there}")


def streams(query: Query, channels: Iterable[ChannelName], limits: Limits) -> list[tuple[ChannelName, Interval | None]]:
    """The channels, that of bars with the interval asked for. Raises RequestError 400 or 404."""
    interval = query.get("interval")
    if interval is not None and "bars" not in channels:
        raise RequestError(404, "interval: only bars have one")
    return [(c, interval_of(c, interval if c == "bars" else None, limits)) for c in channels]


def one_topic(query: Query, channel: ChannelName, directory: Directory, limits: Limits) -> Topic:
    """The topic of the one symbol asked for. Raises RequestError 400 or 404."""
    [(_, interval)] = streams(query, [channel], limits)
    name = query.get("symbol")
    if not name:
        raise RequestError(400, "symbol: say which, like ?symbol=binance:BTC-USDT")
    found = directory.topics(channel, name, interval) if not is_pattern(name) else ()
    if not found:
        raise RequestError(404, f"symbol: {directory.why_not(channel, name)}")
    return found[0]
