"""One connection, from its handshake to its end: moves bytes between aiohttp and a conversation."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import aiohttp
from aiohttp import ClientWebSocketResponse, WSMsgType

from ticker.client.conversation import Conversation

CONNECT_S = 10.0
SEND_S = 25.0  # as long as we hear nothing before we take the connection for dead
CLOSE_S = 1.0  # for the service's answer to our close frame
LOOK_S = 0.5  # how often to look for silence
BATCH = 100  # messages, after which the caller has a turn: far fewer than its buffer holds

CUT = 1006  # what a connection without a close frame counts as (RFC 6455, section 7.1.5)
NOT_TEXT = 1003

Fetch = Callable[[], Awaitable[str]]
Socket = ClientWebSocketResponse[bool]


class End(NamedTuple):
    """How a connection ended: with a close code, with an HTTP status in place of a connection, or with neither."""

    reason: str
    code: int | None = None
    status: int | None = None


SILENT = End("nothing was heard for 25 s")


async def dial(session: aiohttp.ClientSession, url: str) -> Socket | End:
    """A WebSocket to the service, or why there is none."""
    try:
        async with asyncio.timeout(CONNECT_S):
            return await session.ws_connect(
                url,
                protocols=("ticker.v1",),
                decode_text=False,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
            )
    except aiohttp.WSServerHandshakeError as error:
        return End(f"the service answers HTTP {error.status}", status=error.status)
    except TimeoutError:
        return End(f"no answer within {CONNECT_S:g} s")
    except (aiohttp.ClientError, OSError) as error:
        return End(_readable(error))


async def talk(
    ws: Socket, conversation: Conversation, now: Callable[[], int], to_say: asyncio.Event, fetch: Fetch | None
) -> End:
    """Hold a conversation until the connection is lost.

    `to_say` is set when there is something to send; `fetch` gives a token, where the client has one.

    Raises what the conversation raises where there is no use in going on.
    """
    reading = asyncio.create_task(_read(ws, conversation, now, to_say))
    speaking = asyncio.create_task(_speak(ws, conversation, now, to_say, fetch))
    try:
        await asyncio.wait([reading, speaking], return_when=asyncio.FIRST_COMPLETED)
        return (reading if reading.done() else speaking).result()
    finally:
        reading.cancel()
        speaking.cancel()
        await asyncio.gather(reading, speaking, return_exceptions=True)
        await ws.close()


async def _read(ws: Socket, conversation: Conversation, now: Callable[[], int], to_say: asyncio.Event) -> End:
    while True:
        for _ in range(BATCH):
            message = await ws.receive()
            match message.type:
                case WSMsgType.TEXT:
                    if conversation.receive(message.data, now()):
                        to_say.set()
                case WSMsgType.BINARY:
                    return End("the service sent what is not text", NOT_TEXT)
                case WSMsgType.CLOSE:
                    return End(message.extra or "", message.data)
                case WSMsgType.ERROR if isinstance(message.data, aiohttp.WebSocketError):
                    return End(str(message.data), message.data.code)
                case _:
                    return End("", CUT)
        await asyncio.sleep(0)


async def _speak(
    ws: Socket, conversation: Conversation, now: Callable[[], int], to_say: asyncio.Event, fetch: Fetch | None
) -> End:
    while not conversation.dead(now()):
        to_say.clear()
        if fetch is not None and conversation.wants_token(now()):
            try:
                async with asyncio.timeout(SEND_S):
                    conversation.authenticate(await fetch())
            except Exception as error:  # whatever the caller's function raises; it may have more luck the next time
                return End(f"cannot get a token: {error!r}")
        try:
            async with asyncio.timeout(SEND_S):
                for message in conversation.due(now()):
                    await ws.send_frame(message, WSMsgType.TEXT)
        except TimeoutError:
            break
        except ConnectionError:  # the reader learns why, or silence tells
            pass
        try:
            async with asyncio.timeout(LOOK_S):
                await to_say.wait()
        except TimeoutError:
            pass
    return SILENT


def _readable(error: Exception) -> str:
    """Why a connection could not be made, without the library's details."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, socket.gaierror):
        return f"cannot find the host: {cause.strerror}"
    if isinstance(cause, OSError) and cause.errno:
        return f"cannot connect: {os.strerror(cause.errno)}"
    return f"cannot connect: {cause}"
