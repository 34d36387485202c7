"""The service's clock, told by what it says."""

import pytest

from feeds.timestamps import SECOND
from tests.ticker.client.messages import at
from tests.ticker.fakes import START
from ticker.client.clock import ServerClock

HOUR = 3_600 * SECOND


def test_until_it_is_told_it_is_ours() -> None:
    assert ServerClock().at(5) == 5


def test_it_runs_on_with_ours() -> None:
    clock = ServerClock()
    clock.told(at(0), START - HOUR)
    assert clock.at(START - HOUR + SECOND) == START + SECOND


def test_an_answer_was_given_halfway() -> None:
    clock = ServerClock()
    clock.told(at(0), now=12 * SECOND, asked=10 * SECOND)
    assert clock.at(11 * SECOND) == START


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        ServerClock().told("noon", 0)
