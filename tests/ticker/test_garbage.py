"""Nothing of a client is left for the cyclic garbage collector, however it goes."""

import gc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from tests.ticker.driving import BINARY, CLOSE, Driven, RawClient, driven, raw_client
from tests.waiting import eventually
from ticker import garbage
from ticker.clients import Client
from ticker.session import Session
from ticker.websocket import ServerSocket, WebSocketConnection

A_CLIENT = (Client, WebSocketConnection, ServerSocket, Session)


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
async def server() -> AsyncIterator[Driven]:
    async with driven("sim:A", ping_s=10, pong_timeout_s=10) as server:
        yield server


def of_clients() -> Counter[str]:
    """How many objects of each kind there are that belong to a client."""
    return Counter(type(found).__name__ for found in gc.get_objects() if isinstance(found, A_CLIENT))


async def closes(server: Driven, client: RawClient) -> None:
    await client.send(b"\x03\xe8", CLOSE)


async def vanishes(server: Driven, client: RawClient) -> None:
    client.leave()


async def sends_a_binary_frame(server: Driven, client: RawClient) -> None:
    await client.send(b"", BINARY)
    await client.goodbye()


async def breaks_the_protocol(server: Driven, client: RawClient) -> None:
    await client.send(b"", 3)
    await client.goodbye()


async def does_not_answer_pings(server: Driven, client: RawClient) -> None:
    server.tick(11)
    server.tick(22)


async def is_sent_away(server: Driven, client: RawClient) -> None:
    client.leave()
    await server.send_away()


@pytest.mark.parametrize(
    "go", [closes, vanishes, sends_a_binary_frame, breaks_the_protocol, does_not_answer_pings, is_sent_away]
)
async def test_a_client_that_goes_is_freed_at_once(
    server: Driven, go: Callable[[Driven, RawClient], Awaitable[None]]
) -> None:
    before = of_clients()
    async with raw_client(server) as client:
        await client.ask(op="subscribe", channel="quotes", symbols=["*"])
        await client.message(type="synced")
        assert of_clients() - before
        await go(server, client)

    async def freed() -> bool:
        return not of_clients() - before

    await eventually(freed, "everything of it to be freed")


def test_what_exists_is_set_aside_and_full_collections_do_not_come_by_themselves() -> None:
    thresholds = gc.get_threshold()
    try:
        garbage.set_aside()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[2] == garbage.NEVER
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


@pytest.mark.parametrize(("batches", "looked_at"), [(0, False), (1, True), (garbage.LOOKED_AT + 1, False)])
def test_what_has_become_old_is_set_aside_after_one_look_if_it_is_not_too_much(batches: int, looked_at: bool) -> None:
    class Knot:
        def __init__(self) -> None:
            self.itself = self

    def knots() -> int:
        return sum(isinstance(found, Knot) for found in gc.get_objects())

    try:
        gc.freeze()
        Knot()
        for _ in range(batches):
            gc.collect(1)
        if batches:
            Knot()
        garbage.see_to()
        assert knots() == (1 if not batches else 0)
        gc.unfreeze()
        assert knots() == (0 if looked_at else 1)
    finally:
        gc.unfreeze()
