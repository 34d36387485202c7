"""The client protocol over a real WebSocket, seen from a client."""

import asyncio
import contextlib
import json

import pytest
from websockets.asyncio.client import connect

from tests.integration.client import RFC3339, connected
from tests.integration.service import Service
from tests.integration.simulated import DEAD, IDLE, LIVELY, MANY, SYMBOLS_PER_CLIENT
from tests.waiting import eventually

BTC, ETH, SOL = LIVELY
UPGRADE = (
    b"GET /v1/ws HTTP/1.1\r\nHost: ticker\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def test_the_server_speaks_first(service: Service) -> None:
    async with connected(service) as client:
        welcome = client.messages[0]
        assert welcome["type"] == "welcome"
        assert welcome["protocol"] == 1
        assert welcome["server"].startswith("ticker/")
        assert welcome["heartbeat_ms"] == 500
        assert welcome["limits"] == {
            "symbols": SYMBOLS_PER_CLIENT,
            "message_bytes": 65536,
            "requests_per_second": 20,
        }
        assert welcome["auth"] == "none"
        assert RFC3339.fullmatch(welcome["time"])
        async with connected(service) as other:
            assert other.messages[0]["session"] != welcome["session"]


async def test_the_subprotocol_may_be_offered(service: Service) -> None:
    async with connect(service.websocket, subprotocols=["ticker.v1"], proxy=None) as socket:  # type: ignore[list-item]
        assert socket.subprotocol == "ticker.v1"


async def test_an_ack_tells_what_is_in_effect(service: Service) -> None:
    async with connected(service) as client:
        ack = await client.request("subscribe", channel="quotes", symbols=[BTC], id="mine")
        assert ack == {
            "type": "ack",
            "id": "mine",
            "op": "subscribe",
            "channel": "quotes",
            "interval": None,
            "symbols": [BTC],
            "max_rate": None,
            "fields": None,
            "rejected": [],
            "warnings": [],
        }
        assert (await client.request("subscribe", channel="ticker", symbols=[BTC]))["max_rate"] == 10


async def test_ack_status_snapshot_synced_in_this_order(service: Service) -> None:
    async with connected(service) as client:
        await client.subscribe("stats", IDLE)
        assert [message["type"] for message in client.messages] == ["welcome", "ack", "status", "stats", "synced"]
        _, _, status, stats, synced = client.messages
        assert status["snapshot"]
        assert stats["snapshot"]
        assert stats["epoch"]
        assert synced["symbols"] == 1


async def test_the_status_comes_before_there_is_data(service: Service) -> None:
    async with connected(service) as client:
        await client.subscribe("quotes", DEAD)
        assert [message["type"] for message in client.messages] == ["welcome", "ack", "status", "synced"]
        assert client.messages[2]["state"] == "unknown"
        assert client.messages[2]["last_received"] is None


async def test_a_wrong_name_is_rejected_with_a_suggestion_and_the_rest_taken(service: Service) -> None:
    async with connected(service) as client:
        ack = await client.mistake("subscribe", channel="quotes", symbols=["sim:BTC-USTD", ETH], maxRate=4)
        assert ack["symbols"] == [ETH]
        (rejected,) = ack["rejected"]
        assert (rejected["symbol"], rejected["code"]) == ("sim:BTC-USTD", 404)
        assert BTC in rejected["reason"]
        assert any("maxRate" in warning and "max_rate" in warning for warning in ack["warnings"])
        await client.more("quote", ETH)


async def test_a_pattern_without_matches_is_synced_too(service: Service) -> None:
    async with connected(service) as client:
        ack = await client.subscribe("quotes", "nowhere:*")
        assert ack["symbols"] == ["nowhere:*"]
        assert client.messages[-1]["symbols"] == 0


@pytest.mark.parametrize(
    ("text", "code", "names"),
    [
        ("{", 400, "JSON"),
        ("[]", 400, "object"),
        ("{}", 400, "op"),
        ('{"op":"ping","id":1.5}', 400, "id"),
        ('{"op":"subscribe","symbols":["sim:BTC-USDT"]}', 400, "channel"),
        ('{"op":"subscribe","channel":"quotes"}', 400, "symbols"),
        ('{"op":"subscribe","channel":"quotes","symbols":"sim:BTC-USDT"}', 400, "symbols"),
        ('{"op":"subscribe","channel":"quotes","symbols":["*****"]}', 400, "symbols"),
        ('{"op":"subscribe","channel":"quotes","symbols":["sim:BTC-USDT"],"max_rate":"fast"}', 400, "max_rate"),
        ('{"op":"subscribe","channel":"quotes","symbols":["sim:BTC-USDT"],"since":true}', 400, "since"),
        ('{"op":"subscribe","channel":"prices","symbols":["sim:BTC-USDT"]}', 404, "channel"),
        ('{"op":"unsubscribe","channel":"quotes","symbols":["sim:BTC-USDT"]}', 404, "subscription"),
        ('{"op":"subscrib"}', 405, "subscribe"),
        ('{"op":"subscribe","channel":"quotes","symbols":["*"]}', 413, "'*' matches"),
    ],
)
async def test_a_request_that_cannot_be_taken_is_told_why(service: Service, text: str, code: int, names: str) -> None:
    async with connected(service) as client:
        error = await client.ask(text)
        assert (error["type"], error["code"]) == ("error", code)
        assert names in error["reason"]
        assert (await client.request("list"))["subscriptions"] == []


async def test_a_client_may_hold_so_many_symbols_and_no_more(service: Service) -> None:
    async with connected(service) as client:
        await client.subscribe("quotes", *(f"many:SYM{number}" for number in range(SYMBOLS_PER_CLIENT)))
        error = await client.request("subscribe", channel="quotes", symbols=[BTC])
        assert error["code"] == 413
        await client.subscribe("trades", "many:SYM0")


async def test_too_many_requests_are_refused_and_the_connection_stays(service: Service) -> None:
    async with connected(service) as client:
        for number in range(300):
            await client.socket.send(json.dumps({"op": "ping", "id": number}))
        await client.until(lambda: len(client.replies()) == 300, "an answer to each")
        assert [reply["id"] for reply in client.replies()] == list(range(300))
        refusals = client.of("error")
        assert refusals
        assert all(refusal["code"] == 429 and refusal["retry_after_ms"] > 0 for refusal in refusals)

        async def admitted() -> bool:
            return bool((await client.request("ping"))["type"] == "pong")

        await eventually(admitted, "a ping to be admitted again")


@pytest.mark.parametrize(
    ("frame", "text", "code"), [("x" * 70_000, True, 1009), (b"{}", False, 1003), (b"\xff\xfe", True, 1007)]
)
async def test_a_frame_that_is_no_text_message_closes(
    service: Service, frame: str | bytes, text: bool, code: int
) -> None:
    async with connected(service) as client:
        await client.socket.send(frame, text=text)
        assert (await client.closed())[0] == code


async def test_ping_and_list(service: Service) -> None:
    async with connected(service) as client:
        pong = await client.request("ping")
        assert RFC3339.fullmatch(pong["time"])
        await client.subscribe("quotes", BTC, ETH)
        await client.subscribe("ticker", "sim:*")
        subscriptions = (await client.request("list"))["subscriptions"]
        assert [(s["channel"], s["symbols"], s["max_rate"]) for s in subscriptions] == [
            ("quotes", [BTC, ETH], None),
            ("ticker", ["sim:*"], 10),
        ]


async def test_a_clients_ping_frames_are_answered(service: Service) -> None:
    async with connected(service) as client:
        async with asyncio.timeout(10):
            await (await client.socket.ping(b"still there?"))


async def test_a_client_that_answers_no_pings_is_closed(service: Service) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(UPGRADE)
    async with asyncio.timeout(10):
        received = await reader.read(-1)
    assert b"\x89" in received, "a ping frame"
    assert (4009).to_bytes(2, "big") in received
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def test_a_pattern_takes_in_every_symbol_of_a_venue(service: Service) -> None:
    async with connected(service) as client:
        await client.subscribe("status", "sim:*", "idle:*")
        assert {m["symbol"] for m in client.of("status")} == {*LIVELY, IDLE}
        error = await client.request("subscribe", channel="quotes", symbols=["many:*"])
        assert f"matches {MANY} symbols; the limit is {SYMBOLS_PER_CLIENT}" in error["reason"]
