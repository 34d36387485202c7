"""How many clients there may be, over all transports. What becomes of each: test_websocket.py and test_sse.py."""

from ticker.connections import RETRY_SPREAD_MS, Admission, retry_after_ms
from ticker.counts import ClientCounts


def test_all_transports_share_the_limit_and_who_is_turned_away_is_counted() -> None:
    counts = ClientCounts()
    admission = Admission(counts, 3)
    admission.connected.update(websocket=1, sse=1)
    assert admission.admit()
    admission.connected["sse"] += 1
    assert not admission.admit()
    admission.connected["websocket"] -= 1
    assert admission.admit()
    assert counts.rejections == {"clients": 1}


def test_nobody_comes_while_clients_are_sent_away() -> None:
    counts = ClientCounts()
    admission = Admission(counts, 3)
    admission.draining = True
    assert not admission.admit()
    assert counts.rejections == {"draining": 1}


def test_those_that_are_sent_away_together_come_back_apart() -> None:
    waits = {retry_after_ms() for _ in range(100)}
    least, most = RETRY_SPREAD_MS
    assert all(least <= wait <= most for wait in waits)
    assert len(waits) > 50
