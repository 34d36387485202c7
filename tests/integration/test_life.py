"""How the service starts and ends."""

import signal
import socket
from pathlib import Path

import pytest

from tests.integration.client import connected, watched
from tests.integration.scenes import BINANCE, INSTRUMENT
from tests.integration.service import Service, feed, running, serving, table
from tests.venues.binance import Binance


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_and_it_takes_its_leave(tmp_path: Path, number: signal.Signals) -> None:
    async with Binance() as venue, watched(tmp_path, "binance", venue, INSTRUMENT) as (service, client):
        await venue.session(0, *BINANCE.subscriptions)
        async with connected(service) as idle:
            service.signal(number)
            for each in (client, idle):
                code, reason = await each.closed()
                assert code in (1001, 1012)
                assert (reason or "").startswith("retry_after_ms=")
        assert await service.exit_code(within_s=5) == 0
        await venue.until(lambda: not venue.open_sessions, "the venue's connection to be closed")


async def test_a_client_that_does_not_read_holds_up_no_end(tmp_path: Path) -> None:
    stanza = table("[[feeds]]", name="sim", adapter="simulated", symbols=100, rate=20_000)
    async with serving(tmp_path, stanza) as service, connected(service, max_queue=1) as client:
        await client.request("subscribe", channel="quotes", symbols=["sim:*"])
        await service.metric_reaches(1, "ticker_slow_clients")
        service.signal(signal.SIGTERM)
        assert await service.exit_code(within_s=5) == 0


async def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        service = Service(tmp_path, table("[[feeds]]", name="sim", adapter="simulated", symbols=1), port=port)
        service.start()
        assert await service.exit_code(within_s=10) == 1
    assert f"127.0.0.1:{port}" in service.log
    assert "Traceback" not in service.log


async def test_wrong_settings_are_told_all_at_once(tmp_path: Path) -> None:
    stanzas = [feed("binance", ["btc"], "http://venue"), table("[fanout]", flush_intervall_ms=1)]
    with running(tmp_path, *stanzas) as service:
        assert await service.exit_code(within_s=10) == 2
        for word in ("symbols", "url", "flush_intervall_ms", "flush_interval_ms"):
            assert word in service.log
