"""Pings: when one is due, and when nobody is there."""

from typing import Literal

from feeds.timestamps import SECOND
from tests.ticker.fakes import START
from ticker.keepalive import Pulse


def beat(pulse: Pulse, seconds: float, *, paused: bool = False) -> Literal["ping", "dead"] | None:
    """What is due so many seconds after the start, with the default times."""
    return pulse.beat(START + round(seconds * SECOND), paused=paused, ping_s=20, pong_timeout_s=10)


def test_a_connection_is_pinged_each_period_as_long_as_it_answers() -> None:
    pulse = Pulse(START)
    pings = []
    for second in range(65):
        if beat(pulse, second) == "ping":
            pings.append(second)
            pulse.answered()
    assert pings == [20, 40, 60]


def test_an_unanswered_ping_means_that_nobody_is_there() -> None:
    pulse = Pulse(START)
    assert beat(pulse, 20) == "ping"
    assert beat(pulse, 29.9) is None
    assert beat(pulse, 30) == "dead"


def test_a_pong_that_nobody_asked_for_changes_nothing() -> None:
    pulse = Pulse(START)
    pulse.answered()
    assert beat(pulse, 19) is None
    assert beat(pulse, 20) == "ping"


def test_a_late_pong_is_good_enough_until_the_time_is_over() -> None:
    pulse = Pulse(START)
    assert beat(pulse, 20) == "ping"
    pulse.answered()
    assert beat(pulse, 31) is None


def test_neither_time_counts_while_the_client_is_paused() -> None:
    pulse = Pulse(START)
    assert beat(pulse, 20) == "ping"
    assert beat(pulse, 25, paused=True) is None
    assert beat(pulse, 60, paused=True) is None
    assert beat(pulse, 61) == "ping"
    assert beat(pulse, 70) is None
    assert beat(pulse, 71) == "dead"
