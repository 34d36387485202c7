"""One connection of a link, from the first byte to the last: the bytes are moved here, and decided on elsewhere."""

import asyncio
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

ClientSocket = aiohttp.ClientWebSocketResponse[bool]


class Connection:
    """One connection of a link, from the first byte to the last."""

    def __init__(self, link: "KeptLink", session: aiohttp.ClientSession) -> None:
        self._link, self._feed, self._session = link, link.feed, session
        self._news = asyncio.Event()  # something to look at for whoever waits for `settled` or `leaving`
        self._look = asyncio.Event()  # something to look at for `_attend`
        self._leaving = self._proven = self._settled = False
        self.reason, self.detail = "connect", ""
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(lambda _: self._news.set())

    @property
    def over(self) -> bool:
        """Whether it has ended, or could not be made."""
        return self._task.done()

    async def settled(self, beside: "Connection | None") -> None:
        """Until it can take over, or is over, or the connection beside it is: then there is something to decide."""
        if beside is not None:
            beside.share_news(self._news)
            while not (self._settled or self.over or beside.over):
                await self._wait_for_news()

    def share_news(self, news: asyncio.Event) -> None:
        """Tell what happens by another connection's event: who waits for that one, waits for both."""
        self._news = news

    async def leaving_or_over(self) -> None:
        """Until it ends, or is to be replaced by a new one."""
        while not (self._leaving or self.over):
            await self._wait_for_news()
        if self.over:
            self._task.result()  # a bug in the loop is not a lost connection: let it surface

    async def leave(self, reason: str) -> None:
        """End it from our side."""
        self.reason = reason
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _wait_for_news(self) -> None:
        await self._news.wait()
        self._news.clear()

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
        except SOCKET_ERRORS as error:
            self.detail = f"{type(error).__name__}: {error}".rstrip(": ")
            return
        self._link.opened()
        self._feed.log.info("connected", url=masked(url), symbols=len(self._link.symbols))
        try:
            await self._converse(socket)
        finally:
            self._link.closed()
            await asyncio.shield(socket.close())

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
        reader = Reader(self._feed.adapter, self._feed.counts, self._feed.complaints)
        async for message in socket:
            if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                break
            for rejection in self._feed.receive(reader, conversation, message.data, overlapping=self._link.overlapping):
                self._feed.remove(rejection)
                self._look.set()
            self._note(conversation)
        error, code = socket.exception(), socket.close_code
        if isinstance(error, aiohttp.WebSocketError):
            self.reason = "protocol"
        else:
            self.reason = "dropped" if code in (None, aiohttp.WSCloseCode.ABNORMAL_CLOSURE) else "closed"
        self.detail = str(error) if error else f"close code {code}"

    def _note(self, conversation: Conversation) -> None:
        """What a frame has changed for whoever waits for this connection."""
        if conversation.proven and not self._proven:
            self._proven = True
            self._link.backoff.reset()
        if conversation.settled and not self._settled:
            self._settled = True
            self._news.set()
        if conversation.going_away and not self._leaving:
            self._leave_soon("the venue is going away")

    async def _attend(self, socket: "ClientSocket", conversation: Conversation) -> None:
        """Send what is due, and watch for silence and old age."""
        feed = self._feed
        spread = (2 * feed.uniform() - 1) * min(ROLLOVER_SPREAD_S, feed.options.rollover_s / 2)
        old_at = feed.clock() + int((feed.options.rollover_s + spread) * SECOND)
        while not conversation.silent(now := feed.clock()):
            if (message := conversation.message(now)) is not None:
                await socket.send_str(message.decode())
                continue
            look_at = conversation.next_at()
            if feed.adapter.lifetime_limited and not self._leaving:
                if now >= old_at:
                    self._leave_soon("the connection is old")
                    continue
                look_at = min(look_at, old_at)
            await self._sleep_until(look_at)
        self.reason, self.detail = "silent", f"no market data for {self._link.silence_s():g} s"
        if not self._link.overlapping:
            feed.say(self._link.index, "silent", self._link.symbols)

    def _leave_soon(self, why: str) -> None:
        self._leaving = True
        self._feed.log.info("opening a new connection before this one goes", why=why)
        self._news.set()

    async def _sleep_until(self, at: int) -> None:
        try:
            async with asyncio.timeout(max(0, at - self._feed.clock()) / SECOND):
                await self._look.wait()
                self._look.clear()
        except TimeoutError:
            pass
