"""The WebSocket driver and clients that do not read: bounded, told what they missed, and freed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.ticker.driving import BINARY, TEXT, Driven, RawClient, driven, raw_client
from tests.waiting import eventually
from ticker.connection import HIGH_WATER

QUEUE = 20
SYMBOLS = tuple(f"sim:S{number}" for number in range(100))


@contextlib.asynccontextmanager
async def stalled(**options: Any) -> AsyncIterator[tuple[Driven, RawClient]]:
    """A client that has subscribed to everything and reads nothing more, so that its transport is full."""
    options = {"slow_queue_messages": QUEUE} | options
    async with driven(*SYMBOLS, **options) as server, raw_client(server, receive_buffer=4_096) as client:
        for channel in ("quotes", "trades"):
            await client.ask(op="subscribe", id=channel, channel=channel, symbols=["*"])
            await client.message(type="synced", id=channel)

        async def full() -> bool:
            publish(server)
            return len(server.deciders.fanout.slow.clients) == 1

        await eventually(full, "the client to be slow")
        yield server, client


def publish(server: Driven, bid: str = "1.10") -> None:
    """A trade and a quote of each symbol."""
    for symbol in SYMBOLS:
        server.trade(symbol)
        server.quote(symbol, bid)


async def gone(server: Driven, code: int) -> None:
    """Once the client was ended with a code and costs nothing any more."""

    async def so() -> bool:
        return server.counts.closes == {("websocket", str(code)): 1} and server.sockets == 0

    await eventually(so, f"its end: {server.counts.closes}, {server.sockets} sockets", within_s=5)
    fanout = server.deciders.fanout
    assert (len(server.server), len(fanout.clients), len(fanout.slow.clients), len(list(fanout.topics))) == (0, 0, 0, 0)


async def test_it_costs_a_bounded_amount() -> None:
    async with stalled() as (server, _):
        for _ in range(50):
            publish(server)
            await asyncio.sleep(0)
        [connection] = server.server._connections.clients
        [client] = server.deciders.fanout.clients
        assert connection.paused
        assert connection.buffered < 2 * HIGH_WATER

        async def taken_back() -> bool:
            return client.pending == []

        await eventually(taken_back, "the next flush to take back what it was given")
        assert server.deciders.fanout.slow.queued <= QUEUE


async def test_it_is_not_read_from() -> None:
    async with stalled() as (server, client):
        before = dict(server.counts.requests)
        for number in range(5):
            await client.ask(op="ping", id=number)
        for _ in range(20):
            publish(server)
            await asyncio.sleep(0)
        pongs = server.counts.requests["ping", 200]
        assert pongs <= 1  # the one that was being waited for when it stalled
        assert {key: n for key, n in server.counts.requests.items() if key[0] != "ping"} == before
        await client.message(type="pong", id=4)


async def test_once_it_reads_it_gets_the_newest_and_one_gap_for_each_topic() -> None:
    async with stalled() as (server, client):
        publish(server, bid="9.99")
        for symbol in SYMBOLS:
            await client.message(type="quote", symbol=symbol, bid="9.99")
        told = [m for m in client.messages if m["type"] in ("trade", "gap")]
        for symbol in SYMBOLS:
            mine = [m for m in told if m["symbol"] == symbol]
            assert [m["type"] for m in mine].count("gap") <= 1
            position = 0
            for message in mine:
                first = message["from_seq"] if message["type"] == "gap" else message["seq"]
                assert first == position + 1
                position = message["to_seq"] if message["type"] == "gap" else message["seq"]
        assert any(m["type"] == "gap" and m["reason"] == "slow_consumer" for m in told)
        publish(server, bid="10.00")
        await client.message(type="quote", symbol=SYMBOLS[-1], bid="10.00")


async def test_without_progress_for_the_deadline_it_is_freed() -> None:
    async with stalled(write_deadline_s=0.2) as (server, client):
        await gone(server, 4008)
        await client.end()


async def test_pings_do_not_count_while_it_is_slow() -> None:
    async with stalled() as (server, _):
        for seconds in (100, 200, 300):
            server.tick(seconds)
            await asyncio.sleep(0)
        assert len(server.server) == 1


async def test_it_may_leave() -> None:
    async with stalled() as (server, client):
        client.leave()
        await gone(server, 1006)


async def test_it_does_not_hold_up_the_end_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("connection", "websocket"):
        monkeypatch.setattr(f"ticker.{module}.CLOSE_TIMEOUT_S", 0.2)
    async with stalled() as (server, _):
        await server.send_away()
        await gone(server, 1012)


@pytest.mark.parametrize(("opcode", "payload", "code"), [(BINARY, b"", 1003), (TEXT, b"\xff", 1007), (3, b"", 1002)])
async def test_a_bad_frame_of_one_that_does_not_read_the_answer_ends_it_all_the_same(
    monkeypatch: pytest.MonkeyPatch, opcode: int, payload: bytes, code: int
) -> None:
    for module in ("connection", "websocket"):
        monkeypatch.setattr(f"ticker.{module}.CLOSE_TIMEOUT_S", 0.2)
    async with driven(*SYMBOLS) as server, raw_client(server, receive_buffer=4_096) as client:
        await client.ask(op="subscribe", channel="quotes", symbols=["*"])
        await client.message(type="synced")

        async def nearly_full() -> bool:
            for symbol in SYMBOLS[:20]:
                server.quote(symbol)
            await asyncio.sleep(0)
            return next(iter(server.server._connections.clients)).buffered > 1_000

        await eventually(nearly_full, "the transport to hold something")
        assert len(server.deciders.fanout.slow.clients) == 0
        await client.send(payload, opcode)
        await gone(server, code)
