"""One connection of a link, from the first byte to the last: the bytes are moved here, and decided on elsewhere."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

import aiohttp

from feeds.conversation import Conversation
from feeds.masking import masked
from feeds.reader import Reader
from feeds.timestamps import SECOND

if TYPE_CHECKING:
    from feeds.websocket import KeptLink

CLOSE_TIMEOUT_S = 1.0  # a venue that does not answer our close frame is left
ROLLOVER_SPREAD_S = 15 * 60  # connections of one age do not all roll over at once
SOCKET_ERRORS = (aiohttp.ClientError, OSError, TimeoutError)
CONNECT_ERRORS = (*SOCKET_ERRORS, ValueError)  # a host name that no lookup takes

ClientSocket = aiohttp.ClientWebSocketResponse[bool]
FRAMES = (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)


class Connection:
    """One connection of a link, from the first byte to the last. What happens to it is news for the link."""

    def __init__(self, link: "KeptLink", session: aiohttp.ClientSession, group: asyncio.TaskGroup) -> None:
        self._link, self._feed, self._session = link, link.feed, session
        self._look = asyncio.Event()  # something to look at for `_attend`
        self.proven = False  # it has market data
        self.settled = False  # it can take over from the connection before it
        self.leaving = False  # it is to be replaced by a new one
        self.reason, self.detail = "connect", ""
        self._task = group.create_task(self._run())
        self._task.add_done_callback(lambda _: link.news.set())

    @property
    def over(self) -> bool:
        """Whether it has ended, or could not be made; `reason` and `detail` say why."""
        return self._task.done()

    async def leave(self) -> None:
        """End it from our side."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        options, url = self._feed.options, self._link.link.url
        try:
            async with asyncio.timeout(options.connect_timeout_s):
                socket = await self._session.ws_connect(
                    url,
                    max_msg_size=options.frame_limit_bytes,
                    decode_text=False,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
                )
        except CONNECT_ERRORS as error:
            self.detail = f"{type(error).__name__}: {error}".rstrip(": ")
            return
        async with socket:
            try:
                self._link.opened(self)
                self._feed.log.info("connected", url=masked(url), symbols=len(self._link.symbols))
                await self._converse(socket)
            finally:
                self._link.closed(self)

    async def _converse(self, socket: "ClientSocket") -> None:
        feed = self._feed
        conversation = Conversation(
            feed.adapter, self._link.link, feed.gate(), feed.clock(), silence_s=self._link.silence_s()
        )
        parts = [
            asyncio.create_task(self._read(socket, conversation)),
            asyncio.create_task(self._attend(socket, conversation)),
        ]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            results = await asyncio.gather(*parts, return_exceptions=True)
        for result in results:
            if isinstance(result, SOCKET_ERRORS):
                self.reason, self.detail = "dropped", str(result)
            elif isinstance(result, Exception):
                raise result

    async def _read(self, socket: "ClientSocket", conversation: Conversation) -> None:
        feed = self._feed
        reader = Reader(feed.adapter, feed.counts, feed.complaints)
        while (message := await socket.receive()).type in FRAMES:
            notices = feed.receive(reader, conversation, message.data, overlapping=self._link.overlapping)
            if notices:
                for rejection in conversation.take(notices, feed.clock()):
                    feed.remove(rejection)
                self._look.set()  # there may be something to ask again
            self._note(conversation)
        match message.type:
            case aiohttp.WSMsgType.CLOSE:
                self.reason, self.detail = "closed", f"code {message.data or 'none'} {message.extra or ''}".rstrip()
            case aiohttp.WSMsgType.ERROR:
                self.reason, self.detail = "protocol", str(message.data)
            case _:
                self.reason, self.detail = "dropped", "cut without a close frame"

    def _note(self, conversation: Conversation) -> None:
        """What a frame has changed for whoever waits for this connection."""
        if not self.proven and conversation.proven:
            self.proven = True
            self._link.backoff.reset()
        if not self.settled and conversation.settled:
            self.settled = True
            self._link.news.set()
        if not self.leaving and conversation.going_away:
            self._leave_soon("the venue is going away")

    async def _attend(self, socket: "ClientSocket", conversation: Conversation) -> None:
        """Send what is due, and watch for silence and old age."""
        feed = self._feed
        spread = (2 * feed.uniform() - 1) * min(ROLLOVER_SPREAD_S, feed.options.rollover_s / 2)
        old_at = feed.clock() + int((feed.options.rollover_s + spread) * SECOND)
        while not self._is_mute(conversation, now := feed.clock()):
            if (message := conversation.message(now)) is not None:
                with contextlib.suppress(*SOCKET_ERRORS):  # the connection is ending, and `_read` will say why
                    await socket.send_str(message.decode())
                continue
            look_at = conversation.next_at()
            if feed.adapter.lifetime_limited and not self.leaving:
                if now >= old_at:
                    self._leave_soon("the connection is old")
                    continue
                look_at = min(look_at, old_at)
            await self._sleep_until(look_at)
        self.reason, self.detail = "silent", f"no market data for {self._link.silence_s():g} s"

    def _is_mute(self, conversation: Conversation, now: int) -> bool:
        """Whether no market data comes although all of it was asked for; that none comes is told in any case."""
        if not conversation.silent(now):
            return False
        self._link.silent(self)
        return not conversation.excused(now)

    def _leave_soon(self, why: str) -> None:
        self.leaving = True
        self._feed.log.info("opening a new connection before this one goes", why=why)
        self._link.news.set()

    async def _sleep_until(self, at: int) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0, at - self._feed.clock()) / SECOND):
                await self._look.wait()
                self._look.clear()
