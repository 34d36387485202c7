"""What is answered over HTTP, and how the service ends."""

import subprocess
import time
from pathlib import Path

import pytest

from tests import requires
from tests.integration.client import watched
from tests.integration.scenes import BINANCE, INSTRUMENT, bid
from tests.integration.service import Service
from tests.integration.simulated import DEAD, IDLE, LIVELY
from tests.venues.binance import Binance


def test_a_plain_get_of_the_websocket_endpoint_is_told_what_it_is(service: Service) -> None:
    answer = service.request("/v1/ws")
    assert answer.status == 426
    assert answer.json["reason"] == "this is a WebSocket endpoint; see /docs"


def test_it_is_alive_and_ready(service: Service) -> None:
    assert service.request("/healthz").status == 200
    assert service.request("/readyz").status == 200


def test_a_snapshot_has_the_newest_values_and_their_states(service: Service) -> None:
    answer = service.request(f"/v1/snapshot?channel=quotes&symbols={IDLE},{DEAD}")
    assert answer.status == 200
    assert [(m["type"], m["symbol"]) for m in answer.json["messages"]] == [
        ("status", IDLE),
        ("quote", IDLE),
        ("status", DEAD),
    ]
    assert answer.json["next"] is None
    assert answer.headers["Content-Type"].startswith("application/json")


def test_a_snapshot_takes_patterns(service: Service) -> None:
    messages = service.request("/v1/snapshot?channel=ticker&symbols=sim:*").json["messages"]
    assert {m["symbol"] for m in messages if m["type"] == "ticker"} == set(LIVELY)


def test_a_snapshot_that_the_client_has_is_not_sent_again(service: Service) -> None:
    path = f"/v1/snapshot?channel=quotes&symbols={IDLE}"
    tag = service.request(path).headers["ETag"]
    for method in ("GET", "HEAD"):
        again = service.request(path, method, **{"If-None-Match": tag})
        assert (again.status, again.body, again.headers["ETag"]) == (304, "", tag)


def test_the_directory_is_searched_by_pattern(service: Service) -> None:
    entries = service.request("/v1/symbols?match=*:BTC-*").json["messages"]
    assert {entry["symbol"] for entry in entries} == {LIVELY[0], IDLE, DEAD}
    (dead,) = (entry for entry in entries if entry["symbol"] == DEAD)
    assert (dead["venue"], dead["state"]) == ("dead", "unknown")
    assert dead["channels"]


def test_the_status_names_feeds_and_the_symbols_that_need_a_look(service: Service) -> None:
    body = service.request("/v1/status").body
    assert DEAD in body
    assert LIVELY[0] not in body
    for name in ("sim", "many", "idle", "dead"):
        assert f'"{name}"' in body


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/nothing", 404),
        ("/v1/snapshot?channel=prices&symbols=*", 404),
        ("/v1/snapshot?channel=quotes", 400),
        ("/v1/snapshot?symbols=sim:*", 400),
        ("/v1/sse?channel=nope&symbols=sim:*", 404),
        ("/v1/bars?symbol=sim:BTC-USDT&interval=2m", 404),
    ],
)
def test_what_there_is_not_is_answered_with_a_reason(service: Service, path: str, status: int) -> None:
    answer = service.request(path)
    assert answer.status == status
    assert answer.json["code"] == status
    assert answer.json["reason"]


def test_a_method_that_is_not_allowed(service: Service) -> None:
    answer = service.request("/v1/snapshot", method="POST")
    assert answer.status == 405
    assert answer.json["code"] == 405


def test_promtool_is_content_with_the_metrics(service: Service) -> None:
    promtool = requires.program("promtool", "prometheus")
    metrics = service.request("/metrics").body
    check = subprocess.run([promtool, "check", "metrics"], input=metrics, capture_output=True, text=True, check=False)
    assert (check.returncode, check.stdout + check.stderr) == (0, "")


async def test_the_metrics_tell_what_was_received_and_sent(tmp_path: Path) -> None:
    async with Binance() as venue, watched(tmp_path, "binance", venue, INSTRUMENT) as (service, client):
        session = await venue.session(0, *BINANCE.subscriptions)
        for number in range(1, 4):
            await session.publish(BINANCE.quote(number))
        await session.publish(BINANCE.trade(1))
        await client.expect("quote", BINANCE.symbol, bid=bid(3))
        await client.expect("trade", BINANCE.symbol, trade_id="1")
        for name, labels, value in [
            ("ticker_updates_received_total", {"feed": "binance", "channel": "quotes"}, 3),
            ("ticker_updates_received_total", {"feed": "binance", "channel": "trades"}, 1),
            ("ticker_updates_sent_total", {"channel": "quotes", "transport": "websocket"}, 3),
            ("ticker_clients", {"transport": "websocket"}, 1),
            ("ticker_client_connections_total", {"transport": "websocket"}, 1),
            ("ticker_subscriptions", {"channel": "trades", "kind": "exact"}, 1),
            ("ticker_requests_total", {"op": "subscribe", "code": "200"}, 4),
            ("ticker_feed_connections", {"feed": "binance"}, 1),
            ("ticker_feed_symbols", {"feed": "binance", "state": "live"}, 1),
            ("ticker_draining", {}, 0),
        ]:
            assert (name, labels, await service.metric(name, **labels)) == (name, labels, value)
        assert await service.metric("ticker_feed_received_bytes_total", feed="binance") > 0
        assert await service.metric("ticker_sent_bytes_total", transport="websocket") > 0
        last = await service.metric("ticker_feed_last_data_timestamp_seconds", feed="binance")
        assert abs(time.time() - last) < 60
