"""One client's conversation as a state machine: request -> replies and changes of what it gets. No I/O.

The ack comes before all that it causes, `synced` behind the snapshots. A request that cannot be taken changes nothing
and is answered by `error`.
"""

from collections.abc import Sequence
from typing import Any

import structlog

from feeds.timestamps import rfc3339
from ticker import __version__, frames
from ticker.bus import ChannelName
from ticker.clients import Client
from ticker.errors import RequestError
from ticker.holdings import Holdings, told
from ticker.hub import Hub
from ticker.limits import TokenBucket
from ticker.matching import Match
from ticker.readiness import retry_after_ms
from ticker.requests import Request, parse, parse_subscribe, parse_unsubscribe, read, request_id

PROTOCOL = 1
SUGGESTIONS_MOST = 10  # guessing what a wrong name was meant to be takes a look at every symbol

log = structlog.get_logger("session")


class Session:
    """What one client has asked for. Replies go the way of the data, through the fan-out, and so in order."""

    def __init__(self, hub: Hub, client: Client) -> None:
        self._hub = hub
        self._client = client
        self._holdings = Holdings(hub, client)
        limits = hub.limits
        self._bucket = TokenBucket(limits.requests_per_second, limits.requests_burst, hub.clock())

    def welcome(self) -> None:
        """The server speaks first."""
        hub = self._hub
        self._reply(
            {
                "type": "welcome",
                "protocol": PROTOCOL,
                "server": f"ticker/{__version__}",
                "session": self._client.name,
                "time": rfc3339(hub.clock()),
                "heartbeat_ms": int(hub.heartbeat_s * 1000),
                "rates": hub.rates.offered,
                "limits": {
                    "symbols": hub.limits.symbols_per_client,
                    "message_bytes": hub.limits.message_bytes,
                    "requests_per_second": hub.limits.requests_per_second,
                },
                "auth": "none",
            }
        )

    def receive(self, text: bytes) -> None:
        """Act on a client's text frame, valid UTF-8, and answer it."""
        op, identity = "invalid", None
        try:
            wait = self._bucket.take(self._hub.clock())
            message = read(text)
            identity = request_id(message)
            self._admit(wait)
            request = parse(message)
            op = request.op
            self._handle(request)
            self._count(op, 200)
        except RequestError as error:
            self._refuse(op, identity, error)
        except Exception:
            log.exception("a request failed; the connection goes on", session=self._client.name, id=identity)
            self._refuse(op, identity, RequestError(500, "our fault; it is in the log"))

    def subscribe(self, request: Request, found: Match) -> None:
        """Take a request that is read and checked, of a client that cannot speak for itself later."""
        self._subscribe(request, found)
        self._count(request.op, 200)

    def end(self) -> None:
        """The client is gone."""
        self._holdings.end()

    def _admit(self, wait: float) -> None:
        if wait:
            limit = self._hub.limits.requests_per_second
            raise RequestError(429, f"more than {limit:g} requests a second", int(wait * 1000) + 1)

    def _handle(self, request: Request) -> None:
        match request.op:
            case "subscribe":
                hub = self._hub
                if hub.readiness.sends_away:
                    raise RequestError(503, "the service stops; come back later", retry_after_ms())
                wanted = parse_subscribe(request.body, hub.limits, hub.rates)
                self._subscribe(request, self._holdings.match(wanted))
            case "unsubscribe":
                self._unsubscribe(request)
            case "list":
                self._ack(request, subscriptions=self._holdings.listing())
            case "ping":
                self._reply({"type": "pong", "id": request.id, "time": rfc3339(self._hub.clock())})

    def _subscribe(self, request: Request, found: Match) -> None:
        wanted = found.wanted
        request.warnings.extend(wanted.warnings)
        self._ack(
            request,
            channel=wanted.channel,
            interval=wanted.interval,
            symbols=list(found.topics),
            **told(wanted.options, wanted.channel),
            rejected=self._rejected(wanted.channel, found.missing),
        )
        symbols = self._holdings.subscribe(found)
        self._reply({"type": "synced", "id": request.id, "channel": wanted.channel, "symbols": symbols})

    def _unsubscribe(self, request: Request) -> None:
        channel, interval, names = parse_unsubscribe(request.body, self._hub.limits)
        subscriptions = self._holdings.held(channel, interval, names)
        held = list(dict.fromkeys(subscription.name for subscription in subscriptions))
        if names and not held:
            raise RequestError(404, f"no such subscription on {channel}; op list tells those there are")
        rejected = [
            {"symbol": name, "code": 404, "reason": "no such subscription"} for name in names or () if name not in held
        ]
        self._ack(request, channel=channel, interval=interval, symbols=held, rejected=rejected)
        self._holdings.unsubscribe(subscriptions)

    def _rejected(self, channel: ChannelName, names: Sequence[str]) -> list[dict[str, Any]]:
        reasons = [self._hub.directory.why_not(channel, name) for name in names[:SUGGESTIONS_MOST]]
        reasons += ["no such symbol"] * (len(names) - len(reasons))
        return [{"symbol": name, "code": 404, "reason": reason} for name, reason in zip(names, reasons, strict=True)]

    def _ack(self, request: Request, **body: Any) -> None:
        self._reply({"type": "ack", "id": request.id, "op": request.op, **body, "warnings": request.warnings})

    def _refuse(self, op: str, identity: int | str | None, error: RequestError) -> None:
        self._count(op, error.code)
        message = {"type": "error", "id": identity, "code": error.code, "reason": error.reason}
        if error.retry_after_ms is not None:
            message["retry_after_ms"] = error.retry_after_ms
        self._reply(message)

    def _count(self, op: str, code: int) -> None:
        self._hub.counts.requests[op, code] += 1

    def _reply(self, message: frames.Message) -> None:
        self._hub.fanout.send(self._client, frames.encode(message, self._client.encoding))
