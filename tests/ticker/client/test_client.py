"""The client's driver, against a service that does what the test says: close codes, silence, restarts, slow callers."""

import asyncio
import contextlib
import http
import socket
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import pytest

from feeds.timestamps import clock
from tests.integration.service import refusing
from tests.ticker.client.messages import OTHER, SYMBOL, quote_message, status_message, trade_message, welcome
from tests.ticker.client.scripted import Scripted
from tests.waiting import DEADLINE_S
from ticker.client import (
    AddressError,
    AuthError,
    Client,
    ClientError,
    Connected,
    Gap,
    Lost,
    ProtocolError,
    Quote,
    Status,
    Stream,
    Trade,
    Update,
    connect,
)

T = TypeVar("T", bound=Update)


class MovableClock:
    """The real clock, ahead by what the test adds."""

    def __init__(self) -> None:
        self._now = clock()
        self.ahead_s = 0.0

    def __call__(self) -> int:
        return self._now() + round(self.ahead_s * 10**9)


def at_once(url: str, **options: Any) -> Client:
    """A client whose backoff is over at once."""
    return Client(url, uniform=lambda: 0.0, **options)


@contextlib.asynccontextmanager
async def subscribed(channel: str = "quotes", **options: Any) -> AsyncIterator[tuple[Scripted, Client, Stream]]:
    """A service, and a client that is connected and has one subscription."""
    async with Scripted() as service, at_once(service.url, **options) as client:
        stream = client.subscribe(channel, "demo:*")
        await expect(stream, Connected)
        await service.session(0, subscriptions=1)
        yield service, client, stream


async def following(stream: Stream) -> Update:
    async with asyncio.timeout(DEADLINE_S):
        return await anext(stream)


async def expect(stream: Stream, kind: type[T]) -> T:
    """The next update, of a type."""
    update = await following(stream)
    assert isinstance(update, kind), update
    return update


async def failure(stream: Stream) -> ClientError:
    """The error that ends a stream, whatever comes before it."""
    try:
        while True:
            await following(stream)
    except ClientError as error:
        return error


async def test_updates_come_typed_over_one_socket() -> None:
    async with subscribed() as (service, client, quotes):
        trades = client.subscribe("trades", SYMBOL)
        session = await service.session(0, subscriptions=2)
        await session.send(status_message("live"), quote_message("1.10"), trade_message(1))
        assert (await expect(quotes, Status)).state == "live"
        assert (await expect(quotes, Quote)).bid == "1.10"
        await expect(trades, Connected)
        await expect(trades, Status)
        assert (await expect(trades, Trade)).price == "1.50"
        assert len(service.sessions) == 1
        assert isinstance(client.connection, Connected)
        assert client.retry_in_s is None


async def test_it_comes_back_after_a_cut() -> None:
    async with subscribed("trades") as (service, client, trades):
        first = await service.session(0)
        await first.send(trade_message(1))
        await expect(trades, Trade)
        service.status = http.HTTPStatus.SERVICE_UNAVAILABLE
        first.drop()
        lost = await expect(trades, Lost)
        assert (lost.code, lost.reason) in [(1006, "the connection was cut"), (None, "the service answers HTTP 503")]
        assert client.retry_in_s is not None
        service.status = http.HTTPStatus.SWITCHING_PROTOCOLS
        second = await service.session(1, subscriptions=1)
        assert second.asked("subscribe", since=trade_message(1)["received"])
        while not isinstance(await following(trades), Connected):
            pass
        await second.send(trade_message(1), trade_message(2))
        assert (await expect(trades, Trade)).seq == 2


@pytest.mark.parametrize(
    ("code", "reason"), [(1000, ""), (1001, "retry_after_ms=10"), (1011, ""), (1012, ""), (4008, "")]
)
async def test_it_comes_back_after_a_close(code: int, reason: str) -> None:
    async with subscribed() as (service, _, quotes):
        await (await service.session(0)).close(code, reason)
        update = await following(quotes)
        assert isinstance(update, Connected) or (isinstance(update, Lost) and update.code == code)
        await service.session(1, subscriptions=1)


async def test_the_time_to_come_back_is_told() -> None:
    async with subscribed() as (service, client, quotes):
        await (await service.session(0)).close(1012, "retry_after_ms=60000")
        assert await expect(quotes, Lost) == Lost(reason="the service restarts", code=1012, retry_s=60)
        assert client.retry_in_s is not None
        assert 0 < client.retry_in_s <= 60
        assert isinstance(client.connection, Lost)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (1002, ProtocolError),
        (1003, ProtocolError),
        (1007, ProtocolError),
        (1009, ProtocolError),
        (4401, AuthError),
        (4403, AuthError),
    ],
)
async def test_it_does_not_come_back_where_that_has_no_sense(code: int, error: type[ClientError]) -> None:
    async with subscribed() as (service, client, quotes):
        await (await service.session(0)).close(code)
        assert isinstance(await failure(quotes), error)
        assert isinstance(await failure(client.subscribe("quotes", "*")), error)
        assert len(service.sessions) == 1


async def test_silence_is_the_end_of_a_connection() -> None:
    now = MovableClock()
    async with subscribed(now=now) as (service, _, quotes):
        first = await service.session(0)
        await service.until(lambda: first.asked("ping"), "a ping for the clock")
        await first.send(quote_message("1"))
        await expect(quotes, Quote)
        service.mute = True
        now.ahead_s += 24
        await service.until(lambda: len(first.asked("ping")) > 1, "a last question")
        service.mute = False
        now.ahead_s += 2
        assert (await expect(quotes, Lost)).reason == "nothing was heard for 25 s"
        await expect(quotes, Connected)
        await service.until(lambda: first.ended, "the end of the first connection")


async def test_what_is_no_text_and_no_json_ends_it() -> None:
    async with subscribed() as (service, _, quotes):
        await (await service.session(0)).connection.send(b"\x00")
        assert isinstance(await failure(quotes), ProtocolError)
    async with subscribed() as (service, _, quotes):
        await (await service.session(0)).connection.send("<html>")
        assert isinstance(await failure(quotes), ProtocolError)


async def test_it_waits_for_a_service_that_is_not_there_yet() -> None:
    with refusing() as url:
        async with connect(url) as client:
            lost = await expect(client.subscribe("quotes", "*"), Lost)
    assert (lost.reason, lost.code) == ("cannot connect: Connection refused", None)


async def test_a_host_that_does_not_exist_is_told() -> None:
    async with connect("ws://nowhere.invalid:1/v1/ws") as client:
        lost = await expect(client.subscribe("quotes", "*"), Lost)
    assert lost.reason.startswith("cannot find the host: ")


@pytest.mark.parametrize(
    ("status", "error"), [(404, AddressError), (200, AddressError), (401, AuthError), (403, AuthError)]
)
async def test_an_address_without_a_ticker_is_told(status: int, error: type[ClientError]) -> None:
    async with Scripted() as service:
        service.status = http.HTTPStatus(status)
        async with at_once(service.url) as client:
            assert isinstance(await failure(client.subscribe("quotes", "*")), error)


@pytest.mark.parametrize("url", ["", "127.0.0.1:8080", "http://127.0.0.1/v1/ws", "ws://", "ws://a:b/", "ws://[::1/"])
def test_an_address_that_is_none_is_told_at_once(url: str) -> None:
    with pytest.raises(AddressError, match=r"ws://127\.0\.0\.1:8080/v1/ws"):
        connect(url)


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(AddressError) as raised:
        connect("https://me:secret@venue.test/?ticket=secret")
    assert "secret" not in str(raised.value)


async def test_a_token_is_sent_where_the_service_asks_for_one() -> None:
    async with Scripted() as service:
        service.welcome = welcome(auth="required")
        async with connect(service.url, token="secret") as client:
            await expect(quotes := client.subscribe("quotes", "*"), Connected)
            session = await service.session(0, subscriptions=1)
            quotes.close()
            assert [request["op"] for request in session.requests[:2]] == ["auth", "subscribe"]
            assert session.requests[0]["token"] == "secret"


async def test_a_token_may_come_from_a_function_which_may_fail() -> None:
    tokens = iter(["", "one", "two"])

    async def fetch() -> str:
        if token := next(tokens):
            return token
        raise OSError("out of order")

    async with Scripted() as service:
        service.welcome = welcome(auth="required")
        async with at_once(service.url, token=fetch) as client:
            quotes = client.subscribe("quotes", "*")
            assert (await expect(quotes, Lost)).reason == "cannot get a token: OSError('out of order')"
            (await service.session(1, subscriptions=1)).drop()
            await service.session(2, subscriptions=1)
        assert [session.asked("auth")[0]["token"] for session in service.sessions[1:]] == ["one", "two"]
        assert service.sessions[0].requests == []


async def test_a_loop_that_is_left_gives_its_subscription_up() -> None:
    async with subscribed() as (service, client, _quotes):
        async for update in client.subscribe("quotes", OTHER, fields=["bid"]):
            if isinstance(update, Quote):
                break
            await (await service.session(0, subscriptions=2)).send(quote_message("1", symbol=OTHER))
        session = await service.session(0)
        [farewell] = await service.until(lambda: session.asked("unsubscribe"), "an unsubscribe")
        assert farewell["symbols"] == [OTHER]
        assert session.asked("subscribe", symbols=[OTHER], fields=["bid"])


async def test_a_closed_stream_ends_and_is_given_up() -> None:
    async with subscribed() as (service, client, quotes):
        with client.subscribe("quotes", OTHER) as others:
            session = await service.session(0, subscriptions=2)
        assert [update async for update in others] == []
        [farewell] = await service.until(lambda: session.asked("unsubscribe"), "an unsubscribe")
        assert farewell["symbols"] == [OTHER]
        await session.send(quote_message("1"))
        await expect(quotes, Quote)


async def test_everything_ends_with_the_block() -> None:
    async with subscribed() as (service, client, quotes):
        reading = asyncio.create_task(anext(quotes, None))
        await client.__aexit__(None, None, None)
        assert await reading is None
        session = await service.session(0)
        await service.until(lambda: session.ended, "the end of the connection")
        assert session.connection.close_code == 1000
        assert "has ended" in str(await failure(client.subscribe("quotes", "*")))


async def test_a_slow_caller_costs_bounded_memory_and_is_told_what_it_missed() -> None:
    async with subscribed("trades") as (service, client, trades):
        session = await service.session(0)
        quotes = client.subscribe("quotes", "demo:*")
        await service.session(0, subscriptions=2)
        await expect(quotes, Connected)
        for seq in range(1, 2_501):
            await session.send(trade_message(seq))
            await session.send(quote_message(f"1.{seq}", seq))
        while (await expect(quotes, Quote)).bid != "1.2500":
            pass
        gap = await expect(trades, Gap)
        assert (gap.from_seq, gap.to_seq, gap.missed, gap.reason) == (1, 1_500, 1_500, "slow_consumer")
        assert [(await expect(trades, Trade)).seq for _ in range(1_000)] == list(range(1_501, 2_501))


async def test_a_burst_is_no_reason_to_lose_a_trade_for_a_caller_that_keeps_up() -> None:
    async with subscribed("trades") as (service, _, trades):
        session = await service.session(0)
        sending = asyncio.create_task(session.send(*map(trade_message, range(1, 5_001))))
        assert [(await expect(trades, Trade)).seq for _ in range(5_000)] == list(range(1, 5_001))
        await sending


async def test_a_server_that_accepts_and_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticker.client.connection.CONNECT_S", 0.05)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        async with at_once(f"ws://127.0.0.1:{mute.getsockname()[1]}/") as client:
            assert (await expect(client.subscribe("quotes", "*"), Lost)).reason == "no answer within 0.05 s"
