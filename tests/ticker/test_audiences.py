"""Who gets a topic, and at which rate."""

from itertools import pairwise
from weakref import ref

import pytest

from feeds.timestamps import SECOND
from tests.ticker.fakes import START, FakeSink, ManualClock
from tests.ticker.stage import EPOCH
from ticker.audiences import Audience, Audiences
from ticker.bus import Topic
from ticker.clients import Client, Options
from ticker.encodings import EVENT, WEBSOCKET

BID, ASK = frozenset({"bid"}), frozenset({"ask"})


def client(name: str) -> Client:
    return Client(name, FakeSink(ManualClock()), START)


@pytest.fixture
def topic() -> Topic:
    return Topic("quotes", "x:A", EPOCH)


@pytest.fixture
def audiences() -> Audiences:
    return Audiences()


def audience_of(audiences: Audiences, topic: Topic) -> Audience:
    found = topic.audience
    assert isinstance(found, Audience)
    assert topic in audiences
    return found


def test_a_topic_that_nobody_gets_has_no_audience(audiences: Audiences, topic: Topic) -> None:
    assert topic.audience is None
    assert list(audiences) == []
    assert not audiences.remove(client("a"), topic, Options())
    assert not audiences.remove(client("a"), topic, Options(10))


def test_clients_of_one_rate_share_a_cadence(audiences: Audiences, topic: Topic) -> None:
    a, b, c = client("a"), client("b"), client("c")
    audiences.add(a, topic, Options())
    audiences.add(b, topic, Options(10))
    audiences.add(c, topic, Options(10))
    audience = audience_of(audiences, topic)
    assert list(audience.every) == [a]
    assert [list(clients) for clients in audience.paced.values()] == [[b, c]]
    assert [cadence.rate for cadence in audience.paced] == [10]


def test_topics_of_one_rate_share_a_cadence_and_rates_are_out_of_step(audiences: Audiences, topic: Topic) -> None:
    other = Topic("quotes", "x:B", EPOCH)
    audiences.add(client("a"), topic, Options(10))
    audiences.add(client("a"), other, Options(10))
    audiences.add(client("a"), other, Options(5))
    [ten] = audience_of(audiences, topic).paced
    same, five = audience_of(audiences, other).paced
    assert same is ten
    assert ten.phase != five.phase


def test_the_times_of_cadences_are_spread(audiences: Audiences, topic: Topic) -> None:
    for rate in (50, 20, 10, 4, 2, 1):
        audiences.add(client("a"), topic, Options(rate))
    cadences = audience_of(audiences, topic).paced
    phases = sorted(cadence.phase / cadence.period for cadence in cadences)
    assert min(later - earlier for earlier, later in pairwise(phases)) > 0.05


def test_clients_are_apart_by_the_fields_that_they_chose(audiences: Audiences, topic: Topic) -> None:
    a, b, c, d = map(client, "abcd")
    for who, options in ((a, Options()), (b, Options(None, BID)), (c, Options(None, ASK)), (d, Options(None, BID))):
        audiences.add(who, topic, options)
    audience = audience_of(audiences, topic)
    assert list(audience.every) == [a]
    assert {encoding.fields: list(clients) for encoding, clients in audience.others.items()} == {BID: [b, d], ASK: [c]}


def test_clients_are_apart_by_their_transport(audiences: Audiences, topic: Topic) -> None:
    a, b = client("a"), client("b")
    c, d = (Client(name, FakeSink(ManualClock()), START, EVENT) for name in "cd")
    for who in (a, c):
        audiences.add(who, topic, Options())
    for who in (b, d):
        audiences.add(who, topic, Options(10))
    audience = audience_of(audiences, topic)
    assert (list(audience.every), audience.others) == ([a], {EVENT: {c: c.push}})
    assert {cadence.encoding: list(clients) for cadence, clients in audience.paced.items()} == {
        WEBSOCKET: [b],
        EVENT: [d],
    }
    for who, options in ((a, Options()), (b, Options(10)), (c, Options()), (d, Options(10))):
        assert audiences.remove(who, topic, options)
    assert list(audiences) == []


def test_a_rate_has_a_cadence_for_each_choice_of_fields_and_they_keep_step(audiences: Audiences, topic: Topic) -> None:
    for name, options in (
        ("a", Options(10)),
        ("b", Options(10, BID)),
        ("c", Options(10, ASK)),
        ("d", Options(10, BID)),
    ):
        audiences.add(client(name), topic, options)
    cadences = audience_of(audiences, topic).paced
    assert [(cadence.encoding.fields, len(clients)) for cadence, clients in cadences.items()] == [
        (None, 1),
        (BID, 2),
        (ASK, 1),
    ]
    assert len({cadence.phase for cadence in cadences}) == 1


def test_a_cadence_that_nobody_has_is_forgotten(audiences: Audiences, topic: Topic) -> None:
    a = client("a")
    audiences.add(a, topic, Options(10, BID))
    cadence = ref(next(iter(audience_of(audiences, topic).paced)))
    audiences.remove(a, topic, Options(10, BID))
    assert cadence() is None


def test_a_client_is_added_once(audiences: Audiences, topic: Topic) -> None:
    a = client("a")
    for _ in range(2):
        audiences.add(a, topic, Options())
    assert len(audience_of(audiences, topic).every) == 1


@pytest.mark.parametrize("options", [Options(), Options(10), Options(None, BID), Options(10, BID)])
def test_a_topic_is_forgotten_with_the_last_that_gets_it(audiences: Audiences, options: Options, topic: Topic) -> None:
    a, b = client("a"), client("b")
    audiences.add(a, topic, options)
    audiences.add(b, topic, options)
    assert audiences.remove(a, topic, options)
    assert not audiences.remove(a, topic, options)
    assert list(audiences) == [topic]
    assert audiences.remove(b, topic, options)
    assert list(audiences) == []


def test_a_cadence_forgets_a_topic_with_the_last_that_gets_it_so(audiences: Audiences, topic: Topic) -> None:
    a, b = client("a"), client("b")
    audiences.add(a, topic, Options(10))
    audiences.add(b, topic, Options())
    [cadence] = audience_of(audiences, topic).paced
    for moment in (START, START + 1):
        cadence.offer(topic, moment)
    assert audiences.held_back(a, topic, Options(10))
    audiences.remove(a, topic, Options(10))
    assert not audiences.held_back(a, topic, Options(10))
    assert cadence.due(START + SECOND) == []
    assert list(audience_of(audiences, topic).every) == [b]


def test_what_is_not_thinned_is_never_held_back(audiences: Audiences, topic: Topic) -> None:
    a = client("a")
    audiences.add(a, topic, Options())
    assert not audiences.held_back(a, topic, Options())
    assert not audiences.held_back(a, topic, Options(10))
