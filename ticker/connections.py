"""Who is connected, by whichever transport: within the limit, counted, and rid of everything when it goes."""

import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, NamedTuple, TypeVar

import structlog
from aiohttp import WSCloseCode

from feeds.timestamps import SECOND
from ticker.clients import Client
from ticker.connection import NO_CODE, NO_PONG, SLOW_CONSUMER, Connection
from ticker.counts import ClientCounts
from ticker.encodings import WEBSOCKET, Encoding
from ticker.hub import Hub
from ticker.session import Session

CLOSE_CODES = {*WSCloseCode, NO_CODE, SLOW_CONSUMER, NO_PONG}  # clients may send others, and metrics must stay few

C = TypeVar("C", bound=Connection)

log = structlog.get_logger("clients")


class Admission:
    """The limit on clients over all transports."""

    def __init__(self, counts: ClientCounts, clients: int) -> None:
        self.connected: Counter[str] = Counter()  # by transport
        self.draining = False
        self._counts = counts
        self._most = clients
        self._was_full = False

    def admit(self) -> bool:
        """Whether one more may come."""
        if self.draining:
            self._counts.rejections["draining"] += 1
            return False
        if self.connected.total() < self._most:
            self._was_full = False
            return True
        self._counts.rejections["clients"] += 1
        if not self._was_full:  # thousands may come again each second: the metrics count them
            self._was_full = True
            log.warning("clients are turned away: raise [limits] clients, or run more", clients=self._most)
        return False


class SocketOptions(NamedTuple):
    """How much unsent data the kernel may hold for a client, in bytes."""

    send_buffer: int
    notsent_lowat: int


class Connections(Generic[C]):
    """The clients of one transport."""

    def __init__(self, transport: str, hub: Hub, admission: Admission, options: SocketOptions) -> None:
        self._transport = transport
        self._hub = hub
        self._admission = admission
        self._options = options
        self.clients: dict[C, Client] = {}

    def __len__(self) -> int:
        return len(self.clients)

    @contextmanager
    def conversation(
        self, connection: C, address: str | None, encoding: Encoding = WEBSOCKET
    ) -> Iterator[tuple[Client, Session]]:
        """A client that was let in and is to be written to, until the end of the block."""
        hub, counts, started = self._hub, self._hub.counts, self._hub.clock()
        connection.tune(*self._options)
        client = hub.fanout.attach(secrets.token_urlsafe(9), connection, encoding)
        session = Session(hub, client)
        self.clients[connection] = client
        self._admission.connected[self._transport] += 1
        counts.connections[self._transport] += 1
        log.debug("client connected", session=client.name, transport=self._transport, address=address)
        try:
            yield client, session
        finally:
            self.detach(connection)
            session.end()
            connection.release()
            self.clients.pop(connection, None)
            self._admission.connected[self._transport] -= 1
            code = connection.close_code
            counts.closes[self._transport, str(code) if code in CLOSE_CODES else "other"] += 1
            counts.sessions[self._transport].observe((hub.clock() - started) / SECOND)
            log.debug("client gone", session=client.name, code=code)

    def detach(self, connection: C) -> None:
        """Nothing more is for this client: what follows is its end."""
        client = self.clients.get(connection)
        if client is not None:
            self._hub.fanout.detach(client)
