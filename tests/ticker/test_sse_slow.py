"""Clients of server-sent events that do not read: bounded, told what they missed, and freed, as any other."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.ticker.driving import Driven, driven, raw_client
from tests.ticker.streaming import RawStream, raw_stream
from tests.waiting import eventually
from ticker.connection import HIGH_WATER

QUEUE = 20
SYMBOLS = tuple(f"sim:S{number}" for number in range(100))
EVERYTHING = "channel=quotes&channel=trades&symbols=*"


def publish(server: Driven, bid: str = "1.10") -> None:
    """A trade and a quote of each symbol."""
    for symbol in SYMBOLS:
        server.trade(symbol)
        server.quote(symbol, bid)


@contextlib.asynccontextmanager
async def stalled(**options: Any) -> AsyncIterator[tuple[Driven, RawStream]]:
    """A client that has asked for everything and reads nothing more, so that its transport is full."""
    options = {"slow_queue_messages": QUEUE} | options
    async with driven(*SYMBOLS, **options) as server, raw_stream(server, EVERYTHING, receive_buffer=4_096) as client:
        await client.message(type="synced", channel="trades")

        async def full() -> bool:
            publish(server)
            return len(server.deciders.fanout.slow.clients) == 1

        await eventually(full, "the client to be slow")
        yield server, client


async def gone(server: Driven, code: int) -> None:
    """Once the client was ended with a code and costs nothing any more."""

    async def so() -> bool:
        return server.counts.closes == {("sse", str(code)): 1} and server.sockets == 0

    await eventually(so, f"its end: {server.counts.closes}, {server.sockets} sockets", within_s=5)
    fanout = server.deciders.fanout
    held = (server.streams, fanout.clients, fanout.slow.clients, list(fanout.topics))
    assert [len(found) for found in held] == [0, 0, 0, 0]


async def test_it_costs_a_bounded_amount_and_others_nothing() -> None:
    async with stalled() as (server, _), raw_client(server) as other:
        await other.ask(op="subscribe", channel="trades", symbols=["*"])
        await other.message(type="synced")
        last = server.deciders.directory[SYMBOLS[-1]].trades
        for _ in range(20):
            publish(server)
            await other.message(type="trade", symbol=SYMBOLS[-1], seq=last.seq)
        [connection] = server.streams._connections.clients
        assert connection.paused
        assert connection.buffered < 2 * HIGH_WATER
        assert server.deciders.fanout.slow.queued <= QUEUE
        assert [m for m in other.messages if m["type"] == "gap"] == []


async def test_once_it_reads_it_gets_the_newest_and_one_gap_for_each_topic() -> None:
    async with stalled() as (server, client):
        publish(server, bid="9.99")
        for symbol in SYMBOLS:
            await client.message(type="quote", symbol=symbol, bid="9.99")
        told = [event for event in client.events if event.kind in ("trade", "gap")]
        for symbol in SYMBOLS:
            position = 0
            for message in (event.message for event in told if event.message["symbol"] == symbol):
                first = message["from_seq"] if message["type"] == "gap" else message["seq"]
                assert first == position + 1
                position = message["to_seq"] if message["type"] == "gap" else message["seq"]
        gaps = [event.message for event in told if event.kind == "gap"]
        assert gaps
        assert {gap["reason"] for gap in gaps} == {"slow_consumer"}
        assert [event.last_id for event in told] == sorted(event.message["received"] for event in told)


async def test_without_progress_for_the_deadline_it_is_freed() -> None:
    async with stalled(write_deadline_s=0.2) as (server, client):
        await gone(server, 4008)
        await client.end()


@pytest.mark.parametrize("how", ["leave", "cut"])
async def test_it_may_leave(how: str) -> None:
    async with stalled() as (server, client):
        getattr(client, how)()
        await gone(server, 1006)


async def test_it_does_not_hold_up_the_end_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticker.connection.CLOSE_TIMEOUT_S", 0.2)
    async with stalled() as (server, _):
        await server.send_away()
        await gone(server, 1012)
