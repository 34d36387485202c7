"""One connection's talk with the service: step by step, and with the service's own session at the other end."""

import json

import orjson
import pytest

from feeds.timestamps import SECOND
from tests.described import check
from tests.ticker.client.messages import (
    OTHER,
    SYMBOL,
    Message,
    ack,
    at,
    gap_message,
    quote_message,
    status_message,
    synced,
    taken,
    trade_message,
    welcome,
)
from tests.ticker.fakes import START, ManualClock
from tests.ticker.stage import Peer, Stage
from ticker.client import AuthError, Connected, Gap, Lost, ProtocolError, Quote, Rejected, Status, SubscribeError, Trade
from ticker.client.clock import ServerClock
from ticker.client.conversation import Conversation
from ticker.client.subscription import Subscription
from ticker.client.subscriptions import Subscriptions

LOST = Lost(reason="cut", code=1006, retry_s=1.0)
NO_CHANNEL = "qutes"


class Talk:
    """A client's side, in the test's time."""

    def __init__(
        self, *subscriptions: Subscription, token: str | None = None, clock: ManualClock | None = None
    ) -> None:
        self.clock = clock or ManualClock()
        self.subscriptions = Subscriptions()
        self.server_clock = ServerClock()
        self._token = token
        for subscription in subscriptions:
            self.subscriptions.add(subscription)
        self.reconnect()

    def reconnect(self) -> None:
        """The connection goes, and there is another one."""
        if self.subscriptions.connection is not None:
            self.subscriptions.tell(LOST)
        self.conversation = Conversation(
            self.subscriptions, self.server_clock, self.clock(), has_token=self._token is not None
        )

    def sent(self) -> list[Message]:
        """What is to be sent now; pings are left out."""
        if self._token is not None and self.conversation.wants_token(self.clock()):
            self.conversation.authenticate(self._token)
        return [message for message in self._due() if message["op"] != "ping"]

    def pings(self) -> list[Message]:
        """The pings among it."""
        return [message for message in self._due() if message["op"] == "ping"]

    def _due(self) -> list[Message]:
        found = [orjson.loads(message) for message in self.conversation.due(self.clock())]
        for message in found:
            if message["op"] != "auth" and message.get("channel") != NO_CHANNEL:  # no service of this version has these
                check(message)
        return found

    def hear(self, *messages: Message) -> None:
        for message in messages:
            self.conversation.receive(orjson.dumps(message), self.clock())

    def open(self) -> list[Message]:
        """Be welcomed; what is to be sent then."""
        self.hear(welcome())
        return self.sent()

    def drop(self, subscription: Subscription) -> list[Message]:
        """A subscription is over; what is to be sent then."""
        self.subscriptions.remove(subscription)
        self.conversation.leave(subscription)
        return self.sent()


def test_nothing_is_said_before_the_welcome() -> None:
    talk = Talk(Subscription("quotes", ["*"]))
    assert talk.sent() == talk.pings() == []
    [request] = talk.open()
    assert (request["op"], request["channel"], request["symbols"]) == ("subscribe", "quotes", ["*"])
    assert talk.conversation.welcomed
    assert talk.sent() == []


def test_the_connection_is_told() -> None:
    talk = Talk(subscription := Subscription("quotes", ["*"]))
    talk.open()
    assert taken(subscription) == [Connected(server="ticker/0", session="s1")]


def test_what_is_no_data_proves_nothing() -> None:
    talk = Talk(subscription := Subscription("quotes", ["*"]))
    [request] = talk.open()
    talk.hear(ack(request), synced(request), {"type": "heartbeat", "time": at(1)}, {"type": "news", "of": "later"})
    assert not talk.conversation.proven
    assert [type(update) for update in taken(subscription)] == [Connected]


def test_data_is_for_the_caller_and_proves_the_service() -> None:
    talk = Talk(subscription := Subscription("quotes", ["*"]))
    talk.open()
    talk.hear(status_message("live"), quote_message("1.10"))
    assert [type(update) for update in taken(subscription)] == [Connected, Status, Quote]
    assert talk.conversation.proven


def test_few_requests_wait_at_a_time() -> None:
    talk = Talk(*(Subscription("quotes", [f"a:{number}"]) for number in range(8)))
    first = talk.open()
    assert len(first) == 5
    talk.hear(ack(first[0]))
    assert talk.sent() == []
    talk.hear(synced(first[0]), {"type": "error", "id": first[1]["id"], "code": 413, "reason": "too many"})
    assert [request["symbols"] for request in talk.sent()] == [["a:5"], ["a:6"]]


def test_an_error_that_time_cures_is_waited_out() -> None:
    talk = Talk(subscription := Subscription("quotes", ["*"]))
    [request] = talk.open()
    talk.hear({"type": "error", "id": request["id"], "code": 503, "reason": "starting", "retry_after_ms": 3_000})
    talk.clock.advance(2.9)
    assert talk.sent() == []
    talk.clock.advance(0.1)
    [again] = talk.sent()
    assert again["symbols"] == ["*"]
    talk.hear(ack(again), synced(again))
    assert subscription.error is None


def test_a_crowd_is_not_refused_again_and_again() -> None:
    talk = Talk(subscription := Subscription("quotes", ["*"]))
    [request] = talk.open()
    talk.hear({"type": "error", "id": request["id"], "code": 429, "reason": "too many", "retry_after_ms": 1})
    talk.clock.advance(0.9)
    assert talk.sent() == []
    talk.clock.advance(0.1)
    assert len(talk.sent()) == 1
    assert subscription.error is None


def test_an_error_ends_its_subscription_alone() -> None:
    talk = Talk(bad := Subscription(NO_CHANNEL, ["*"]), good := Subscription("quotes", ["*"]))
    first, _ = talk.open()
    talk.hear({"type": "error", "id": first["id"], "code": 404, "reason": "no such channel; did you mean quotes?"})
    assert isinstance(bad.error, SubscribeError)
    assert good.error is None
    assert talk.drop(bad) == []
    talk.reconnect()
    assert [request["channel"] for request in talk.open()] == ["quotes"]


def test_a_subscription_that_is_over_is_given_up() -> None:
    talk = Talk(subscription := Subscription("bars", ["a", "b"], interval="1m"))
    assert talk.drop(Subscription("quotes", ["*"])) == []
    talk.open()
    [farewell] = talk.drop(subscription)
    assert (farewell["op"], farewell["channel"], farewell["interval"]) == ("unsubscribe", "bars", "1m")
    assert sorted(farewell["symbols"]) == ["a", "b"]
    talk.hear(quote_message("1"), {"type": "error", "id": farewell["id"], "code": 404, "reason": "no such"})


def test_what_another_holds_stays_and_its_options_count_again() -> None:
    slow, fast = Subscription("quotes", ["a", "b"], max_rate=1), Subscription("quotes", ["b", "c"], max_rate=50)
    talk = Talk(slow, fast)
    talk.open()
    farewell, again = talk.drop(fast)
    assert (farewell["op"], farewell["symbols"]) == ("unsubscribe", ["c"])
    assert (again["op"], again["symbols"], again["max_rate"]) == ("subscribe", ["a", "b"], 1)


def test_many_farewells_are_no_burst_and_none_is_forgotten() -> None:
    talk = Talk(*(subscriptions := [Subscription("quotes", [f"a:{number}"]) for number in range(8)]))
    requests = talk.open()
    for _ in range(2):
        talk.hear(*(message for request in requests for message in (ack(request), synced(request))))
        requests = talk.sent()
    for subscription in subscriptions:
        talk.subscriptions.remove(subscription)
        talk.conversation.leave(subscription)
    told = talk.sent()
    assert [farewell["symbols"] for farewell in told] == [[f"a:{number}"] for number in range(5)]
    talk.hear({"type": "error", "id": told[0]["id"], "code": 429, "reason": "too many", "retry_after_ms": 2_000})
    talk.hear(*map(ack, told[1:]))
    assert talk.sent() == []
    talk.clock.advance(2)
    assert [farewell["symbols"] for farewell in talk.sent()] == [["a:0"], ["a:5"], ["a:6"], ["a:7"]]


def test_what_is_wanted_again_meanwhile_is_not_given_up() -> None:
    talk = Talk(old := Subscription("quotes", ["a", "b"]))
    talk.open()
    talk.subscriptions.remove(old)
    talk.conversation.leave(old)
    talk.subscriptions.add(Subscription("quotes", ["b"]))
    farewell, request = talk.sent()
    assert (farewell["op"], farewell["symbols"]) == ("unsubscribe", ["a"])
    assert (request["op"], request["symbols"]) == ("subscribe", ["b"])


def test_a_request_that_would_end_the_connection_is_not_sent() -> None:
    big, good = Subscription("quotes", [f"venue:{number}" for number in range(100)]), Subscription("quotes", ["*"])
    talk = Talk(big, good)
    talk.hear(welcome(limits={"message_bytes": 200}))
    assert [request["symbols"] for request in talk.sent()] == [["*"]]
    assert isinstance(big.error, SubscribeError)
    assert big.error.code == 413


class TestPlaceOfTrades:
    """Where subscriptions that share a connection, and perhaps symbols, go on after a cut."""

    def sinces(self, talk: Talk) -> list[str | None]:
        """What is asked for after a cut."""
        talk.reconnect()
        return [request.get("since") for request in talk.open()]

    def test_while_another_is_answered_what_is_seen_is_no_place(self) -> None:
        """The service tells the trades of shared symbols for the other one, and the rest live."""
        talk = Talk(every := Subscription("trades", ["*"]))
        [first] = talk.open()
        talk.hear(ack(first), synced(first), trade_message(1), trade_message(1, OTHER))
        talk.subscriptions.add(Subscription("trades", [SYMBOL]))
        assert len(talk.sent()) == 1
        talk.hear(trade_message(7, OTHER))
        assert self.sinces(talk)[0] == at(1)
        assert [update.seq for update in taken(every) if isinstance(update, Trade)] == [1, 1, 7]

    def test_once_it_is_answered_the_last_one_counts(self) -> None:
        talk = Talk(Subscription("trades", ["*"]))
        [first] = talk.open()
        talk.subscriptions.add(Subscription("trades", [SYMBOL]))
        [second] = talk.sent()
        talk.hear(ack(first), synced(first), ack(second), trade_message(3, snapshot=True), synced(second))
        assert self.sinces(talk) == [at(3), at(3)]

    def test_who_is_cut_in_the_middle_of_a_resume_goes_on_in_the_middle(self) -> None:
        talk = Talk(Subscription("trades", ["*"]))
        [request] = talk.open()
        talk.hear(ack(request), synced(request), trade_message(1))
        talk.reconnect()
        [request] = talk.open()
        talk.hear(ack(request), trade_message(2, snapshot=True), trade_message(3, snapshot=True))
        assert self.sinces(talk) == [at(3)]

    def test_what_comes_for_others_before_the_own_answer_is_no_place(self) -> None:
        talk = Talk(Subscription("trades", [SYMBOL]), Subscription("trades", ["*"]))
        first, second = talk.open()
        talk.hear(ack(first), synced(first), ack(second), synced(second), trade_message(1))
        talk.reconnect()
        first, second = talk.open()
        talk.hear(ack(first), trade_message(2, snapshot=True), synced(first), trade_message(3), ack(second))
        assert self.sinces(talk) == [at(2), at(1)]

    def test_a_snapshot_that_another_asked_for_is_not_for_all(self) -> None:
        """Nor does what is live already hide it from the one that asked."""
        talk = Talk(every := Subscription("trades", ["*"]))
        [first] = talk.open()
        talk.hear(ack(first), synced(first))
        talk.subscriptions.add(one := Subscription("trades", [SYMBOL], snapshot=2))
        [second] = talk.sent()
        talk.hear(trade_message(9), ack(second), trade_message(10))
        talk.hear(*(trade_message(seq, received=at(seq - 20), snapshot=True) for seq in (8, 9)), synced(second))
        for subscription, seqs in ((every, [9, 10]), (one, [8, 9, 10])):
            assert [update.seq for update in taken(subscription) if isinstance(update, Trade)] == seqs

    def test_after_a_restart_with_an_older_clock_it_does_not_ask_from_the_future(self) -> None:
        talk = Talk(subscription := Subscription("trades", [SYMBOL]))
        [request] = talk.open()
        talk.hear(ack(request), synced(request), trade_message(900))
        talk.reconnect()
        [request] = talk.open()
        gap = gap_message("restart", epoch="two", received=at(0))
        talk.hear(ack(request), gap, trade_message(1, epoch="two", snapshot=True), synced(request))
        assert self.sinces(talk) == [at(1)]
        told = [update for update in taken(subscription) if isinstance(update, Trade | Gap)]
        assert [type(update) for update in told] == [Trade, Gap, Trade]


def test_a_token_goes_first_where_one_is_asked_for() -> None:
    talk = Talk(subscription := Subscription("quotes", ["*"]), token="secret")
    talk.hear(welcome(auth="required"))
    [auth] = talk.sent()
    assert (auth["op"], auth["token"]) == ("auth", "secret")
    assert (talk.sent(), taken(subscription)) == ([], [])
    talk.hear(ack(auth))
    assert [request["op"] for request in talk.sent()] == ["subscribe"]
    assert [type(update) for update in taken(subscription)] == [Connected]


def test_a_token_stays_here_where_none_is_asked_for() -> None:
    assert "secret" not in str(Talk(Subscription("quotes", ["*"]), token="secret").open())


def test_a_token_that_is_missing_or_refused_ends_it() -> None:
    with pytest.raises(AuthError, match="token=…"):
        Talk().hear(welcome(auth="required"))
    talk = Talk(token="secret")
    talk.hear(welcome(auth="required"))
    [auth] = talk.sent()
    with pytest.raises(AuthError, match=r"expired$"):
        talk.hear({"type": "error", "id": auth["id"], "code": 401, "reason": "the token has expired"})
    talk = Talk(Subscription("quotes", ["*"]))
    [request] = talk.open()
    with pytest.raises(AuthError):
        talk.hear({"type": "error", "id": request["id"], "code": 401, "reason": "authenticate first"})


def test_a_token_that_is_about_to_end_is_replaced() -> None:
    talk = Talk(Subscription("quotes", ["*"]), token="secret")
    talk.hear(welcome(auth="required"))
    talk.hear(ack(talk.sent()[0]))
    talk.sent()
    talk.hear({"type": "auth", "state": "expiring", "expires": at(60), "grace_ms": 25_000})
    [auth] = talk.sent()
    assert auth["op"] == "auth"
    talk.hear(ack(auth))
    assert talk.sent() == []


def test_a_service_with_no_time_for_a_token_gets_it_again() -> None:
    talk = Talk(token="secret")
    talk.hear(welcome(auth="required"))
    [auth] = talk.sent()
    talk.hear({"type": "error", "id": auth["id"], "code": 503, "reason": "starting", "retry_after_ms": 3_000})
    talk.clock.advance(2.9)
    assert talk.sent() == []
    talk.clock.advance(0.1)
    assert [request["op"] for request in talk.sent()] == ["auth"]


def test_what_a_token_does_not_allow_ends_one_subscription() -> None:
    talk = Talk(subscription := Subscription("quotes", ["*"]))
    [request] = talk.open()
    talk.hear({"type": "error", "id": request["id"], "code": 403, "reason": "not yours"})
    assert isinstance(subscription.error, SubscribeError)


def test_another_version_of_the_protocol_ends_it() -> None:
    with pytest.raises(ProtocolError, match="version 2 of the protocol, this client 1"):
        Talk().hear(welcome(protocol=2))


@pytest.mark.parametrize("text", [b"<html>", b"[]", b"1", b"{}", b'{"type":"welcome"}', b'{"type":"ack"}'])
def test_what_is_not_the_protocol_ends_it(text: bytes) -> None:
    talk = Talk()
    with pytest.raises(ProtocolError):
        talk.conversation.receive(text, talk.clock())


def test_the_clock_is_asked_for_at_once_and_each_minute() -> None:
    talk = Talk(clock=ManualClock(START - 3_600 * SECOND))
    talk.hear(welcome())
    assert talk.server_clock.at(talk.clock()) == START
    [ping] = talk.pings()
    talk.clock.advance(2)
    assert talk.pings() == []
    talk.hear({"type": "pong", "id": 99, "time": at(50)})
    talk.hear({"type": "pong", "id": ping["id"], "time": at(11)})
    assert talk.server_clock.at(talk.clock()) == START + 12 * SECOND
    talk.clock.advance(59)
    talk.hear({"type": "heartbeat", "time": at(70)})
    assert talk.pings() == []
    talk.clock.advance(1)
    assert len(talk.pings()) == 1


def test_twenty_five_seconds_of_nothing_are_a_dead_connection() -> None:
    talk = Talk()
    talk.open()
    talk.clock.advance(22.9)
    assert talk.pings() == []
    assert not talk.conversation.dead(talk.clock())
    talk.clock.advance(0.1)
    assert len(talk.pings()) == 1
    assert talk.pings() == []
    talk.clock.advance(1.9)
    assert not talk.conversation.dead(talk.clock())
    talk.clock.advance(0.1)
    assert talk.conversation.dead(talk.clock())


def test_anything_that_is_heard_is_life() -> None:
    talk = Talk()
    talk.open()
    for _ in range(3):
        talk.clock.advance(24)
        talk.pings()
        talk.hear({"type": "heartbeat", "time": at(0)})
        talk.clock.advance(1.9)
        assert not talk.conversation.dead(talk.clock())


def test_who_was_asleep_asks_before_it_gives_up() -> None:
    talk = Talk()
    talk.open()
    talk.clock.advance(3_600)
    assert not talk.conversation.dead(talk.clock())
    assert len(talk.pings()) == 1
    talk.clock.advance(2)
    assert talk.conversation.dead(talk.clock())


def test_a_service_that_never_speaks_is_dead_too() -> None:
    talk = Talk()
    talk.clock.advance(23)
    assert len(talk.pings()) == 1
    talk.clock.advance(2)
    assert talk.conversation.dead(talk.clock())


def test_it_is_told_when_there_may_be_something_to_send() -> None:
    talk = Talk()
    assert talk.conversation.receive(orjson.dumps(welcome()), talk.clock())
    assert not talk.conversation.receive(orjson.dumps(trade_message(1)), talk.clock())


class Exchange(Talk):
    """A client's side and the service's own session, over nothing."""

    def __init__(self, *subscriptions: Subscription) -> None:
        self.stage = Stage(SYMBOL, OTHER)
        super().__init__(*subscriptions, clock=self.stage.clock)
        self._connect()

    def cut(self) -> None:
        """The connection goes, and the client is back at once."""
        self._peer.leave()
        self.reconnect()
        self._connect()

    def settle(self) -> None:
        """Until nobody has anything more to say."""
        self.stage.schedule.settle()
        self._hear()
        while messages := self.conversation.due(self.clock()):
            for message in messages:
                for reply in self._peer.say(message):
                    self.hear(reply)

    def _connect(self) -> None:
        self._peer: Peer = self.stage.connect()
        self._peer.session.welcome()
        self.settle()

    def _hear(self) -> None:
        for message in self._peer.sink.news():
            self.conversation.receive(json.dumps(message), self.clock())


def test_with_the_service_quotes_come_and_go_on_after_a_cut() -> None:
    talk = Exchange(subscription := Subscription("quotes", ["sim:*", SYMBOL]))
    talk.stage.quote(SYMBOL, "1.10")
    talk.settle()
    talk.cut()
    talk.stage.quote(SYMBOL, "1.20")
    talk.settle()
    bids = [update.bid for update in taken(subscription) if isinstance(update, Quote)]
    assert bids == ["1.20"]


def test_with_the_service_no_trade_is_lost_unsaid_at_a_cut() -> None:
    talk = Exchange(subscription := Subscription("trades", [SYMBOL]))
    for price in ("1.11", "1.12"):
        talk.stage.trade(SYMBOL, price)
    talk.settle()
    talk.stage.trade(SYMBOL, "1.13")
    talk.cut()
    talk.stage.trade(SYMBOL, "1.14")
    talk.settle()
    told = [update for update in taken(subscription) if isinstance(update, Trade | Gap)]
    assert [update.price for update in told if isinstance(update, Trade)] == ["1.11", "1.12", "1.13", "1.14"]


def test_with_the_service_each_of_two_gets_what_it_asked_for() -> None:
    talk = Exchange(every := Subscription("quotes", ["*"]), one := Subscription("quotes", [OTHER], max_rate=1))
    talk.stage.quote(SYMBOL)
    talk.stage.quote(OTHER)
    talk.settle()
    later = Subscription("quotes", [SYMBOL])
    talk.subscriptions.add(later)
    talk.settle()
    assert {update.symbol for update in taken(every) if isinstance(update, Quote)} == {SYMBOL, OTHER}
    assert {update.symbol for update in taken(one) if isinstance(update, Quote)} == {OTHER}
    assert [type(update) for update in taken(later)] == [Connected, Status, Quote]


def test_with_the_service_what_is_wrong_is_said() -> None:
    Exchange(bad := Subscription("quotes", ["demo:NOPE"]), some := Subscription("quotes", [SYMBOL, "demo:NOPE"]))
    assert str(bad.error).startswith("demo:NOPE: no such symbol")
    assert [update.symbol for update in taken(some) if isinstance(update, Rejected)] == ["demo:NOPE"]
    assert taken(bad)
