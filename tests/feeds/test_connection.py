"""How one connection goes, from the handshake to its end, and what is said of the end."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from feeds.connection import CLOSE_TIMEOUT_S
from feeds.market import Removed
from tests.feeds.driving import Published, comes_true, feed_of, running
from tests.feeds.fakes import FakeAdapter, FakeVenue
from tests.venues.server import Timing
from tests.venues.session import Session


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture
def logs() -> Iterator[list[EventDict]]:
    with capture_logs() as entries:
        yield entries


def losses(logs: list[EventDict]) -> list[tuple[str, str]]:
    """Reason and detail of each connection that was lost, or could not be made."""
    return [(log["reason"], log["detail"]) for log in logs if log["event"].startswith("connection lost")]


def removed(published: Published) -> list[str]:
    """The symbols that were said to be removed."""
    return [event.symbol for event in published.events if isinstance(event, Removed)]


class TestConversing:
    async def test_asks_and_publishes_what_comes_in_text_and_binary_frames(self, published: Published) -> None:
        async with FakeVenue() as venue, running(feed_of(venue.url, published, "trades A", "quotes B")):
            session = await venue.session(0, "trades:A", "quotes:B")
            await session.send("trade:A:1")
            await session.send(b"trade:A:2")
            await session.send(b"\xff\xfe")
            await session.send("trade:A:3")
            await published.trade(3)

        assert session.messages == ["subscribe 1 trades A", "subscribe 2 quotes B"]
        assert published.tape == ["1", "2", "3"]

    async def test_asks_again_at_once_for_what_was_refused_along_with_another_symbol(
        self, published: Published, logs: list[EventDict]
    ) -> None:
        refused = frozenset({"C", "F"})
        symbols = ["A", "B", "C", "D", "E", "F", "G", "H"]
        venue = FakeVenue(refused_symbols=refused)
        async with venue, running(feed := feed_of(venue.url, published, f"trades {','.join(symbols)}")):
            await venue.session(0, *(f"trades:{symbol}" for symbol in symbols if symbol not in refused))
            await published.until(lambda: feed.counts.rejected_symbols == 2, "both symbols to be rejected")

        assert removed(published) == ["fake:C", "fake:F"]
        assert [log["symbol"] for log in logs if "refuses a symbol" in log["event"]] == ["fake:C", "fake:F"]
        assert len(venue.sessions) == 1

    async def test_a_symbol_that_is_refused_on_each_connection_is_counted_and_warned_of_once(
        self, published: Published, logs: list[EventDict]
    ) -> None:
        venue = FakeVenue(refused_symbols=frozenset("B"))
        async with venue, running(feed := feed_of(venue.url, published, "trades A,B")):
            for number in range(3):
                session = await venue.session(number, "trades:A")
                await published.until(lambda: len(removed(published)) > number, "the refusal")  # noqa: B023 - at once
                session.drop()

        assert removed(published)[:3] == ["fake:B"] * 3
        assert feed.counts.rejected_symbols == 1
        assert [log["symbol"] for log in logs if log["log_level"] == "warning" and "symbol" in log] == ["fake:B"]

    async def test_sends_keepalives(self, published: Published) -> None:
        class Kept(FakeAdapter):
            keepalive: ClassVar[tuple[float, bytes] | None] = (0.02, b"ping")

        async with FakeVenue() as venue, running(feed_of(venue.url, published, adapter=Kept)):
            session = await venue.session(0)
            await venue.until(lambda: session.messages.count("ping") >= 3, "three keepalives")

    async def test_answers_the_venue_s_pings(self, published: Published) -> None:
        async with FakeVenue(timing=Timing(ping=0.02, pong=5)) as venue, running(feed_of(venue.url, published)):
            session = await venue.session(0, "trades:A")
            await venue.until(lambda: session.pongs >= 3, "three pongs")
            assert not session.ended


class TestEnds:
    async def test_a_connection_that_is_cut_was_dropped(self, published: Published, logs: list[EventDict]) -> None:
        async with FakeVenue() as venue, running(feed := feed_of(venue.url, published)):
            (await venue.session(0, "trades:A")).drop()
            await venue.session(1, "trades:A")

        assert losses(logs) == [("dropped", "cut without a close frame")]
        assert feed.counts.reconnects == {"dropped": 1}

    @pytest.mark.parametrize(
        ("code", "reason", "detail"), [(1012, "back soon", "code 1012 back soon"), (1008, "", "code 1008")]
    )
    async def test_a_connection_that_the_venue_closes_tells_why(
        self, published: Published, logs: list[EventDict], code: int, reason: str, detail: str
    ) -> None:
        async with FakeVenue() as venue, running(feed_of(venue.url, published)):
            await (await venue.session(0, "trades:A")).close(code, reason)
            await venue.session(1, "trades:A")

        assert losses(logs) == [("closed", detail)]

    async def test_a_venue_that_closes_amid_the_requests_is_heard(
        self, published: Published, logs: list[EventDict]
    ) -> None:
        class Strict(FakeVenue):
            async def received(self, session: Session, message: str) -> None:
                await session.close(1008, "too many requests")

        class Spaced(FakeAdapter):
            request_spacing_s: ClassVar[float] = 0.001

        requests = [f"trades A{number}" for number in range(200)]
        async with Strict() as venue, running(feed_of(venue.url, published, *requests, adapter=Spaced)):
            await venue.session(1)

        assert set(losses(logs)) == {("closed", "code 1008 too many requests")}

    async def test_a_frame_that_is_too_large_ends_the_connection(
        self, published: Published, logs: list[EventDict]
    ) -> None:
        async with FakeVenue() as venue, running(feed_of(venue.url, published, frame_limit_bytes=1024)):
            session = await venue.session(0, "trades:A")
            await session.send("trade:A:1")
            await session.send("x" * 2_000)
            await venue.session(1, "trades:A")
            assert session.ended

        [(reason, detail)] = losses(logs)
        assert reason == "protocol"
        assert "1024" in detail
        assert published.tape == ["1"]

    async def test_a_mute_venue_is_left_whatever_its_heartbeats_say(
        self, published: Published, logs: list[EventDict]
    ) -> None:
        class Hearty(FakeVenue):
            async def beat(self, session: Session) -> None:
                await session.send("alive quote:A:1")

        venue = Hearty(timing=Timing(heartbeat=0.02))
        async with venue, running(feed_of(venue.url, published, silence_s=0.3)):
            second = await venue.session(1, "trades:A")
            assert venue.sessions[0].ended
            await published.state("connected", "silent", "disconnected", "connected")
            await second.send("trade:A:1")
            await published.trade(1)

        assert losses(logs) == [("silent", "no market data for 0.3 s")]

    async def test_silence_is_told_but_ends_nothing_while_requests_wait_for_their_turn(
        self, published: Published
    ) -> None:
        class Spaced(FakeAdapter):
            request_spacing_s: ClassVar[float] = 0.3

        requests = ("trades A", "quotes A")
        async with (
            FakeVenue() as venue,
            running(feed_of(venue.url, published, *requests, adapter=Spaced, silence_s=0.1)),
        ):
            session = await venue.session(0, "trades:A", "quotes:A")
            assert published.states[:2] == ["connected", "silent"]
            await session.send("trade:A:1")
            await published.trade(1)
            assert len(venue.sessions) == 1

    async def test_leaving_says_goodbye_and_waits_for_no_answer(self, published: Published) -> None:
        loop = asyncio.get_running_loop()
        async with FakeVenue() as venue:
            async with running(feed_of(venue.url, published)):
                session = await venue.session(0, "trades:A")
                session._connection.transport.pause_reading()
                left = loop.time()
            assert loop.time() - left < CLOSE_TIMEOUT_S
            session._connection.transport.resume_reading()
            await venue.until(lambda: session.ended, "the venue to see the end")

        assert published.states == ["connected", "disconnected"]


@contextlib.asynccontextmanager
async def answering(reply: bytes) -> AsyncIterator[str]:
    """The port at which a server answers the first bytes of a client with `reply`, or not at all if it is empty."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read(1)
            writer.write(reply)
            await (writer.drain() if reply else reader.read())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


class TestConnectionsThatCannotBeMade:
    async def test_a_refused_handshake_is_tried_again(self, published: Published, logs: list[EventDict]) -> None:
        async with FakeVenue() as venue:
            venue.accepting = False
            async with running(feed := feed_of(venue.url, published)):
                await comes_true(lambda: feed.counts.reconnects["connect"] >= 2, "a second try")
                assert feed.tried
                assert published.states == []
                venue.accepting = True
                await venue.session(0, "trades:A")

        reason, detail = losses(logs)[0]
        assert reason == "connect"
        assert "503" in detail

    async def test_a_closed_port_is_tried_again(self, published: Published, logs: list[EventDict]) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            await tried_in_vain(f"ws://127.0.0.1:{taken.getsockname()[1]}", published)

        assert "ClientConnectorError: Cannot connect to host" in losses(logs)[0][1]

    async def test_a_server_that_does_not_answer_is_given_up(self, published: Published, logs: list[EventDict]) -> None:
        async with answering(b"") as address:
            await tried_in_vain(f"ws://{address}", published, connect_timeout_s=0.05)

        assert losses(logs)[0] == ("connect", "TimeoutError")

    @pytest.mark.parametrize("scheme", ["ws", "wss"])
    async def test_a_server_that_speaks_something_else_is_tried_again(self, published: Published, scheme: str) -> None:
        async with answering(b"220 mail.example ESMTP\r\n") as address:
            await tried_in_vain(f"{scheme}://{address}", published)

    @pytest.mark.parametrize("url", ["ws://", "ws://a..b", "ws://[::1", "ws://127.0.0.1:99999"])
    async def test_an_address_that_cannot_be_is_no_reason_to_fail(self, published: Published, url: str) -> None:
        await tried_in_vain(url, published)

    async def test_secrets_in_an_address_are_not_logged(self, published: Published, logs: list[EventDict]) -> None:
        async with FakeVenue() as venue:
            secret = venue.url.replace("ws://", "ws://user:hush@") + "?token=hush"
            async with running(feed_of(secret, published)):
                (await venue.session(0, "trades:A")).drop()
                await venue.session(1, "trades:A")
                venue.accepting = False
                venue.drop_all()
                await comes_true(lambda: len(losses(logs)) >= 3, "the third loss")

        assert "hush" not in str(logs)


async def tried_in_vain(url: str, published: Published, **others: Any) -> None:
    """Runs a feed until it has tried to connect more than once."""
    async with running(feed := feed_of(url, published, **others)):
        await comes_true(lambda: feed.counts.reconnects["connect"] >= 2, "a second try")
        assert feed.tried
    assert set(feed.counts.reconnects) == {"connect"}
    assert published.events == []
