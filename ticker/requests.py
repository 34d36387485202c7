"""A client's request, read and checked: what it asks for, or a RequestError that says what is wrong with it."""

from collections.abc import Mapping
from sys import intern
from typing import Any, TypeGuard, get_args

import orjson
from msgspec import Struct

from feeds.market import Interval
from feeds.timestamps import nanoseconds
from ticker.bus import CHANNELS, ChannelName
from ticker.clients import Options
from ticker.directory import is_pattern, nearest
from ticker.errors import RequestError
from ticker.fields import parse_fields
from ticker.rates import UNTHINNED, Rates

PATTERNS_MOST = 100  # a client's: each is held against every symbol there is, and costs memory though nothing matches
NO_TIME = "an RFC 3339 time in UTC with at most nine fraction digits, like 2026-08-09T21:05:48.026294000Z"

FIELDS: Mapping[str, tuple[str, ...]] = {
    "subscribe": ("channel", "symbols", "interval", "max_rate", "snapshot", "since", "fields"),
    "unsubscribe": ("channel", "symbols", "interval"),
    "list": (),
    "ping": (),
}

RequestId = int | str | None


class Request(Struct, frozen=True):
    """A request whose common fields are well-formed; `body` holds the rest, still to be read."""

    op: str
    id: RequestId
    body: dict[str, Any]
    warnings: list[str]


class Subscribe(Struct, frozen=True):
    """What to subscribe to, with the options in effect.

    `snapshot` is how many values are wanted first, where the request says so; None: what is usual. `since` is from
    when on trades are wanted, in nanoseconds since 1970. `interval` is that of bars.
    """

    channel: ChannelName
    names: tuple[str, ...]
    options: Options
    snapshot: int | None = None
    since: int | None = None
    warnings: tuple[str, ...] = ()
    interval: Interval | None = None


class Limits(Struct, frozen=True):
    """What one client may ask for; the figures of config/ticker.toml's section [limits].

    `snapshot_trades`, of the section [history], is how many trades it gets that does not say how many. `intervals`,
    of the section [bars], are those of the bars on offer.
    """

    symbols_per_client: int = 2_000
    symbols_per_request: int = 1_000
    message_bytes: int = 65_536
    requests_per_second: float = 20
    requests_burst: int = 200
    pattern_length: int = 64
    pattern_stars: int = 4
    snapshot_trades: int = 50
    intervals: tuple[Interval, ...] = ("1m", "5m", "1h", "1d")


def read(text: bytes) -> dict[str, Any]:
    """The JSON object of a text frame. Raises RequestError 400."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise RequestError(400, f"not JSON: {error}") from None
    if not isinstance(message, dict):
        raise RequestError(400, "a request is a JSON object, like " + '{"op":"ping"}')
    return message


def request_id(message: Mapping[str, Any]) -> RequestId:
    """The request's id. Raises RequestError 400 for one that is neither an integer nor a short string."""
    given = message.get("id")
    if given is None or (isinstance(given, str) and len(given) <= 64):
        return given
    if isinstance(given, int) and not isinstance(given, bool) and abs(given) < 2**53:
        return given
    raise RequestError(400, "id: an integer below 2^53, or a string of at most 64 characters")


def parse(message: dict[str, Any]) -> Request:
    """Check what all requests have in common. Raises RequestError 400 or 405."""
    identity = request_id(message)
    op = message.get("op")
    if not isinstance(op, str):
        raise RequestError(400, "op: a string, one of " + ", ".join(FIELDS))
    if op == "auth":
        raise RequestError(400, "op: tokens are not offered yet; this server needs none")
    if op not in FIELDS:
        guess = nearest(op, FIELDS)
        raise RequestError(405, f"no such op; did you mean {guess}?" if guess else "no such op: " + ", ".join(FIELDS))
    known = ("op", "id", *FIELDS[op])
    unknown = [name for name in message if name not in known]
    return Request(op, identity, message, [_unknown_field(name, known) for name in unknown[:10]])


def parse_subscribe(body: Mapping[str, Any], limits: Limits, rates: Rates) -> Subscribe:
    """Check a subscribe request. Raises RequestError 400, 404 or 413."""
    channel = _channel(body)
    interval = interval_of(channel, body.get("interval"), limits)
    warnings: list[str] = []
    since = _since(body, channel, warnings)
    options = Options(_rate(body, channel, rates, warnings), parse_fields(body.get("fields"), channel))
    names, snapshot = _names(body, limits), _snapshot(body, channel, limits)
    return Subscribe(channel, names, options, snapshot, since, tuple(warnings), interval)


def parse_unsubscribe(
    body: Mapping[str, Any], limits: Limits
) -> tuple[ChannelName, Interval | None, tuple[str, ...] | None]:
    """Check an unsubscribe request: channel, interval or None for each, and names or None for all.

    Raises RequestError 400, 404 or 413.
    """
    channel, interval = _channel(body), None
    if body.get("interval") is not None:
        interval = interval_of(channel, body["interval"], limits)
    return channel, interval, None if body.get("symbols") is None else _names(body, limits)


def channel_named(name: str) -> ChannelName:
    """The channel of that name. Raises RequestError 404."""
    if _is_channel(name):
        return name
    guess = nearest(name, CHANNELS)
    raise RequestError(
        404, "no such channel; " + (f"did you mean {guess}?" if guess else "one of " + ", ".join(CHANNELS))
    )


def interval_of(channel: ChannelName, given: object, limits: Limits) -> Interval | None:
    """The interval that a request means: one on offer for bars, none for what is no bars. Raises RequestError."""
    if channel != "bars":
        if given is None:
            return None
        raise RequestError(404, f"interval: {channel} have none; only bars do")
    offered = limits.intervals
    if not offered:
        raise RequestError(404, "channel: bars are switched off here, in [bars] intervals")
    if not isinstance(given, str):
        raise RequestError(400, "interval: bars need one of " + ", ".join(offered))
    if not _is_interval(given) or given not in offered:
        here = " here" if given in get_args(Interval) else ""
        raise RequestError(404, f"interval: no such one{here}; one of {', '.join(offered)}")
    return given


def check_names(names: list[str], limits: Limits) -> tuple[str, ...]:
    """Names and patterns of symbols, each once. Raises RequestError 400 or 413."""
    if len(names) > limits.symbols_per_request:
        raise RequestError(413, f"{len(names)} symbols in one request; the limit is {limits.symbols_per_request}")
    patterns = sum(map(is_pattern, names))
    if patterns > PATTERNS_MOST:
        raise RequestError(413, f"{patterns} patterns in one request; the limit is {PATTERNS_MOST}")
    for name in names:
        if not 0 < len(name) <= limits.pattern_length:
            raise RequestError(400, f"symbols: {name[:80]!r} has not 1 to {limits.pattern_length} characters")
        if name.count("*") > limits.pattern_stars:
            raise RequestError(400, f"symbols: {name!r} has more than {limits.pattern_stars} times *")
    return tuple(dict.fromkeys(map(intern, names)))  # thousands of clients ask for the same: one string for all


def time_given(given: Any) -> int:
    """A time that a client gives, in nanoseconds since 1970. Raises RequestError 400."""
    try:
        return nanoseconds(given)
    except (TypeError, ValueError):
        raise RequestError(400, f"since: {NO_TIME}") from None


def _is_channel(name: str) -> TypeGuard[ChannelName]:
    return name in CHANNELS


def _unknown_field(name: str, known: tuple[str, ...]) -> str:
    guess = nearest(name, known)
    return f"unknown field {name[:64]!r}" + (f"; did you mean {guess!r}?" if guess else "")


def _channel(body: Mapping[str, Any]) -> ChannelName:
    channel = body.get("channel")
    if not isinstance(channel, str):
        raise RequestError(400, "channel: a string, one of " + ", ".join(CHANNELS))
    return channel_named(channel)


def _is_interval(name: str) -> TypeGuard[Interval]:
    return name in get_args(Interval)


def _snapshot(body: Mapping[str, Any], channel: ChannelName, limits: Limits) -> int | None:
    given = body.get("snapshot")
    if given is None:
        return None
    if isinstance(given, bool):
        usual = limits.snapshot_trades if channel == "trades" else 1
        return usual if given else 0
    if isinstance(given, int) and given >= 0:
        return given
    raise RequestError(400, "snapshot: true, false, or how many of the retained trades or bars")


def _since(body: Mapping[str, Any], channel: ChannelName, warnings: list[str]) -> int | None:
    if body.get("since") is None:
        return None
    since = time_given(body["since"])
    if channel == "trades":
        return since
    # No error: a client that comes back may well name one time for all its channels.
    warnings.append(f"since does not apply to {channel}: its current value comes")
    return None


def _rate(body: Mapping[str, Any], channel: ChannelName, rates: Rates, warnings: list[str]) -> float | None:
    if "max_rate" not in body:
        return rates.usual(channel)
    given = body["max_rate"]
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not given > 0:
        allowed = "a number above 0, in updates per second, or null: every update"
        raise RequestError(400, f"max_rate: {allowed}; on offer are {rates.offered[0]:g} to {rates.offered[-1]:g}")
    if channel in UNTHINNED:  # no error: a client may well name one rate for all its channels
        warnings.append(f"max_rate does not apply to {channel}: every update comes")
        return None
    return rates.within(given)


def _names(body: Mapping[str, Any], limits: Limits) -> tuple[str, ...]:
    symbols = body.get("symbols")
    if not isinstance(symbols, list) or not symbols or not all(isinstance(name, str) for name in symbols):
        raise RequestError(400, "symbols: a list of at least one name or pattern, like " + '["binance:BTC-USDT"]')
    return check_names(symbols, limits)
