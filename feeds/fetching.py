"""Asking a venue's REST, with manners: spaced, a few at once, never for long, never for much, and off when told to."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp

from feeds.backoff import Backoff
from feeds.errors import FetchError
from feeds.feed import Clock
from feeds.gate import Gate
from feeds.timestamps import SECOND

Sleep = Callable[[float], Awaitable[object]]

ANSWER_WITHIN_S = 15.0
ANSWER_MOST = 4 * 2**20  # bytes; a thousand bars take 150 KB
TRIES = 3
WAIT_MIN_S, WAIT_MAX_S = 1.0, 10.0  # between two tries
TOO_MANY = (418, 429)
PAUSE_S = 30.0  # of a venue that had too many requests and does not say for how long
PAUSE_MOST_S = 120.0  # longer than that, it does not want us: bars are not worth a ban


class Fetcher:
    """Gets answers, one after the other in the long run."""

    def __init__(
        self, session: aiohttp.ClientSession, spacing_s: float, clock: Clock, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._session = session
        self._gate = Gate(spacing_s)
        self._clock = clock
        self._sleep = sleep

    async def get(self, url: str) -> bytes:
        """The body of an answer with status 200. Raises FetchError where none can be had, after some tries."""
        backoff = Backoff(WAIT_MIN_S, WAIT_MAX_S)
        for tries_left in reversed(range(TRIES)):
            try:
                return await self._try(url)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                if not tries_left:
                    raise FetchError(f"{type(error).__name__}: {error}".rstrip(": "), lasting=True) from error
            except FetchError as error:
                if error.lasting or not tries_left:
                    raise
            await self._sleep(backoff.next())
        raise AssertionError("the last try returns or raises")

    async def _try(self, url: str) -> bytes:
        now = self._clock()
        await self._sleep((self._gate.reserve(now) - now) / SECOND)
        async with asyncio.timeout(ANSWER_WITHIN_S), self._session.get(url, allow_redirects=False) as response:
            if response.status in TOO_MANY:
                self._pause(response)
            if response.status != 200:
                raise FetchError(f"status {response.status}")
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > ANSWER_MOST:
                    raise FetchError(f"the answer has more than {ANSWER_MOST} bytes")
            return bytes(body)

    def _pause(self, response: aiohttp.ClientResponse) -> None:
        """Ask nothing for a while. Raises FetchError where that would be too long, or the venue has banned us."""
        given = response.headers.get("Retry-After", "")
        wait_s = float(given) if given.isascii() and given.isdecimal() and len(given) <= 9 else PAUSE_S
        if response.status == 418 or wait_s > PAUSE_MOST_S:
            raise FetchError(f"status {response.status}: too many requests from this address", lasting=True)
        self._gate.close_until(self._clock() + int(wait_s * SECOND))
