"""When those are to come back who came at the wrong time."""

from ticker.readiness import RETRY_SPREAD_MS, retry_after_ms


def test_those_that_are_sent_away_together_come_back_apart() -> None:
    waits = {retry_after_ms() for _ in range(100)}
    least, most = RETRY_SPREAD_MS
    assert all(least <= wait <= most for wait in waits)
    assert len(waits) > 50
