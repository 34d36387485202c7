"""Settings and certificates that change while the service runs."""

import json
import signal
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.authority import EXPIRES, Authority
from tests.integration.client import Client, connected
from tests.integration.service import Service, serving, table
from tests.waiting import eventually

OFTEN = table("[reload]", every_s=0.2)
NEVER = table("[reload]", every_s=3600)
STEADY = table("[[feeds]]", name="steady", adapter="simulated", symbols=1, rate=100)


def sim(*instruments: str, name: str = "sim", rate: int = 100) -> str:
    return table("[[feeds]]", name=name, adapter="simulated", symbols=list(instruments), rate=rate)


def logged(service: Service, event: str) -> list[dict[str, Any]]:
    """The log's lines about something."""
    entries = [json.loads(line) for line in service.log.splitlines()]
    return [entry for entry in entries if event in entry["event"]]


async def told(service: Service, event: str, number: int = 1) -> dict[str, Any]:
    """The newest line about something, once there are so many."""

    async def so() -> dict[str, Any] | None:
        found = logged(service, event)
        return found[-1] if len(found) >= number else None

    return await eventually(so, f"{number} lines with {event!r}")


async def symbols(service: Service) -> list[str]:
    return [entry["symbol"] for entry in (await service.get("/v1/symbols")).json["messages"]]


async def live(client: Client, symbol: str) -> None:
    await client.expect("status", symbol, state="live")
    await client.more("trade", symbol)


async def test_symbols_come_and_go_and_the_other_feeds_are_left_alone(tmp_path: Path) -> None:
    async with serving(tmp_path, OFTEN, STEADY, sim("A", "B")) as service, connected(service) as client:
        await client.subscribe("trades", "sim:A", "sim:B", "steady:*")
        await client.subscribe("quotes", "*")
        for symbol in ("sim:A", "sim:B"):
            await live(client, symbol)
        service.configure(OFTEN, STEADY, sim("B", "C"), sim("D", name="new"))
        closed = await client.expect("status", "sim:A", state="closed")
        assert closed["reason"] == "removed"
        for symbol in ("sim:C", "new:D"):  # of which the pattern says quotes
            await client.expect("quote", symbol)
        assert await symbols(service) == ["steady:SYM0", "sim:B", "sim:C", "new:D"]
        seen = len(client.of("trade", "sim:A"))
        await client.more("trade", "sim:B")
        assert len(client.of("trade", "sim:A")) == seen
        entry = await told(service, "read again")
        assert entry["changed"] == ["feeds.sim", "feeds.new"]
        assert (await service.get("/v1/snapshot?channel=quotes&symbols=sim:A")).status == 404
        [rejected] = (await client.request("subscribe", channel="quotes", symbols=["sim:A"]))["rejected"]
        assert rejected["code"] == 404
        for symbol in ("steady:SYM0", "sim:B"):
            seqs = client.values("trade", symbol, "seq")
            assert seqs == list(range(seqs[0], seqs[-1] + 1))
        assert client.values("status", "steady:SYM0", "state") in (["live"], ["unknown", "live"])


async def test_a_symbol_that_comes_back_has_another_epoch_and_reaches_who_still_wants_it(tmp_path: Path) -> None:
    async with serving(tmp_path, OFTEN, sim("A", "B")) as service, connected(service) as client:
        await client.subscribe("trades", "sim:A")
        await live(client, "sim:A")
        [old] = {message["epoch"] for message in client.of("trade", "sim:A")}
        service.configure(OFTEN, sim("B"))
        await client.expect("status", "sim:A", state="closed")
        before = len(client.messages)
        service.configure(OFTEN, sim("B", "A"))

        def renewed() -> bool:
            return any(m["type"] == "trade" and m["epoch"] != old for m in client.messages[before:])

        await client.until(renewed, "a trade of another epoch")
        states = client.values("status", "sim:A", "state")
        assert states[states.index("closed") :][-1] == "live"


async def test_wrong_settings_change_nothing_and_are_told_all_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path, OFTEN, sim("A")) as service, connected(service) as client:
        await client.subscribe("quotes", "*")
        service.configure(OFTEN, sim("B"), table("[limits]", clients=0), table("[server]x", port=1))
        entry = await told(service, "cannot be used")
        assert await service.metric("ticker_config_last_reload_successful") == 0
        assert "is not TOML" in entry["problems"][0]
        service.configure(OFTEN, sim("b"), table("[limits]", clients=0))
        entry = await told(service, "cannot be used", 2)
        assert len(entry["problems"]) == 2
        assert await symbols(service) == ["sim:A"]
        await client.more("quote", "sim:A")
        service.configure(OFTEN, sim("A"))
        await told(service, "read again")
        assert await service.metric("ticker_config_last_reload_successful") == 1


async def test_a_feed_that_cannot_be_had_changes_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, OFTEN, sim("A")) as service:
        missing = table(
            "[[feeds]]", name="old", adapter="replay", venue="binance", path="nowhere.gz", symbols=["BTC-USDT"]
        )
        service.configure(OFTEN, sim("B"), missing)
        entry = await told(service, "cannot be used")
        assert "nowhere.gz" in entry["problems"][0]
        assert await symbols(service) == ["sim:A"]


async def test_limits_and_the_level_hold_at_once_and_the_rest_is_named(tmp_path: Path) -> None:
    async with serving(tmp_path, NEVER, sim("A")) as service, connected(service) as client:
        assert (await client.expect("welcome"))["limits"]["symbols"] == 2000
        service.configure(
            NEVER,
            sim("A"),
            table("[limits]", symbols_per_client=7, clients=77),
            table("[logging]", level="debug"),
            table("[history]", trades_s=5),
            table("[bars]", grace_s=1),
        )
        assert await service.metric("ticker_clients_limit") > 77
        service.signal(signal.SIGHUP)
        left = await told(service, "take a restart")
        assert left["keys"] == ["bars.grace_s", "history.trades_s"]
        changed = (await told(service, "read again"))["changed"]
        assert changed == ["limits.clients", "limits.symbols_per_client", "logging.level"]
        assert await service.metric("ticker_clients_limit") == 77
        async with connected(service) as late:
            assert (await late.expect("welcome"))["limits"]["symbols"] == 7
        await told(service, "client connected")


async def test_a_hangup_without_a_change_is_harmless(tmp_path: Path) -> None:
    async with serving(tmp_path, NEVER, sim("A")) as service, connected(service) as client:
        await client.subscribe("quotes", "*")
        service.signal(signal.SIGHUP)
        assert (await told(service, "read again"))["changed"] == []
        await client.more("quote", "sim:A")


def shown(service: Service) -> str:
    """The certificate that a new connection gets."""
    return ssl.get_server_certificate(("127.0.0.1", service.port))


@pytest.mark.parametrize("how", ["by itself", "SIGHUP"])
async def test_a_renewed_certificate_is_taken_up_and_nobody_is_dropped(tmp_path: Path, how: str) -> None:
    authority = Authority(tmp_path)
    old, wrong = authority.pair("old", EXPIRES - timedelta(days=9)), authority.pair("wrong")
    new = authority.pair("new")
    tls = table("[tls]", certificate=str(old.certificate), key=str(old.key))
    often, needs = OFTEN if how == "by itself" else NEVER, authority.trusting()
    expiry = "ticker_tls_certificate_expiry_timestamp_seconds"
    async with serving(tmp_path, often, tls, sim("A"), secure=needs) as service, connected(service) as client:
        await client.subscribe("quotes", "*")
        first = shown(service)
        assert await service.metric(expiry) == (EXPIRES - timedelta(days=9)).timestamp()
        old.key.write_bytes(wrong.key.read_bytes())
        if how == "SIGHUP":
            service.signal(signal.SIGHUP)
        entry = await told(service, "cannot be used")
        assert "is not the key of the certificate" in entry["problems"][0]
        assert shown(service) == first
        assert await service.metric("ticker_config_last_reload_successful") == 0
        old.replace(new)
        if how == "SIGHUP":
            service.signal(signal.SIGHUP)
        await service.metric_reaches(EXPIRES.timestamp(), expiry)
        assert shown(service) != first
        await client.more("quote", "sim:A")
        assert await service.metric("ticker_config_last_reload_successful") == 1


async def test_a_wrong_certificate_at_the_start_is_told(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    one, other = authority.pair("one"), authority.pair("other")
    service = Service(tmp_path, table("[tls]", certificate=str(one.certificate), key=str(other.key)), sim("A"))
    service.start()
    assert await service.exit_code(within_s=10) == 1
    assert f"{other.key} is not the key of the certificate" in service.log
    assert "Traceback" not in service.log
