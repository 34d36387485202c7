"""The query of a stream's URL, read as the requests of a session: names are the same, and so is what is wrong."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from feeds.timestamps import nanoseconds
from ticker.errors import RequestError
from ticker.requests import Request, parse

LISTS = ("channel", "symbols", "fields")  # may come more than once, or have several in one, between commas
LITERALS = ("max_rate", "snapshot")  # are JSON: numbers, true, false, null

Query = Iterable[tuple[str, str]]


def listed(query: Query, key: str) -> list[str]:
    """All that a list names."""
    return [name for given, value in query if given == key for name in value.split(",") if name]


def subscriptions(query: Sequence[tuple[str, str]], last_event_id: str | None) -> list[Request]:
    """A request to subscribe for each channel, with every symbol. Raises RequestError 400.

    `last_event_id` is what a browser names when it comes back: where the trades go on.
    """
    channels = list(dict.fromkeys(listed(query, "channel")))
    if not channels:
        raise RequestError(400, "channel: say which, like ?channel=ticker&symbols=*")
    if not listed(query, "symbols"):
        raise RequestError(400, "symbols: say which, like ?channel=ticker&symbols=binance:BTC-USDT,coinbase:*")
    common = _body(query)
    since = last_event_id if last_event_id and _is_time(last_event_id) else None
    requests = [parse(common | {"op": "subscribe", "channel": channel}) for channel in channels]
    for request in requests:
        if since is not None and request.body["channel"] == "trades":
            request.body["since"] = since
        if "bars" in channels and request.body["channel"] != "bars":  # else it is a mistake
            request.body.pop("interval", None)
    return requests


def _body(query: Query) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for key, value in query:
        if key in ("id", "op"):
            raise RequestError(400, f"{key}: there is none here")
        if key in LISTS:
            body[key] = listed(query, key)
        elif key in body:
            raise RequestError(400, f"{key[:64]}: more than once")
        else:
            body[key] = _literal(value) if key in LITERALS else value
    return body


def _literal(value: str) -> Any:
    """What is no JSON stays a string, which the request's check refuses in words."""
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def _is_time(text: str) -> bool:
    """An id that is none of ours is no reason to refuse a client that would not ask again."""
    try:
        nanoseconds(text)
    except ValueError:
        return False
    return True
