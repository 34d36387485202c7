"""What is sent on a connection and when, and what the venue's answers lead to; no connection is needed to know."""

from collections import Counter
from itertools import pairwise
from random import Random
from typing import ClassVar, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.adapter import Acknowledged, Alive, GoingAway, Link, Notice, Refused, Rejected, Subscription, Throttled
from feeds.conversation import ANSWER_WITHIN, REJECTED_AGAIN, THROTTLED, Conversation, Rejection
from feeds.gate import Gate
from feeds.links import subscriptions
from feeds.timestamps import SECOND
from tests.feeds.fakes import FakeAdapter, link

START = 1_790_000_000 * SECOND
SPACING_S = 0.5
SPACING = SECOND // 2
SILENCE_S = 10
SILENCE = SILENCE_S * SECOND


class PingedAdapter(FakeAdapter):
    keepalive: ClassVar[tuple[float, bytes] | None] = (3, b"ping")


def conversation(
    *asked: str, adapter: type[FakeAdapter] = FakeAdapter, gate: Gate | None = None, now: int = START
) -> Conversation:
    """One on a connection that was just made, to ask for `trades A,B` and the like."""
    wanted = link(*asked)
    return Conversation(adapter(wanted), wanted, gate or Gate(SPACING_S), now, silence_s=SILENCE_S)


def everything(talk: Conversation, now: int = START) -> list[str]:
    """All messages there are, sent one after the other as the pace allows."""
    sent = []
    while (message := talk.message(now)) is not None:
        sent.append(message.decode())
        now += SPACING
    return sent


class TestSending:
    def test_asks_for_one_subscription_after_the_other_at_the_venue_s_pace(self) -> None:
        talk = conversation("trades A,B", "quotes A")

        assert talk.message(START) == b"subscribe 1 trades A,B"
        assert talk.message(START) is None
        assert talk.next_at() == START + SPACING
        assert talk.message(START + SPACING - 1) is None
        assert talk.message(START + SPACING) == b"subscribe 2 quotes A"
        assert talk.message(START + 2 * SPACING) is None

    def test_conversations_that_share_a_gate_share_the_pace(self) -> None:
        gate = Gate(SPACING_S)
        one, other = conversation("trades A", gate=gate), conversation("trades B", gate=gate)

        assert one.message(START) is not None
        assert other.message(START) is None
        assert other.next_at() == START + SPACING
        assert other.message(START + SPACING) is not None

    def test_a_venue_without_a_pace_is_asked_at_once(self) -> None:
        talk = conversation("trades A", "quotes A", gate=Gate(0))

        assert [talk.message(START) for _ in range(3)] == [b"subscribe 1 trades A", b"subscribe 2 quotes A", None]

    def test_keepalives_are_sent_at_their_interval(self) -> None:
        talk = conversation("trades A", adapter=PingedAdapter)
        talk.message(START)

        assert talk.next_at() == START + 3 * SECOND
        assert talk.message(START + 3 * SECOND - 1) is None
        assert talk.message(START + 3 * SECOND) == b"ping"
        assert talk.message(START + 4 * SECOND) is None
        assert talk.next_at() == START + 6 * SECOND

    def test_a_keepalive_keeps_the_pace_too(self) -> None:
        talk = conversation("trades A", adapter=PingedAdapter)
        talk.message(START)
        talk.message(START + 3 * SECOND)
        talk.take([Refused("try again", 1)], START)

        assert talk.take([GoingAway()], START) == []
        assert talk.message(START + 3 * SECOND + SPACING - 1) is None

    def test_requests_come_before_keepalives(self) -> None:
        talk = conversation("trades A", adapter=PingedAdapter)

        assert talk.message(START + 5 * SECOND) == b"subscribe 1 trades A"
        assert talk.message(START + 5 * SECOND + SPACING) == b"ping"


class TestSilence:
    def test_lasts_from_the_last_request(self) -> None:
        talk = conversation("trades A", "quotes A")
        talk.message(START)
        talk.message(asked := START + SECOND)
        talk.take([Acknowledged(1), Acknowledged(2)], asked)

        assert talk.next_at() == asked + SILENCE
        assert not talk.silent(asked + SILENCE - 1)
        assert talk.silent(asked + SILENCE)
        assert not talk.excused(asked + SILENCE)

    def test_is_excused_and_counted_anew_while_requests_wait_for_their_turn(self) -> None:
        gate = Gate(SPACING_S)
        gate.close_until(START + 5 * SILENCE)
        talk = conversation("trades A", gate=gate)

        assert talk.silent(START + SILENCE)
        assert talk.excused(START + SILENCE)
        assert not talk.silent(START + 2 * SILENCE - 1)
        assert talk.silent(START + 2 * SILENCE)

    def test_begins_anew_with_data(self) -> None:
        talk = conversation("trades A")
        talk.message(START)
        talk.take([Acknowledged(1)], START)
        talk.data(START + 7 * SECOND)

        assert talk.next_at() == START + 7 * SECOND + SILENCE
        assert not talk.silent(START + 7 * SECOND + SILENCE - 1)
        assert talk.silent(START + 7 * SECOND + SILENCE)

    def test_is_not_broken_by_what_is_no_data(self) -> None:
        talk = conversation("trades A", adapter=PingedAdapter)
        talk.message(START)
        for second in range(1, SILENCE_S):
            talk.message(START + second * SECOND)
            talk.take([Alive(), Acknowledged()], START)

        assert talk.silent(START + SILENCE)
        assert not talk.proven


class TestAnswers:
    def test_it_is_settled_with_data_and_every_request_answered(self) -> None:
        talk = conversation("trades A", "quotes A", gate=Gate(0))
        talk.message(START)
        talk.data(START)
        talk.take([Acknowledged(1)], START)
        assert talk.proven
        assert not talk.settled

        talk.message(START)
        assert not talk.settled
        talk.take([Acknowledged(2)], START)
        assert talk.settled

    def test_it_is_not_settled_without_data(self) -> None:
        talk = conversation("trades A")
        talk.message(START)
        talk.take([Acknowledged(1)], START)

        assert not talk.settled

    def test_a_venue_that_goes_away_is_noted(self) -> None:
        talk = conversation("trades A")

        assert not talk.going_away
        assert talk.take([GoingAway()], START) == []
        assert talk.going_away

    def test_a_refused_symbol_that_was_named_is_rejected_and_the_others_are_asked_again(self) -> None:
        talk = conversation("trades A,B,C")
        talk.message(START)

        assert talk.take([Rejected("B", "unknown"), Refused("unknown B", 1)], START) == [
            Rejection("B", None, "unknown")
        ]
        assert everything(talk, START + SECOND) == ["subscribe 2 trades A,C"]

    def test_a_rejected_symbol_is_told_once(self) -> None:
        talk = conversation("trades A,B", "quotes A,B", gate=Gate(0))
        everything(talk)

        rejections = talk.take(
            [Rejected("B", "unknown"), Refused("", 1), Rejected("B", "unknown"), Refused("", 2)], START
        )

        assert rejections == [Rejection("B", None, "unknown")]
        assert everything(talk, START + SECOND) == ["subscribe 3 trades A", "subscribe 4 quotes A"]

    def test_a_refused_request_that_names_no_symbol_is_asked_again_in_halves(self) -> None:
        talk = conversation("trades A,B,C")
        talk.message(START)

        assert talk.take([Refused("no", 1)], START) == []
        assert everything(talk, START + SECOND) == ["subscribe 2 trades A", "subscribe 3 trades B,C"]

    def test_a_single_symbol_that_is_refused_is_rejected(self) -> None:
        talk = conversation("trades A")
        talk.message(START)

        assert talk.take([Refused("no", 1)], START) == [Rejection("A", None, "no")]
        assert everything(talk, START + SECOND) == []

    def test_a_channel_without_symbols_that_is_refused_is_told(self) -> None:
        talk = conversation("heartbeats")
        talk.message(START)

        assert talk.take([Refused("no", 1)], START) == [Rejection(None, "heartbeats", "no")]

    @pytest.mark.parametrize("request_id", [None, 1, 99])
    def test_a_refusal_of_what_was_not_asked_is_told_and_costs_nothing(self, request_id: int | None) -> None:
        talk = conversation("trades A")

        assert talk.take([Refused("slow down", request_id)], START) == [Rejection(None, None, "slow down")]
        assert everything(talk) == ["subscribe 1 trades A"]

    def test_answers_without_an_id_are_those_of_the_oldest_request(self) -> None:
        talk = conversation("trades A", "trades B", "trades C", gate=Gate(0))
        everything(talk)

        assert talk.take([Acknowledged(), Refused("no"), Acknowledged()], START) == [Rejection("B", None, "no")]

    def test_an_answer_that_comes_twice_costs_nothing(self) -> None:
        talk = conversation("trades A,B", gate=Gate(0))
        everything(talk)

        assert talk.take([Acknowledged(1), Acknowledged(1), Acknowledged()], START) == []
        assert everything(talk) == []


class TestThrottling:
    def test_holds_back_all_messages_for_a_while(self) -> None:
        gate = Gate(SPACING_S)
        talk = conversation("trades A", adapter=PingedAdapter, gate=gate)
        other = conversation("trades B", gate=gate)
        talk.message(START)

        assert talk.take([Throttled("too fast")], START + 1) == []

        for held_back in (talk, other):
            assert held_back.next_at() == START + 1 + THROTTLED
            assert held_back.message(START + THROTTLED) is None

    def test_what_was_not_answered_is_asked_again_before_the_rest(self) -> None:
        talk = conversation("trades A", "trades B", "trades C", "trades D", gate=Gate(0))
        for _ in range(3):
            talk.message(START)

        talk.take([Acknowledged(2), Throttled("too fast")], START)

        assert everything(talk, START + THROTTLED) == [
            "subscribe 4 trades A",
            "subscribe 5 trades C",
            "subscribe 6 trades D",
        ]

    def test_does_not_shorten_a_longer_wait(self) -> None:
        gate = Gate(60)
        talk = conversation("trades A", "trades B", gate=gate)
        talk.message(START)
        talk.take([Throttled("too fast")], START)

        assert talk.next_at() == START + SILENCE
        assert gate.opens_at == START + 60 * SECOND


Naming = Literal["none", "first", "all", "each"]


class PickyVenue:
    """A venue that refuses some symbols, and answers each request some time after it came."""

    def __init__(self, refused: frozenset[str], naming: Naming, echoes: bool, random: Random) -> None:
        self.taken: Counter[tuple[str, str]] = Counter()
        self._refused = refused
        self._naming = naming
        self._echoes = echoes
        self._random = random
        self._unanswered: list[str] = []

    def ask(self, request: str) -> None:
        self._unanswered.append(request)

    def answer(self) -> list[Notice]:
        """Some of the answers that are due, perhaps none; in the order of the requests where no id is echoed."""
        notices: list[Notice] = []
        while self._unanswered and self._random.random() < 0.6:
            place = self._random.randrange(len(self._unanswered)) if self._echoes else 0
            notices += self._answer(self._unanswered.pop(place))
        return notices

    @property
    def has_answered(self) -> bool:
        return not self._unanswered

    def _answer(self, request: str) -> list[Notice]:
        _, number, channel, names = request.split(" ")
        symbols = names.split(",")
        echoed = int(number) if self._echoes else None
        bad = [symbol for symbol in symbols if symbol in self._refused]
        if bad and self._naming != "each":
            named = {"none": bad[:0], "first": bad[:1], "all": bad}[self._naming]
            return [*(Rejected(symbol, "unknown") for symbol in named), Refused("no", echoed)]
        self.taken.update((channel, symbol) for symbol in symbols if symbol not in self._refused)
        return [*(Rejected(symbol, "unknown") for symbol in bad), Acknowledged(echoed)]


SYMBOLS = tuple(f"S{number}" for number in range(24))


@settings(deadline=None, max_examples=150)
@given(
    count=st.integers(1, len(SYMBOLS)),
    refused=st.frozensets(st.sampled_from(SYMBOLS)),
    channels=st.sampled_from([("trades",), ("trades", "quotes")]),
    most=st.sampled_from([3, 10, 100]),
    manners=st.tuples(
        st.sampled_from(["none", "first", "all", "each"]), st.booleans(), st.randoms(use_true_random=False)
    ),
)
def test_whatever_a_venue_refuses_just_that_is_rejected_and_all_else_is_taken(
    count: int,
    refused: frozenset[str],
    channels: tuple[str, ...],
    most: int,
    manners: tuple[Naming, bool, Random],
) -> None:
    symbols = SYMBOLS[:count]
    wanted = Link("ws://venue.example", subscriptions(channels, symbols, most))
    talk = Conversation(FakeAdapter(wanted), wanted, Gate(SPACING_S), START, silence_s=3_600)
    venue = PickyVenue(refused, *manners)
    now, sent_at, rejections = START, list[int](), list[Rejection]()
    talk.data(now)

    while not (talk.settled and venue.has_answered):
        if (message := talk.message(now)) is not None:
            venue.ask(message.decode())
            sent_at.append(now)
        else:
            assert talk.next_at() > now
        rejections += talk.take(venue.answer(), now)
        now += SPACING // 4

    assert sorted(rejection.venue_symbol or "" for rejection in rejections) == sorted(refused.intersection(symbols))
    assert venue.taken == Counter(
        (channel, symbol) for channel in channels for symbol in symbols if symbol not in refused
    )
    assert len(sent_at) <= 2 * len(channels) * count
    assert all(later - earlier >= SPACING for earlier, later in pairwise(sent_at))


def test_a_subscription_is_asked_for_as_it_was_given() -> None:
    wanted = Link("ws://venue.example", (Subscription("trades", ("A", "B")), Subscription("heartbeats", ())))
    talk = Conversation(FakeAdapter(wanted), wanted, Gate(0), START, silence_s=SILENCE_S)

    assert everything(talk) == ["subscribe 1 trades A,B", "subscribe 2 heartbeats"]


class TestWhatWasInVain:
    def test_an_unanswered_request_is_asked_again_once(self) -> None:
        talk = conversation("trades A")
        assert talk.message(START) == b"subscribe 1 trades A"

        assert talk.next_at() == START + ANSWER_WITHIN
        assert talk.message(START + ANSWER_WITHIN - 1) is None
        assert talk.message(START + ANSWER_WITHIN) == b"subscribe 2 trades A"
        talk.data(START + ANSWER_WITHIN)
        assert not talk.settled
        assert talk.message(START + 3 * ANSWER_WITHIN) is None
        assert talk.settled

    def test_an_answer_that_comes_too_late_costs_nothing(self) -> None:
        talk = conversation("trades A,B")
        everything(talk)
        everything(talk, START + ANSWER_WITHIN)

        assert talk.take([Acknowledged(1), Acknowledged(2)], START + ANSWER_WITHIN) == []
        assert everything(talk, START + 3 * ANSWER_WITHIN) == []

    def test_refused_symbols_are_asked_for_again_after_a_while(self) -> None:
        talk = conversation("trades A,B", "quotes A,B")
        everything(talk)
        talk.take([Rejected("A", "not now"), Acknowledged(1), Acknowledged(2)], START)

        assert talk.message(START + REJECTED_AGAIN - 1) is None
        assert everything(talk, START + REJECTED_AGAIN) == ["subscribe 3 trades A", "subscribe 4 quotes A"]
