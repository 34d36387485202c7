"""The driver of server-sent events over a real socket: the answer's head, its events, and the ways it ends.

Our chunks are written to the transport beside aiohttp's own: what arrives here shows that this still holds.
"""

import asyncio
import json
import socket

import aiohttp
import pytest
import structlog.testing
from msgspec import structs

from tests.described import check_answer
from tests.events import EventSource
from tests.ticker.driving import OPEN_FILES, Driven, driven, open_files, raw_client
from tests.ticker.stage import trade
from tests.ticker.streaming import raw_stream
from tests.waiting import eventually
from ticker.requests import Limits
from ticker.session import Session


async def closed(server: Driven, code: int, number: int = 1) -> None:
    """Once so many streams have ended with a code, and nothing of any is left."""

    async def so() -> bool:
        return server.counts.closes["sse", str(code)] == number and server.sockets == 0

    await eventually(so, f"{number} closed with {code}: {server.counts.closes}, {server.sockets} sockets")
    assert (len(server.streams), list(server.deciders.fanout.clients)) == (0, [])
    assert list(server.deciders.fanout.topics) == []
    assert sum(server.counts.subscriptions.values()) == 0


async def get(server: Driven, path: str) -> tuple[int, str, str]:
    """The status, the content's type, and the content."""
    async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as session, session.get(path) as answer:
        text = await answer.text()
        check_answer("GET", path, answer.status, answer.headers, text)
        return answer.status, answer.content_type, text


def broken(*_: object) -> None:
    raise KeyError("a bug")


class TestTheBeginning:
    """What comes of the request."""

    async def test_the_head_keeps_proxies_from_holding_back(self) -> None:
        async with driven("sim:A") as server, raw_stream(server, "channel=quotes&symbols=sim:A") as client:
            assert client.status == "HTTP/1.1 200 OK"
            expected = {
                "content-type": "text/event-stream",
                "cache-control": "no-store, no-transform",
                "x-accel-buffering": "no",
            }
            assert expected.items() <= client.headers.items()
            assert "content-encoding" not in client.headers

    async def test_retry_comes_first_and_then_what_a_session_says(self) -> None:
        async with driven("sim:A") as server:
            server.quote("sim:A")
            async with raw_stream(server, "channel=quotes&channel=status&symbols=sim:A,sim:B&max_rate=3") as client:
                await client.until(lambda: len(client.events) == 8, "all of the beginning")
                assert client.source.retry == 2000
                expected = ["welcome", *["ack", "status", "quote", "synced"], *["ack", "status", "synced"]]
                assert client.kinds == expected
                assert all(event.message for event in client.events)
                quotes, status = (m for m in client.messages if m["type"] == "ack")
                assert (quotes["max_rate"], quotes["symbols"], quotes["id"]) == (2, ["sim:A"], None)
                assert [one["symbol"] for one in quotes["rejected"]] == ["sim:B"]
                assert status["max_rate"] is None
                assert server.counts.requests == {("subscribe", 200): 2}
                assert server.counts.connections == {"sse": 1}

    async def test_updates_follow_and_only_trades_have_an_id(self) -> None:
        async with driven("sim:A") as server, raw_stream(server, "channel=quotes,trades&symbols=sim:*") as client:
            await client.until(lambda: client.kinds.count("synced") == 2, "the beginning")
            server.quote("sim:A")
            assert (await client.message(type="quote"))["bid"] == "1.10"
            assert client.source.last_id == ""
            server.trade("sim:A")
            trade = await client.message(type="trade")
            assert client.source.last_id == trade["received"]
            server.quote("sim:A", "1.11")
            await client.message(type="quote", bid="1.11")
            assert client.source.last_id == trade["received"]

    async def test_bars_have_their_interval_beside_other_channels(self) -> None:
        query = "channel=quotes,bars&symbols=sim:A&interval=1m&snapshot=2"
        async with driven("sim:A") as server, raw_stream(server, query) as client:
            await client.until(lambda: client.kinds.count("synced") == 2 or None, "the beginning")
            assert [m["interval"] for m in client.messages if m["type"] == "ack"] == [None, "1m"]
            server.deciders.pipeline.receive(structs.replace(trade("sim:A", server.clock()), time=None))
            bar = await client.message(type="bar")
            assert (bar["interval"], bar["close"], client.source.last_id) == ("1m", "1.15", "")

    async def test_one_that_comes_back_has_missed_nothing(self) -> None:
        query = "channel=trades&channel=quotes&symbols=sim:*"
        async with driven("sim:A", "sim:B") as server:
            async with raw_stream(server, query) as client:
                await client.until(lambda: client.kinds.count("synced") == 2, "the beginning")
                server.trade("sim:A")
                await client.message(type="trade")
                last_id = client.source.last_id
            server.trade("sim:B")
            server.trade("sim:A")
            async with raw_stream(server, query, last_id=last_id) as client:
                await client.message(type="synced", channel="quotes")
                told = [(m["symbol"], m["seq"]) for m in client.messages if m["type"] == "trade"]
                assert told == [("sim:A", 1), ("sim:B", 1), ("sim:A", 2)]
                assert all(not ack["warnings"] for ack in client.messages if ack["type"] == "ack")

    async def test_an_old_proxy_gets_no_chunks(self) -> None:
        async with (
            driven("sim:A") as server,
            raw_stream(server, "channel=trades&symbols=*", version="1.0") as client,
        ):
            assert client.status == "HTTP/1.0 200 OK"
            assert "transfer-encoding" not in client.headers
            await client.message(type="synced")
            server.trade("sim:A")
            await client.message(type="trade")
            await server.send_away()
            await client.end()

    async def test_the_kernel_holds_little_and_finds_the_dead(self) -> None:
        async with driven("sim:A") as server, raw_stream(server, "channel=quotes&symbols=*") as client:
            await client.message(type="synced")
            [connection] = server.streams._connections.clients
            peer = connection._transport.get_extra_info("socket")
            assert peer.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * 32_768  # Linux doubles what it is told
            assert peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == 16_384
            assert peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 40_000


class TestRefusals:
    """A page that is wrong is told so; one that comes at the wrong time is told when to come back."""

    @pytest.mark.parametrize(
        ("query", "code", "words"),
        [
            ("", 400, "channel: say which"),
            ("channel=quotes", 400, "symbols: say which"),
            ("channel=quotes&channel=nope&symbols=*", 404, "no such channel"),
            ("channel=quotes&symbols=*&max_rate=0", 400, "max_rate"),
            ("channel=quotes&symbols=*&max_rate=often", 400, "max_rate"),
            ("channel=quotes&symbols=*&interval=1m", 404, "interval"),
            ("channel=trades&symbols=*&since=yesterday", 400, "since"),
            ("channel=quotes&symbols=*&fields=bid,nope", 400, "fields"),
            ("channel=quotes&symbols=sim:*", 413, "the limit is 1"),
        ],
    )
    async def test_what_is_wrong_has_an_error_s_status_and_changes_nothing(
        self, query: str, code: int, words: str
    ) -> None:
        async with driven("sim:A", "sim:B", limits=Limits(symbols_per_client=1)) as server:
            status, _, text = await get(server, f"/v1/sse?{query}")
            answer = json.loads(text)
            assert (status, answer["code"]) == (code, code)
            assert words in answer["reason"]
            assert server.counts.connections == {}
            assert server.counts.requests == {("subscribe", code): 1}
            assert (len(server.deciders.fanout.clients), len(server.deciders.hub.followers)) == (0, 0)

    async def test_one_choice_of_fields_too_many_has_an_error_s_status(self) -> None:
        async with driven("sim:A", field_sets=0) as server:
            status, _, text = await get(server, "/v1/sse?channel=quotes&symbols=sim:A&fields=bid")
            assert (status, json.loads(text)["code"]) == (429, 429)
            assert server.counts.connections == {}

    async def test_our_fault_before_the_answer_has_an_error_s_status(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with driven("sim:A") as server:
            monkeypatch.setattr(server.deciders.directory, "topics", broken)
            status, _, text = await get(server, "/v1/sse?channel=quotes&symbols=sim:A")
            assert (status, json.loads(text)["code"]) == (500, 500)

    async def test_our_fault_later_is_the_stream_s_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Session, "subscribe", broken)
        with structlog.testing.capture_logs() as logged:
            async with driven("sim:A") as server, raw_stream(server, "channel=quotes&symbols=sim:A") as stream:
                await stream.end()
                await closed(server, 1006)
        assert "a stream failed; it is ended" in [entry["event"] for entry in logged]
        assert stream.status.startswith("HTTP/1.1 200 ")
        assert stream.complete

    @pytest.mark.parametrize("full", [True, False], ids=["full", "draining"])
    async def test_one_that_there_is_no_room_for_is_told_when_to_come_back(
        self, full: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with driven("sim:A", clients=1) as server, raw_client(server) as client:
            await client.message(type="welcome")
            server.streams._admission.draining = not full
            monkeypatch.setattr(server.deciders.directory, "topics", broken)  # it is no work for us
            status, kind, text = await get(server, "/v1/sse?channel=quotes&symbols=*")
            source = EventSource()
            assert (status, list(source.feed(text.encode()))) == (200, [])
            assert source.retry is not None
            assert 500 <= source.retry <= 5_000
            assert kind == "text/event-stream"
            assert server.counts.rejections == {"clients" if full else "draining": 1}
            assert server.counts.connections == {"websocket": 1}

    async def test_streams_count_for_websockets_and_room_is_made(self) -> None:
        async with driven("sim:A", clients=1) as server:
            async with raw_stream(server, "channel=quotes&symbols=*") as stream:
                await stream.message(type="synced")
                async with raw_client(server) as client:
                    code, reason = await client.goodbye()
                    assert (code, "retry_after_ms" in reason) == (1013, True)
            await closed(server, 1006)
            async with raw_client(server) as client:
                await client.message(type="welcome")

    async def test_a_head_alone_is_not_to_be_had(self) -> None:
        async with driven("sim:A") as server, aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{server.port}/v1/sse?channel=quotes&symbols=*"
            async with session.head(url) as answer:
                assert answer.status == 405


class TestTheEnd:
    """Whoever ends it, nothing is left."""

    @pytest.mark.parametrize("how", ["leave", "cut"])
    async def test_a_client_that_goes_leaves_nothing_behind(self, how: str) -> None:
        async with driven("sim:A") as server, raw_stream(server, "channel=quotes&symbols=*") as client:
            await client.message(type="synced")
            getattr(client, how)()
            await closed(server, 1006)
            assert sum(server.counts.sessions["sse"].counts) == 1

    async def test_those_that_are_sent_away_are_told_when_to_come_back(self) -> None:
        async with (
            driven("sim:A") as server,
            raw_stream(server, "channel=quotes&symbols=*") as one,
            raw_stream(server, "channel=quotes&symbols=*") as other,
        ):
            for client in (one, other):
                await client.message(type="synced")
            await server.send_away()
            for client in (one, other):
                await client.end()
                assert client.complete
                assert client.source.retry is not None
                assert 500 <= client.source.retry <= 5_000
            await closed(server, 1012, 2)

    async def test_what_a_client_says_later_is_nothing_to_us(self) -> None:
        async with driven("sim:A") as server, raw_stream(server, "channel=quotes&symbols=*") as client:
            await client.message(type="synced")
            for _ in range(10):
                await client.send_raw(b"GET / HTTP/1.1\r\nHost: ticker\r\n\r\n" * 100)
            server.quote("sim:A")
            await client.message(type="quote")
            client.leave()
            await closed(server, 1006)

    @pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="counts the files in /proc")
    async def test_no_file_stays_open(self) -> None:
        async with driven("sim:A") as server:
            before = open_files()
            for _ in range(5):
                async with raw_stream(server, "channel=quotes&symbols=*") as client:
                    await client.message(type="synced")
            await closed(server, 1006, 5)
            assert open_files() <= before


class TestSharing:
    """WebSocket and SSE clients of the same topics, side by side."""

    async def test_each_gets_the_same_messages_its_own_way(self) -> None:
        async with (
            driven("sim:A") as server,
            raw_client(server) as websocket,
            raw_stream(server, "channel=quotes&channel=trades&symbols=sim:A") as stream,
        ):
            for channel in ("quotes", "trades"):
                await websocket.ask(op="subscribe", channel=channel, symbols=["sim:A"])
                await websocket.message(type="synced", channel=channel)
                await stream.message(type="synced", channel=channel)
            for number in range(200):
                server.quote("sim:A", f"1.{number}")
                server.trade("sim:A")
                if number % 7 == 0:
                    await asyncio.sleep(0)
            told = []
            for client in (websocket, stream):
                await client.message(type="trade", seq=200)
                told.append([m for m in client.messages if m["type"] in ("quote", "trade")])
            assert told[0] == told[1]
            assert [m["seq"] for m in told[0] if m["type"] == "quote"] == list(range(1, 201))
            sent = server.deciders.fanout.counts.sent
            assert sent["trades", "websocket"] == sent["trades", "chunked event"] == 200
            assert 0 < server.deciders.fanout.counts.streamed_bytes < server.deciders.fanout.counts.sent_bytes
