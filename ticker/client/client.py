"""The client: keeps a connection to a service while its block runs, and carries subscriptions over it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit
from weakref import WeakSet

import aiohttp

from feeds.masking import masked
from feeds.timestamps import SECOND, clock, nanoseconds
from ticker.client.clock import ServerClock
from ticker.client.connection import End, dial, talk
from ticker.client.conversation import Conversation
from ticker.client.errors import AddressError, ClientError
from ticker.client.retries import Retries, said
from ticker.client.stream import Stream
from ticker.client.subscription import Subscription
from ticker.client.subscriptions import Subscriptions
from ticker.client.updates import Connected, Connection, Lost

Token = str | Callable[[], Awaitable[str]]


def connect(url: str, *, token: Token | None = None) -> "Client":
    """A client of the service at `url`, like `ws://127.0.0.1:8080/v1/ws`, for `async with`.

    `token` is for a service that asks for one: a text, or an async function that is called for a new one with each
    connection, and before the old one ends.

    It connects while the block runs, again whenever the connection is lost, and as long as there is no service. Raises
    AddressError for a `url` that is none.
    """
    return Client(url, token)


class Client:
    """A connection that is kept, and the subscriptions that it carries."""

    def __init__(
        self,
        url: str,
        token: Token | None = None,
        *,
        now: Callable[[], int] | None = None,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        _check(url)
        self._url = url
        self._fetch = _always(token) if isinstance(token, str) else token
        self._now = now or clock()  # nanoseconds, never going back
        self._server_clock = ServerClock()
        self._retries = Retries(uniform)
        self._retry_at = self._now()
        self._welcomed = False
        self._subscriptions = Subscriptions()
        self._streams: WeakSet[Stream] = WeakSet()
        self._conversation: Conversation | None = None
        self._to_say = asyncio.Event()

    @property
    def connection(self) -> Connection | None:
        """`Connected` or `Lost`; None before the first try has come to an end."""
        return self._subscriptions.connection

    @property
    def retry_in_s(self) -> float | None:
        """Seconds until the next try to connect: 0 while one is under way, None while connected."""
        if isinstance(self.connection, Connected):
            return None
        return max(0, self._retry_at - self._now()) / SECOND

    def age_s(self, time: str) -> float:
        """How long ago a time of the service was, as `received` of an update is, by the service's own clock."""
        return max(0, self._server_clock.at(self._now()) - nanoseconds(time)) / SECOND

    def subscribe(
        self,
        channel: str,
        *symbols: str,
        max_rate: float | Literal["default"] | None = "default",
        interval: str | None = None,
        snapshot: bool | int | None = None,
        fields: Sequence[str] | None = None,
    ) -> Stream:
        """The updates of a channel for some symbols or patterns, from now on and across lost connections.

        Besides the channel's updates there come: `Status` of each symbol, `Gap` and `Rejected`, `Connected` and `Lost`.
        `max_rate` thins state to so many updates per second and symbol, None to none; `interval` is for bars.
        `snapshot` says what comes first, as in docs/protocol.md; None: what the service gives by itself. With `fields`
        the service sends only these, and the others are None.

        It is over when the stream is closed, or nobody has it any more.
        """
        wanted = Subscription(channel, symbols, interval=interval, max_rate=max_rate, snapshot=snapshot, fields=fields)
        stream = Stream(wanted, self._leave)
        self._streams.add(stream)
        self._subscriptions.add(wanted)
        self._to_say.set()
        return stream

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        self._task = asyncio.create_task(self._keep_connected())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        try:
            await asyncio.wait([self._task])
        finally:
            await self._session.close()
            for stream in list(self._streams):
                stream.close()
            self._subscriptions.fail(ClientError("this client has ended: subscribe inside its `async with` block"))
        if not self._task.cancelled():
            self._task.result()

    def _leave(self, subscription: Subscription) -> None:
        self._subscriptions.remove(subscription)
        if self._conversation is not None:
            self._conversation.leave(subscription)
            self._to_say.set()

    async def _keep_connected(self) -> None:
        try:
            while True:
                end, wait = await self._attempt()
                self._retry_at = self._now() + round(wait * SECOND)
                self._subscriptions.tell(Lost(reason=said(end.code, end.reason), code=end.code, retry_s=wait))
                await asyncio.sleep(wait)
        except ClientError as error:
            self._subscriptions.fail(error)
        except Exception as error:
            self._subscriptions.fail(ClientError(f"the client itself failed, please report it: {error!r}"))
            raise

    async def _attempt(self) -> tuple[End, float]:
        """Connect and talk: how that ended, and how many seconds to wait. Raises ClientError where all is over."""
        ws = await dial(self._session, self._url)
        if isinstance(ws, End):
            if ws.status is not None:
                return ws, self._retries.refused_s(ws.status, welcomed=self._welcomed)
            return ws, self._retries.wait_s(None, ws.reason, proven=False)
        conversation = Conversation(
            self._subscriptions, self._server_clock, self._now(), has_token=self._fetch is not None
        )
        self._conversation = conversation
        try:
            end = await talk(ws, conversation, self._now, self._to_say, self._fetch)
        finally:
            self._conversation = None
            self._welcomed = self._welcomed or conversation.welcomed
        return end, self._retries.wait_s(end.code, end.reason, proven=conversation.proven)


def _always(token: str) -> Callable[[], Awaitable[str]]:
    async def fetch() -> str:
        return token

    return fetch


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise AddressError(f"{masked(url)!r} is not an address like ws://127.0.0.1:8080/v1/ws, or wss://… for TLS")
