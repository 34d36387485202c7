"""How many clients there may be over all transports, and how fast they may come."""

from collections.abc import Iterator

import pytest
import structlog.testing
from structlog.typing import EventDict

from tests.ticker.fakes import ManualClock
from ticker.admission import OVERLOADED, RESTARTING, RETRY_MOST_MS, Admission, Refusal
from ticker.counts import ClientCounts
from ticker.readiness import RETRY_SPREAD_MS, retry_after_ms

ELSEWHERE = "192.0.2.7"


class Door:
    """An admission, with the time in the test's hand."""

    def __init__(self, clients: int = 100_000, rate: float = 500, burst: int = 1_000) -> None:
        self.clock, self.counts = ManualClock(), ClientCounts()
        self.admission = Admission(
            self.counts, self.clock, clients=clients, handshakes_per_second=rate, handshakes_burst=burst
        )

    def herd(self, number: int, address: str = ELSEWHERE) -> list[Refusal]:
        """So many come at once; those who may not."""
        return [refusal for _ in range(number) if (refusal := self.admission.admit(address)) is not None]


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    with structlog.testing.capture_logs() as entries:
        yield entries


def test_all_transports_share_the_limit_and_who_is_turned_away_is_counted() -> None:
    door = Door(clients=3)
    door.admission.connected.update(websocket=1, sse=1)
    assert door.admission.admit(None) is None
    door.admission.connected["sse"] += 1
    for refusal in (door.admission.admit(None), door.admission.admit_request()):
        assert refusal is not None
        assert refusal.code == OVERLOADED
    door.admission.connected["websocket"] -= 1
    assert door.admission.admit(None) is None
    assert door.counts.rejections == {"clients": 2}


def test_nobody_comes_while_clients_are_sent_away() -> None:
    door = Door()
    door.admission.draining = True
    [refusal] = door.herd(1)
    assert refusal.code == RESTARTING
    assert door.counts.rejections == {"draining": 1}


def test_those_that_are_sent_away_together_come_back_apart() -> None:
    waits = {retry_after_ms() for _ in range(100)}
    least, most = RETRY_SPREAD_MS
    assert all(least <= wait <= most for wait in waits)
    assert len(waits) > 50


def test_a_herd_comes_back_in_order() -> None:
    door = Door(rate=500, burst=1_000)
    refused = door.herd(5_000)
    assert len(refused) == 4_000
    assert {refusal.code for refusal in refused} == {OVERLOADED}
    waits = [refusal.retry_after_ms for refusal in refused]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (RETRY_SPREAD_MS[0] + 2, RETRY_SPREAD_MS[0] + 8_000)
    assert door.counts.rejections == {"handshakes": 4_000}


def test_who_comes_back_when_told_is_let_in() -> None:
    door = Door(rate=500, burst=1_000)
    started, again = door.clock.now, sorted(refusal.retry_after_ms for refusal in door.herd(10_000))
    refused = 0
    for wait in again:
        door.clock.now = started + wait * 1_000_000
        refused += len(door.herd(1))
    assert refused == 0
    assert door.clock.now - started < 20 * 10**9


def test_nobody_waits_longer_than_half_a_minute() -> None:
    waits = [refusal.retry_after_ms for refusal in Door(rate=1, burst=1).herd(1_000)]
    assert max(waits) <= RETRY_MOST_MS
    assert len(set(waits)) > 500


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", None])
def test_this_machine_and_sockets_without_an_address_are_not_held_up(address: str | None) -> None:
    assert all(Door(rate=1, burst=1).admission.admit(address) is None for _ in range(100))


def test_a_request_that_waits_shakes_no_hands() -> None:
    door = Door(rate=1, burst=1)
    door.herd(2)
    assert door.admission.admit_request() is None


def test_a_new_pace_holds_at_once() -> None:
    door = Door(rate=1, burst=1)
    door.admission.set_pace(500, 100)
    assert len(door.herd(100)) == 0


def test_the_log_tells_of_a_herd_in_one_line_a_minute(logged: list[EventDict]) -> None:
    door = Door(rate=1, burst=1)
    door.herd(1_000)
    door.admission.notices.tick(door.clock.advance(59))
    assert [entry["turned_away"] for entry in logged] == [1]
    door.admission.notices.tick(door.clock.advance(1))
    door.admission.notices.tick(door.clock.advance(60))
    assert [entry["turned_away"] for entry in logged] == [1, 998]
    assert all("handshakes_per_second" in entry["event"] for entry in logged)
