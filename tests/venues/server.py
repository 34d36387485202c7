"""What all stand-in venues share: a WebSocket server on loopback that keeps rules, and the waiting for its clients.

A stand-in keeps a venue's rules towards whoever connects. What it says of the market comes from the test:
`Session.publish` for a frame that only subscribers get, `Session.send` for anything at all. A session does what the
test tells it, step by step; several may be open at once.

Subscriptions are text: a Binance stream as it is (`btcusdt@trade`), elsewhere `channel:symbol`.
"""

import asyncio
import http
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CTRL_OPCODES, Frame
from websockets.http11 import Request, Response
from websockets.protocol import Event

from tests.venues.session import MessageLimit, Session
from tests.waiting import Changes

POLICY_VIOLATION = 1008


@dataclass(frozen=True, kw_only=True)
class Timing:
    """A venue's time constants, in seconds; None: it has none of the kind."""

    ping: float | None = None  # between its ping frames
    pong: float | None = None  # the client's time to answer one
    heartbeat: float | None = None  # between its heartbeat messages
    subscribe: float | None = None  # the client's time from connecting to its first subscription
    idle: float | None = None  # nothing sent either way for this long ends the connection


class Venue(ABC):
    """A stand-in venue, open while its `async with` block runs. A failure of its own fails the block."""

    path: ClassVar[str]
    timing: ClassVar[Timing]
    messages_per_second: ClassVar[int]

    def __init__(
        self,
        *,
        refused_symbols: frozenset[str] = frozenset(),
        snapshots: Mapping[str, str] | None = None,
        timing: Timing | None = None,
        messages_per_second: int | None = None,
    ) -> None:
        self.sessions: list[Session] = []  # all there ever were, in the order of their coming
        self.accepting = True  # or else every connection gets a 503
        self.refused_symbols = refused_symbols
        self.snapshots = dict(snapshots or {})  # by subscription: the frame that a new one is answered with, if any
        self._timing = timing or self.timing
        self._messages_per_second = messages_per_second or self.messages_per_second
        self._changes = Changes()
        self._failures: list[Exception] = []
        self._server: Server

    @property
    def url(self) -> str:
        """Where a feed connects to."""
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{self.path}"

    @property
    def open_sessions(self) -> list[Session]:
        """Those that have not ended."""
        return [session for session in self.sessions if not session.ended]

    async def session(self, number: int, *subscriptions: str) -> Session:
        """The client's connection of that number, from 0, once it has subscribed to all of `subscriptions`."""

        def ready() -> Session | None:
            session = self.sessions[number] if number < len(self.sessions) else None
            return session if session and session.subscriptions.issuperset(subscriptions) else None

        return await self._changes.until(ready, f"connection {number} to subscribe to {', '.join(subscriptions)}")

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Returns once `condition`, of this venue or its sessions, is true."""
        await self._changes.until(condition, what)

    async def publish(self, frame: str) -> None:
        """Send a frame of market data on every connection that subscribed to it."""
        for session in self.open_sessions:
            await session.publish(frame)

    def drop_all(self) -> None:
        """Cut every connection at once."""
        for session in self.open_sessions:
            session.drop()

    @abstractmethod
    def subscription_of(self, frame: str) -> str:
        """Which subscription a frame of market data belongs to."""

    def on_the_wire(self, session: Session, frame: str) -> str:
        """The frame as this session gets it."""
        return frame

    async def opened(self, session: Session) -> None:  # noqa: B027 - not every venue speaks first
        """What the venue does first on a new connection."""

    @abstractmethod
    async def received(self, session: Session, message: str) -> None:
        """The venue's answer to a client's message."""

    async def beat(self, session: Session) -> None:  # noqa: B027 - not every venue has heartbeats
        """What the venue does at each heartbeat."""

    def limit(self) -> MessageLimit:
        """How much a new connection may send; its own share, unless the venue has another rule."""
        return MessageLimit(self._messages_per_second)

    def may_send(self, session: Session) -> bool:
        """Whether this frame of the client's, control frames included, is within the venue's limit."""
        return not session.limit.exceeded()

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            0,
            compression=None,
            create_connection=_Connection,
            process_request=self._refuse,
            ping_interval=self._timing.ping,
            ping_timeout=self._timing.pong,
            close_timeout=1,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()
        if self._failures:
            raise self._failures[0]

    def _refuse(self, connection: ServerConnection, request: Request) -> Response | None:
        if not self.accepting:
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "down for maintenance\n")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        assert isinstance(connection, _Connection)
        session = Session(self, connection, self.limit())
        connection.control_frame = partial(self._control_frame, session)
        self.sessions.append(session)
        self._changes.notify()
        rules = [asyncio.create_task(self._keep(rule)) for rule in self._rules(session)]
        try:
            await self._keep(self._converse(session, connection))
        finally:
            for rule in rules:
                rule.cancel()
            await asyncio.gather(*rules, return_exceptions=True)
            session.ended = True
            self._changes.notify()

    async def _keep(self, rule: Coroutine[Any, Any, None]) -> None:
        try:
            await rule
        except ConnectionClosed:
            pass
        except Exception as failure:
            self._failures.append(failure)
            raise

    async def _converse(self, session: Session, connection: ServerConnection) -> None:
        await self.opened(session)
        async for message in connection:
            session.last_frame = time.monotonic()
            text = message if isinstance(message, str) else message.decode()
            session.messages.append(text)
            if self._count(session):
                await self.received(session, text)
            self._changes.notify()

    def _control_frame(self, session: Session, solicited_pong: bool) -> None:
        session.pongs += solicited_pong
        self._count(session)
        self._changes.notify()

    def _count(self, session: Session) -> bool:
        if self.may_send(session):
            return True
        session.too_many_messages.set()
        return False

    def _rules(self, session: Session) -> Iterator[Coroutine[Any, Any, None]]:
        yield _end_when_flooded(session)
        if self._timing.heartbeat is not None:
            yield self._beat(session, self._timing.heartbeat)
        if self._timing.subscribe is not None:
            yield _end_unless_subscribed(session, self._timing.subscribe)
        if self._timing.idle is not None:
            yield _end_when_idle(session, self._timing.idle)

    async def _beat(self, session: Session, interval_s: float) -> None:
        while True:
            await asyncio.sleep(interval_s)
            await self.beat(session)


async def _end_when_flooded(session: Session) -> None:
    await session.too_many_messages.wait()
    await session.close(POLICY_VIOLATION, "Too many requests")


async def _end_unless_subscribed(session: Session, within_s: float) -> None:
    await asyncio.sleep(within_s)
    if not session.subscriptions:
        await session.close(POLICY_VIOLATION, "no subscription in time")


async def _end_when_idle(session: Session, idle_s: float) -> None:
    left = idle_s
    while left > 0:
        await asyncio.sleep(left)
        left = session.last_frame + idle_s - time.monotonic()
    await session.close()


class _Connection(ServerConnection):
    """Tells of the client's control frames, which the library answers by itself."""

    control_frame: Callable[[bool], None] | None = None  # given whether the frame is a pong that we asked for

    def process_event(self, event: Event) -> None:
        """Let the library process the event, then tell of it."""
        solicited = isinstance(event, Frame) and bytes(event.data) in self.pending_pings
        super().process_event(event)
        if self.control_frame and isinstance(event, Frame) and event.opcode in CTRL_OPCODES:
            self.control_frame(solicited)
