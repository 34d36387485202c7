"""What a client gets of what it subscribed to: each update once, in order, in its shape."""

import re
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

import pytest

from tests.integration.client import RFC3339, Client, Message, connected
from tests.integration.service import Service
from tests.integration.simulated import IDLE, LIVELY

BTC, ETH, SOL = LIVELY


def numbers(client: Client, kind: str, symbol: str) -> list[int]:
    """The seq of each message of a type, in the order of their coming."""
    return client.values(kind, symbol, "seq")


def is_run(found: list[int]) -> bool:
    """Whether each number is one more than the one before."""
    return found == list(range(found[0], found[0] + len(found)))


async def test_a_quiet_connection_hears_heartbeats(service: Service) -> None:
    async with connected(service) as client:
        await client.subscribe("quotes", IDLE)
        await client.more("heartbeat", None, 4)
        times = [message["time"] for message in client.of("heartbeat")]
        assert all(RFC3339.fullmatch(time) for time in times)
        seconds = [datetime.fromisoformat(time).timestamp() for time in times]
        promised = client.messages[0]["heartbeat_ms"] / 1000
        # The shortest interval, since a busy machine is late.
        assert min(later - earlier for earlier, later in pairwise(seconds)) < promised + 0.2


@pytest.mark.parametrize("channel", ["quotes", "trades"])
async def test_every_update_comes_once_and_in_order(service: Service, channel: str) -> None:
    kind = channel.removesuffix("s")
    async with connected(service) as client:
        await client.subscribe(channel, BTC)
        await client.more(kind, BTC, 10)
        assert is_run(numbers(client, kind, BTC))


async def test_overlapping_subscriptions_deliver_once(service: Service) -> None:
    async with connected(service) as client:
        await client.subscribe("quotes", BTC)
        await client.subscribe("quotes", "sim:*", "*:BTC-*")
        await client.more("quote", BTC)
        await client.more("quote", ETH)
        assert is_run([message["seq"] for message in client.of("quote", BTC) if "snapshot" not in message])


async def test_unsubscribing_falls_back_to_what_still_covers(service: Service) -> None:
    async with connected(service) as client:
        await client.subscribe("quotes", BTC)
        await client.subscribe("quotes", "sim:*")
        ack = await client.request("unsubscribe", channel="quotes", symbols=["sim:*"])
        assert ack["symbols"] == ["sim:*"]
        begin = len(client.messages)
        await client.more("quote", BTC)
        assert {m["symbol"] for m in client.messages[begin:] if m["type"] == "quote"} == {BTC}


async def test_nothing_comes_after_the_ack_of_an_unsubscribe(service: Service) -> None:
    async with connected(service) as client, connected(service) as witness:
        await client.subscribe("quotes", BTC)
        await client.subscribe("trades", BTC)
        await witness.subscribe("quotes", BTC)
        await client.request("unsubscribe", channel="quotes")
        await client.request("unsubscribe", channel="trades", symbols=[BTC])
        begin = len(client.messages)
        await witness.more("quote", BTC)
        await client.request("ping")
        assert {m["type"] for m in client.messages[begin:]} <= {"pong", "heartbeat"}


async def test_subscribing_again_sends_no_second_snapshot_unless_asked(service: Service) -> None:
    def snapshots(client: Client) -> int:
        return sum(m.get("snapshot", False) for m in client.of("quote", IDLE))

    async with connected(service) as client:
        await client.subscribe("quotes", IDLE)
        await client.subscribe("quotes", IDLE)
        assert snapshots(client) == 1
        await client.subscribe("quotes", IDLE, snapshot=True)
        assert snapshots(client) == 2


async def test_without_snapshot_the_first_message_is_an_update(service: Service) -> None:
    async with connected(service) as client:
        await client.subscribe("quotes", BTC, snapshot=False)
        await client.more("quote", BTC, 1)
        assert "snapshot" not in client.of("quote", BTC)[0]


async def test_the_row_is_thinned_to_ten_a_second(service: Service) -> None:
    async with connected(service) as client:
        await client.subscribe("ticker", BTC)
        await client.more("ticker", BTC, 10)
        seen = numbers(client, "ticker", BTC)
        assert seen == sorted(seen)
        assert not is_run(seen), "forty rows a second in no more than ten"


def is_decimal(value: object) -> bool:
    """Whether it is a decimal string without exponent."""
    return isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) is not None


SHAPES: dict[str, dict[str, Callable[[object], bool]]] = {
    "quote": dict.fromkeys(("bid", "bid_size", "ask", "ask_size"), is_decimal),
    "trade": {
        "price": is_decimal,
        "size": is_decimal,
        "side": lambda value: value in ("buy", "sell"),
        "trade_id": lambda value: isinstance(value, str),
        "epoch": lambda value: isinstance(value, str),
    },
    "stats": dict.fromkeys(("open", "high", "low", "last", "volume", "change", "change_pct"), is_decimal),
    "ticker": dict.fromkeys(("last", "bid", "ask", "bid_size", "ask_size", "high_24h", "change_pct_24h"), is_decimal),
    "status": {"state": lambda value: value == "live", "reason": lambda value: value is None},
}


def wrong_fields(message: Message) -> list[str]:
    """The fields of a data message that are not as the protocol has them."""
    checks = SHAPES[message["type"]]
    wrong = [field for field, good in checks.items() if not good(message[field])]
    common = isinstance(message["seq"], int) and RFC3339.fullmatch(message["received"]) and "time" in message
    return wrong if common else [*wrong, "seq, time or received"]


async def test_every_channel_has_its_shape(service: Service) -> None:
    async with connected(service) as client:
        await client.subscribe_all(BTC)
        await client.subscribe("status", BTC)
        for kind in ("quote", "trade", "stats", "ticker"):
            await client.more(kind, BTC, 1)
        assert {m["type"]: wrong_fields(m) for m in client.messages if m["type"] in SHAPES} == {k: [] for k in SHAPES}
