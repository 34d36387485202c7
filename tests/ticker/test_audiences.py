"""Who gets a topic, and at which rate."""

from itertools import pairwise

import pytest

from feeds.timestamps import SECOND
from tests.ticker.fakes import START, FakeSink, ManualClock
from tests.ticker.stage import EPOCH
from ticker.audiences import Audience, Audiences
from ticker.bus import Topic
from ticker.clients import Client

TOPIC = Topic("quotes", "x:A", EPOCH)


def client(name: str) -> Client:
    return Client(name, FakeSink(ManualClock()), START)


@pytest.fixture
def audiences() -> Audiences:
    return Audiences()


def audience_of(audiences: Audiences, topic: Topic) -> Audience:
    found = audiences.get(topic)
    assert found is not None
    return found


def test_a_topic_that_nobody_gets_has_no_audience(audiences: Audiences) -> None:
    assert audiences.get(TOPIC) is None
    assert list(audiences) == []
    assert not audiences.remove(client("a"), TOPIC, None)
    assert not audiences.remove(client("a"), TOPIC, 10)


def test_clients_of_one_rate_share_a_cadence(audiences: Audiences) -> None:
    a, b, c = client("a"), client("b"), client("c")
    audiences.add(a, TOPIC, None)
    audiences.add(b, TOPIC, 10)
    audiences.add(c, TOPIC, 10)
    audience = audience_of(audiences, TOPIC)
    assert list(audience.every) == [a]
    assert [list(clients) for clients in audience.paced.values()] == [[b, c]]
    assert [cadence.rate for cadence in audience.paced] == [10]


def test_topics_of_one_rate_share_a_cadence_and_rates_are_out_of_step(audiences: Audiences) -> None:
    other = Topic("quotes", "x:B", EPOCH)
    audiences.add(client("a"), TOPIC, 10)
    audiences.add(client("a"), other, 10)
    audiences.add(client("a"), other, 5)
    [ten] = audience_of(audiences, TOPIC).paced
    same, five = audience_of(audiences, other).paced
    assert same is ten
    assert ten.phase != five.phase


def test_the_times_of_cadences_are_spread(audiences: Audiences) -> None:
    for rate in (50, 20, 10, 4, 2, 1):
        audiences.add(client("a"), TOPIC, rate)
    cadences = audience_of(audiences, TOPIC).paced
    phases = sorted(cadence.phase / cadence.period for cadence in cadences)
    assert min(later - earlier for earlier, later in pairwise(phases)) > 0.05


def test_a_client_is_added_once(audiences: Audiences) -> None:
    a = client("a")
    for _ in range(2):
        audiences.add(a, TOPIC, None)
    assert len(audience_of(audiences, TOPIC).every) == 1


@pytest.mark.parametrize("rate", [None, 10])
def test_a_topic_is_forgotten_with_the_last_that_gets_it(audiences: Audiences, rate: float | None) -> None:
    a, b = client("a"), client("b")
    audiences.add(a, TOPIC, rate)
    audiences.add(b, TOPIC, rate)
    assert audiences.remove(a, TOPIC, rate)
    assert not audiences.remove(a, TOPIC, rate)
    assert list(audiences) == [TOPIC]
    assert audiences.remove(b, TOPIC, rate)
    assert list(audiences) == []


def test_a_cadence_forgets_a_topic_with_the_last_that_gets_it_so(audiences: Audiences) -> None:
    a, b = client("a"), client("b")
    audiences.add(a, TOPIC, 10)
    audiences.add(b, TOPIC, None)
    [cadence] = audience_of(audiences, TOPIC).paced
    for moment in (START, START + 1):
        cadence.offer(TOPIC, moment)
    assert audiences.held_back(TOPIC, 10)
    audiences.remove(a, TOPIC, 10)
    assert not audiences.held_back(TOPIC, 10)
    assert cadence.due(START + SECOND) == []
    assert list(audience_of(audiences, TOPIC).every) == [b]


def test_what_is_not_thinned_is_never_held_back(audiences: Audiences) -> None:
    audiences.add(client("a"), TOPIC, None)
    assert not audiences.held_back(TOPIC, None)
    assert not audiences.held_back(TOPIC, 10)
