"""Long polls: told at the next change, or when the time is over, and nothing in between."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from feeds.market import Gap, Instrument
from tests.described import check_answer
from tests.ticker.stage import Stage
from tests.waiting import eventually
from ticker.admission import Admission
from ticker.answers import errors
from ticker.errors import RequestError
from ticker.polls import Polls, parse_wait
from ticker.readiness import Readiness
from ticker.rest import Rest
from ticker.turns import Turns

PATH = "/v1/snapshot?channel=quotes&channel=trades&symbols=x:*&wait=20"


class Rig:
    """A driver, and a client of it."""

    def __init__(self) -> None:
        self.stage = Stage("x:A", "x:B", "y:A")
        self.stage.link("connected")
        self.stage.quote("x:A")
        self.admission = Admission(self.stage.hub.counts, self.stage.clock, clients=2)
        self.polls = Polls(self.stage.hub, self.admission, Turns(self.stage.clock))
        app = web.Application(middlewares=[errors])
        app.add_routes(Rest(self.stage.hub, self.stage.watch, [], Readiness(), self.polls).routes())
        self.client = TestClient(TestServer(app))

    async def get(self, tag: str = "", path: str = PATH) -> ClientResponse:
        """Ask, as one that has the values of that tag."""
        answer = await self.client.get(path, headers={"If-None-Match": tag} if tag else {})
        check_answer("GET", path, answer.status, answer.headers, await answer.text())
        return answer

    async def ask(self) -> tuple[str, "asyncio.Task[ClientResponse]"]:
        """Ask as one that has the current values, whose tag this returns, and wait until the request waits."""
        tag = (await self.get()).headers["ETag"]
        asking = asyncio.create_task(self.get(tag))
        await self.waiting(1)
        return tag, asking

    async def waiting(self, number: int) -> None:
        """Once so many wait."""

        async def so() -> bool:
            return len(self.polls) == number

        await eventually(so, f"{number} to wait")
        assert self.admission.connected["poll"] == number


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = Rig()
    async with rig.client:
        yield rig


def a_quote(stage: Stage) -> None:
    stage.quote("x:A", "1.11")


def a_trade(stage: Stage) -> None:
    stage.trade("x:B")


def a_gap(stage: Stage) -> None:
    stage.pipeline.receive(Gap("x:B", stage.clock(), 3))


def a_state(stage: Stage) -> None:
    stage.link("disconnected")
    stage.clock.advance(2)
    stage.pipeline.tick(stage.clock())


def a_symbol(stage: Stage) -> None:
    stage.pipeline.add_feed("new", [Instrument("x:C")], [("x:C",)], stage.clock())
    stage.hub.appeared([stage.directory["x:C"]])


@pytest.mark.parametrize("change", [a_quote, a_trade, a_gap, a_state, a_symbol])
async def test_any_change_is_told_at_once(rig: Rig, change: Callable[[Stage], None]) -> None:
    before, asking = await rig.ask()
    change(rig.stage)
    answer = await asking
    assert answer.status == 200
    assert answer.headers["ETag"] != before
    assert (await answer.json())["messages"]
    await rig.waiting(0)
    assert list(rig.stage.fanout.topics) == []


async def test_a_change_of_something_else_is_not(rig: Rig) -> None:
    _, asking = await rig.ask()
    rig.stage.quote("y:A")
    rig.stage.stats("x:A")
    await rig.get(path="/v1/snapshot?channel=quotes&symbols=y:A")
    assert not asking.done()
    rig.polls.close()
    assert (await asking).status == 304


async def test_what_changes_between_the_look_and_the_wait_counts(rig: Rig) -> None:
    request = make_mocked_request("GET", PATH)
    with rig.polls.watching([rig.stage.directory["x:A"].quotes]) as changed:
        rig.stage.quote("x:A")
        await rig.polls.wait(request, changed, 30)
    assert list(rig.stage.fanout.topics) == []


async def test_when_the_time_is_over_nothing_has_changed(rig: Rig) -> None:
    path = PATH.replace("wait=20", "wait=0.01")
    tag = (await rig.get(path=path)).headers["ETag"]
    answer = await rig.get(tag, path)
    assert (answer.status, answer.headers["ETag"], await answer.read()) == (304, tag, b"")


async def test_who_has_something_else_does_not_wait(rig: Rig) -> None:
    for tag in ("", 'W/"something"'):
        assert (await rig.get(tag)).status == 200


async def test_those_that_wait_count_as_clients(rig: Rig) -> None:
    tag, asking = await rig.ask()
    rig.admission.connected["websocket"] = 1
    answer = await rig.get(tag)
    body = await answer.json()
    assert (answer.status, body["code"]) == (503, 503)
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    assert 500 <= body["retry_after_ms"] <= 5_000
    rig.stage.quote("x:A")
    assert (await asking).status == 200


async def test_one_that_has_gone_does_not_count_for_long(rig: Rig) -> None:
    _, asking = await rig.ask()
    asking.cancel()

    async def gone() -> bool:
        rig.polls.tick()
        return len(rig.polls) == 0

    await eventually(gone, "its end")
    assert rig.admission.connected["poll"] == 0
    assert list(rig.stage.fanout.topics) == []


@pytest.mark.parametrize("given", ["-1", "31", "nan", "inf", "soon", ""])
def test_nobody_waits_for_ever(given: str) -> None:
    with pytest.raises(RequestError, match="wait: seconds, from 0 to 30"):
        parse_wait(given)


def test_how_long() -> None:
    assert [parse_wait(given) for given in (None, "0", "20", "0.5", "30")] == [0, 0, 20, 0.5, 30]
