"""Asking a venue's REST: answers that come, and all that may come in their place."""

from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from aiohttp import web

from feeds import fetching
from feeds.errors import FetchError
from feeds.fetching import ANSWER_MOST, PAUSE_S, TRIES, Fetcher
from feeds.timestamps import SECOND
from tests.ticker.fakes import ManualClock
from tests.venues.rest import RestVenue

SPACING_S = 2.0


class Rig:
    """A fetcher whose time passes only while it waits, and the venue that it asks."""

    def __init__(self, venue: RestVenue, session: aiohttp.ClientSession) -> None:
        self.clock = ManualClock()
        self.waits: list[float] = []
        self.venue = venue
        self.fetcher = Fetcher(session, SPACING_S, self.clock, self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.advance(seconds)

    async def get(self) -> bytes:
        return await self.fetcher.get(f"{self.venue.url}/bars")


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with RestVenue(lambda _: web.Response(text="[1]")) as venue, aiohttp.ClientSession() as session:
        yield Rig(venue, session)


def in_turn(*answers: web.Response) -> Callable[[web.Request], web.Response]:
    waiting = list(answers)
    return lambda _: waiting.pop(0)


async def test_an_answer_is_its_bytes(rig: Rig) -> None:
    assert await rig.get() == b"[1]"
    assert rig.venue.asked == ["/bars"]


async def test_requests_are_spaced(rig: Rig) -> None:
    started = rig.clock()
    for _ in range(4):
        await rig.get()
    assert rig.clock() - started == 3 * SPACING_S * SECOND


@pytest.mark.parametrize("status", [500, 503, 302, 404])
async def test_another_status_is_tried_again_and_then_told(rig: Rig, status: int) -> None:
    rig.venue.answer = lambda _: web.Response(status=status, headers={"Location": "/elsewhere"})
    with pytest.raises(FetchError, match=f"status {status}") as caught:
        await rig.get()
    assert not caught.value.lasting
    assert rig.venue.asked == ["/bars"] * TRIES


async def test_what_comes_at_the_second_try_is_taken(rig: Rig) -> None:
    rig.venue.answer = in_turn(web.Response(status=500), web.Response(text="[2]"))
    assert await rig.get() == b"[2]"


@pytest.mark.parametrize(
    ("headers", "pause_s"), [({"Retry-After": "7"}, 7.0), ({}, PAUSE_S), ({"Retry-After": "soon"}, PAUSE_S)]
)
async def test_after_too_many_requests_nothing_is_asked_until_the_venue_allows(
    rig: Rig, headers: dict[str, str], pause_s: float
) -> None:
    rig.venue.answer = in_turn(web.Response(status=429, headers=headers), web.Response(text="[3]"))
    started = rig.clock()
    assert await rig.get() == b"[3]"
    assert rig.clock() - started >= pause_s * SECOND


@pytest.mark.parametrize(
    ("status", "headers"), [(418, {}), (418, {"Retry-After": "1"}), (429, {"Retry-After": "3600"})]
)
async def test_a_ban_ends_it_at_once(rig: Rig, status: int, headers: dict[str, str]) -> None:
    rig.venue.answer = lambda _: web.Response(status=status, headers=headers)
    with pytest.raises(FetchError, match="too many requests") as caught:
        await rig.get()
    assert caught.value.lasting
    assert len(rig.venue.asked) == 1


async def test_an_answer_that_is_too_big_is_not_read_to_its_end(rig: Rig) -> None:
    rig.venue.answer = lambda _: web.Response(body=b"x" * (ANSWER_MOST + 1))
    with pytest.raises(FetchError, match="more than"):
        await rig.get()


async def test_an_answer_that_does_not_come_is_given_up(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "ANSWER_WITHIN_S", 0.05)
    rig.venue.stalls = True
    with pytest.raises(FetchError, match="TimeoutError") as caught:
        await rig.get()
    assert caught.value.lasting
    assert len(rig.venue.asked) == TRIES


async def test_nobody_there_is_told_as_lasting(rig: Rig) -> None:
    with pytest.raises(FetchError, match="Connect") as caught:
        await rig.fetcher.get("http://127.0.0.1:1/bars")
    assert caught.value.lasting
