"""The WebSocket driver over a real socket: handshake, frames, pings and the ways a connection ends.

Our frames are written to the transport beside aiohttp's own: what arrives here shows that this still holds.
"""

import asyncio
import logging
import re
import socket
import struct

import aiohttp
import pytest
import structlog.testing

from feeds.feed import Clock
from tests.ticker.driving import BINARY, CLOSE, PING, PONG, TEXT, UPGRADE, Driven, driven, raw_client
from tests.waiting import eventually
from ticker.requests import Limits
from ticker.session import Session
from ticker.turns import Turns

RETRY_AFTER = re.compile(r"retry_after_ms=(\d+)")


async def closed(server: Driven, code: int, number: int = 1) -> None:
    """Once so many connections have ended with a code, and nothing of any is left."""

    async def so() -> bool:
        return server.counts.closes["websocket", str(code)] == number and not len(server.server)

    await eventually(so, f"{number} closed with {code}: {server.counts.closes}")
    assert list(server.deciders.fanout.clients) == []


class TestHandshake:
    """Before the first frame."""

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "12"},
            {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"},
        ],
        ids=["plain", "version", "no key"],
    )
    async def test_what_is_no_upgrade_is_told_what_this_is(self, headers: dict[str, str]) -> None:
        async with driven() as server, aiohttp.ClientSession(headers=headers) as session:
            async with session.get(f"http://127.0.0.1:{server.port}/v1/ws") as answer:
                assert answer.status == 426
                assert answer.headers["Upgrade"] == "websocket"
                assert await answer.json() == {"code": 426, "reason": "this is a WebSocket endpoint; see /docs"}
            assert server.counts.connections == {}

    async def test_the_subprotocol_may_be_offered(self) -> None:
        async with driven() as server, aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{server.port}/v1/ws"
            async with session.ws_connect(url, protocols=("other", "ticker.v1")) as ws:
                assert ws.protocol == "ticker.v1"

    async def test_a_client_that_goes_during_it_is_no_fault_of_ours(self, caplog: pytest.LogCaptureFixture) -> None:
        async with driven() as server:
            for _ in range(20):
                with socket.socket() as peer:
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    peer.connect(("127.0.0.1", server.port))
                    peer.sendall(UPGRADE)
            async with raw_client(server) as client:
                await client.message(type="welcome")
            await closed(server, 1006, server.counts.connections["websocket"])
        assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []

    async def test_the_server_speaks_first_and_each_session_has_its_name(self) -> None:
        async with driven() as server, raw_client(server) as one, raw_client(server) as other:
            names = [(await client.message(type="welcome"))["session"] for client in (one, other)]
            assert len(set(names)) == 2
            assert [len(client.frames) for client in (one, other)] == [1, 1]
            assert server.counts.connections["websocket"] == 2

    async def test_the_kernel_holds_little(self) -> None:
        async with driven() as server, raw_client(server) as client:
            await client.message(type="welcome")
            [connection] = server.server._connections.clients
            peer = connection._transport.get_extra_info("socket")
            assert peer.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * 32_768  # Linux doubles what it is told
            assert peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == 16_384


class TestFrames:
    """What a client may send, and what it may not."""

    async def test_requests_are_answered_in_their_order(self) -> None:
        async with driven("sim:A") as server, raw_client(server) as client:
            for number in range(50):
                await client.ask(op="ping", id=number)
            await client.message(id=49)
            assert [message["id"] for message in client.messages if message["type"] == "pong"] == list(range(50))

    async def test_a_request_may_come_in_parts(self) -> None:
        async with driven() as server, raw_client(server) as client:
            await client.send_raw(
                b"\x01\x85\0\0\0\0" + b'{"op"' + b"\x89\x81\0\0\0\0!" + b"\x80\x88\0\0\0\0" + b':"ping"}'
            )
            await client.message(type="pong")
            assert [opcode for opcode, _ in client.frames] == [TEXT, PONG, TEXT]

    async def test_a_ping_is_answered_with_what_it_carried(self) -> None:
        async with driven() as server, raw_client(server) as client:
            for payload in (b"", b"still there?", b"p" * 125):
                await client.send(payload, PING)
            await client.until(lambda: len(client.frames) == 4, "three pongs")
            assert client.frames[1:] == [(PONG, b""), (PONG, b"still there?"), (PONG, b"p" * 125)]

    @pytest.mark.parametrize(
        ("opcode", "payload", "code"),
        [
            (BINARY, b'{"op":"ping"}', 1003),
            (TEXT, b"\xff\xfe", 1007),
            (TEXT, b'{"op":"\xed\xa0\x80"}', 1007),
            (TEXT, b"x" * 1_025, 1009),
            (3, b"", 1002),
        ],
        ids=["binary", "not UTF-8", "surrogate", "too big", "reserved opcode"],
    )
    async def test_what_is_no_text_message_ends_the_connection(self, opcode: int, payload: bytes, code: int) -> None:
        async with driven(limits=Limits(message_bytes=1_024)) as server, raw_client(server) as client:
            await client.send(payload, opcode)
            assert (await client.goodbye())[0] == code
            await client.end()
            await closed(server, code)

    async def test_the_largest_message_is_taken(self) -> None:
        async with driven(limits=Limits(message_bytes=1_024)) as server, raw_client(server) as client:
            await client.send(b'{"op":"ping","id":7}'.ljust(1_024))
            await client.message(type="pong", id=7)


class HeldTurns(Turns):
    """Nobody gets a turn until `held` is set."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.asked, self.held = asyncio.Event(), asyncio.Event()

    async def take(self) -> None:
        self.asked.set()
        await self.held.wait()


class TestPings:
    """Finding dead peers."""

    async def test_who_answers_is_kept(self) -> None:
        async with driven(ping_s=20, pong_timeout_s=10) as server, raw_client(server) as client:
            for seconds in (21, 42, 63):
                client.frames.clear()
                server.tick(seconds)
                await client.until(lambda: (PING, b"") in client.frames, "a ping")
                await client.send(b"", PONG)
                await client.ask(op="ping", id=seconds)
                await client.message(id=seconds)
            assert len(server.server) == 1

    async def test_who_does_not_is_told_and_freed(self) -> None:
        async with driven(ping_s=20, pong_timeout_s=10) as server, raw_client(server) as client:
            await client.message(type="welcome")
            server.tick(21)
            server.tick(30)
            assert len(server.server) == 1
            server.tick(31)
            assert await client.goodbye() == (4009, "no pong")
            await client.end()
            await closed(server, 4009)

    async def test_who_waits_for_a_turn_is_not_dead(self) -> None:
        """The pong has come, but nobody has looked at it: it is behind a request that waits for its turn."""
        async with driven(ping_s=20, pong_timeout_s=10) as server, raw_client(server) as client:
            await client.message(type="welcome")
            turns = server.server._turns = HeldTurns(server.clock)
            server.tick(21)
            await client.until(lambda: (PING, b"") in client.frames, "a ping")
            await client.ask(op="ping", id=1)
            await client.send(b"", PONG)
            await turns.asked.wait()
            server.tick(32)
            turns.held.set()
            for number in (1, 2):
                await client.ask(op="ping", id=number)
                await client.message(type="pong", id=number)
            assert len(server.server) == 1


class TestEnds:
    """The ways a connection ends."""

    async def test_a_client_over_the_limit_is_sent_away_to_come_back(self) -> None:
        async with driven(clients=1) as server, raw_client(server) as first, raw_client(server) as second:
            await first.message(type="welcome")
            code, reason = await second.goodbye()
            assert (code, bool(RETRY_AFTER.fullmatch(reason)), second.messages) == (1013, True, [])
            assert server.counts.rejections == {"clients": 1}
            first.leave()
            await closed(server, 1006)
            async with raw_client(server) as third:
                await third.message(type="welcome")

    async def test_a_restart_sends_everybody_away_at_different_times(self) -> None:
        async with driven() as server, raw_client(server) as one, raw_client(server) as other:
            for client in (one, other):
                await client.message(type="welcome")
            closing = asyncio.create_task(server.send_away())
            goodbyes = [await client.goodbye() for client in (one, other)]
            assert all(code == 1012 and RETRY_AFTER.fullmatch(reason) for code, reason in goodbyes)
            await closing
            await closed(server, 1012, 2)

    @pytest.mark.parametrize(
        ("payload", "counted"), [((1000).to_bytes(2), "1000"), (b"", "1005"), ((4711).to_bytes(2), "other")]
    )
    async def test_a_clients_goodbye_is_answered(self, payload: bytes, counted: str) -> None:
        async with driven() as server, raw_client(server) as client:
            await client.message(type="welcome")
            await client.send(payload, CLOSE)
            await client.goodbye()
            await client.end()

            async def so() -> bool:
                return server.counts.closes == {("websocket", counted): 1}

            await eventually(so, f"a close counted as {counted}")

    async def test_a_client_that_is_cut_off_leaves_nothing_behind(self) -> None:
        async with driven("sim:A") as server, raw_client(server) as client:
            await client.ask(op="subscribe", channel="quotes", symbols=["*"])
            await client.message(type="synced")
            client.leave()
            await closed(server, 1006)
            assert list(server.deciders.fanout.topics) == []
            assert sum(server.counts.subscriptions.values()) == 0
            assert sum(server.counts.sessions["websocket"].counts) == 1

    async def test_our_fault_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*_: object) -> None:
            raise KeyError("a bug")

        monkeypatch.setattr(Session, "receive", broken)
        async with driven() as server, raw_client(server) as client:
            with structlog.testing.capture_logs() as logged:
                await client.ask(op="ping")
                assert await client.goodbye() == (1011, "our fault; it is in the log")
            assert [entry["event"] for entry in logged] == ["a conversation failed; it is ended"]
            await closed(server, 1011)


class TestCanary:
    """Our frames and aiohttp's own, on one transport."""

    async def test_every_frame_arrives_whole_and_in_order_with_aiohttps_close_frame_behind(self) -> None:
        async with driven("sim:A") as server, raw_client(server) as client:
            await client.ask(op="subscribe", channel="trades", symbols=["sim:A"])
            wrong = [f"sim:{number:0>50}" for number in range(900)]
            await client.message(type="synced")
            await client.ask(op="subscribe", id="big", channel="quotes", symbols=wrong)
            for number in range(300):
                server.trade("sim:A")
                if number % 7 == 0:
                    await asyncio.sleep(0)
            rejected = (await client.message(id="big", type="ack"))["rejected"]
            assert [entry["symbol"] for entry in rejected] == wrong
            await client.message(type="trade", seq=300)
            server.trade("sim:A")
            closing = asyncio.create_task(server.send_away())
            await asyncio.sleep(0)
            server.trade("sim:A")
            await client.goodbye()
            await client.end()
            await closing
            seqs = [message["seq"] for message in client.messages if message["type"] == "trade"]
            assert seqs in (list(range(1, 302)), list(range(1, 303)))  # the last met the close frame on its way
            assert [opcode for opcode, _ in client.frames].count(CLOSE) == 1
            assert client.frames[-1][0] == CLOSE

    async def test_a_close_frame_waits_for_nothing_and_nothing_follows_it(self) -> None:
        async with driven("sim:A") as server, raw_client(server) as client:
            await client.ask(op="subscribe", channel="quotes", symbols=["sim:A"])
            await client.message(type="synced")
            await client.send(b"", BINARY)
            await client.until(lambda: CLOSE in [opcode for opcode, _ in client.frames], "a close frame")
            for bid in range(100):
                server.quote("sim:A", str(bid))
            server.tick(1_000)
            await client.goodbye()
            await client.end()
            assert client.frames[-1][0] == CLOSE
