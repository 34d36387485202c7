"""Taking connections: on which address, with or without TLS, and with a limit for peers that are gone."""

import asyncio
import socket
import ssl

from aiohttp import web

from ticker.connection import CLOSE_TIMEOUT_S
from ticker.errors import ServeError

BACKLOG = 1_024  # connections that the kernel takes before we do
HANDSHAKE_S = 10.0


class Listener(web.BaseSite):
    """One address that is listened on.

    Whatever a connection is doing, the kernel ends it where its peer has acknowledged nothing, or has had no room for
    more, for `silence_s`: that finds the dead among those who are pinged by nobody, such as one that takes no answer.
    """

    def __init__(
        self,
        runner: web.AppRunner,
        host: str,
        port: int,
        *,
        context: ssl.SSLContext | None = None,
        handshake_s: float = HANDSHAKE_S,
        silence_s: float,
        advice: str,
    ) -> None:
        super().__init__(runner, ssl_context=context, backlog=BACKLOG)
        self._host, self._port, self._advice = host, port, advice
        self._silence_s = silence_s
        self._handshake_s = None if context is None else handshake_s
        self._goodbye_s = None if context is None else CLOSE_TIMEOUT_S

    @property
    def name(self) -> str:
        """Where it listens."""
        return f"{'https' if self._ssl_context else 'http'}://{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen. Raises ServeError where that cannot be."""
        await super().start()
        loop, server = asyncio.get_running_loop(), self._runner.server
        assert server is not None
        try:
            self._server = listening = await loop.create_server(
                server,
                self._host,
                self._port,
                ssl=self._ssl_context,
                backlog=self._backlog,
                start_serving=False,
                ssl_handshake_timeout=self._handshake_s,
                ssl_shutdown_timeout=self._goodbye_s,
            )
        except OSError as error:
            where = f"{self._host}:{self._port}"
            raise ServeError(f"cannot listen on {where}: {error.strerror or error}. {self._advice}") from error
        for taker in listening.sockets:
            _forget_the_dead(taker, self._silence_s)
        await listening.start_serving()


def _forget_the_dead(taker: socket.socket, silence_s: float) -> None:
    """The sockets of connections that are taken have the options of the one that takes them."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        taker.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(silence_s * 1000))
