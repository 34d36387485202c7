"""How many clients there may be, over all transports. What becomes of each: test_websocket.py and test_sse.py."""

import structlog.testing

from ticker.connections import Admission
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


def test_the_log_says_once_that_it_is_full_each_time_that_it_is() -> None:
    admission = Admission(ClientCounts(), 1)
    with structlog.testing.capture_logs() as logged:
        for connected in (1, 1, 0, 1, 1):
            admission.connected["sse"] = connected
            admission.admit()
    assert [entry["clients"] for entry in logged] == [1, 1]


def test_nobody_comes_while_clients_are_sent_away() -> None:
    counts = ClientCounts()
    admission = Admission(counts, 3)
    admission.draining = True
    assert not admission.admit()
    assert counts.rejections == {"draining": 1}
