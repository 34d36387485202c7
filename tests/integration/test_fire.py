"""Resume under fire: a client that is cut again and again has in the end the trades of one that never was."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.integration import stepped
from tests.integration.fire import SYMBOLS, feed, program, stepping, under_fire
from tests.integration.tape import over_websocket

CUTS = 40
TRADES_PER_S = 500
BYTES = {"websocket": 20_000.0, "sse": 26_000.0}  # between two cuts: some 0.1 s, where no more is asked for than is new
LONG_AGO = "2026-01-01T00:00:00Z"
FEW_BYTES = dict.fromkeys(BYTES, 5_000.0)


@pytest.mark.parametrize("step", [None, stepped.ON, stepped.BACK], ids=["right", "an hour on", "an hour back"])
async def test_a_client_that_is_cut_has_the_trades_of_one_that_never_was(
    tmp_path: Path, step: signal.Signals | None
) -> None:
    async with stepping(tmp_path, feed(TRADES_PER_S)) as service:

        async def at_half() -> None:
            if step is not None:
                service.signal(step)

        for found in (await under_fire(service, CUTS, BYTES, at_half=at_half)).values():
            assert found.differences == []
            assert not found.gaps
            assert found.cuts.made == CUTS
            assert found.cuts.in_frame > CUTS / 4
            assert found.cuts.in_snapshot > CUTS / 4
        assert await service.metric("ticker_gaps_total") == 0
        assert await service.metric("ticker_resumes_total", result="complete") > CUTS
        assert (stepped.STEPPED in service.log) == (step is not None)
        assert "Traceback" not in service.log


@pytest.mark.parametrize("step_s", [0, stepped.HOUR_S, -stepped.HOUR_S])
async def test_after_a_restart_nothing_of_the_new_run_is_missing_and_the_end_of_the_old_one_is_told(
    tmp_path: Path, step_s: int
) -> None:
    async with (
        stepping(tmp_path, feed(TRADES_PER_S)) as service,
        over_websocket(service, "2026-01-01T00:00:00Z") as client,
    ):
        old = await client.message(type="trade")
        service.kill()
        service.program = program(step_s)
        service.start()
        await asyncio.to_thread(service.wait_until_ready)
        for found in (await under_fire(service, CUTS, FEW_BYTES, since=old["received"])).values():
            assert found.differences == []
            assert found.gaps.keys() == {"restart"}
            assert found.gaps["restart"] >= SYMBOLS
