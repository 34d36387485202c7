"""Connections that are cut, whatever happens meanwhile, with the service's own sessions at the other end.

Several subscriptions share symbols, and so the trades of them: each must get all of its own, once and in order.
"""

from collections.abc import Iterator

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ticker.client.messages import Message, taken
from tests.ticker.fakes import START
from tests.ticker.stage import Peer, Stage, trade
from ticker import joining
from ticker.client import Gap, Lost, Trade
from ticker.client.clock import ServerClock
from ticker.client.conversation import Conversation
from ticker.client.subscription import Subscription
from ticker.client.subscriptions import Subscriptions
from ticker.history import Retention
from ticker.requests import Limits

SYMBOLS = ("x:A", "x:B", "x:C")
LOST = Lost(reason="cut", code=1006, retry_s=0.0)


@pytest.fixture(autouse=True, scope="module")
def small_slices() -> Iterator[None]:
    """So that there is something between two slices of a few trades."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joining, "STEPS", 3)
        yield


class Scene:
    """A service, a client, and what is on its way between them."""

    def __init__(self) -> None:
        self.stage = Stage(*SYMBOLS, retention=Retention(START), limits=Limits(requests_burst=10**9))
        self.subscriptions = Subscriptions()
        self.waiting = [
            Subscription("trades", ["x:*"]),
            Subscription("trades", ["x:A"]),
            Subscription("trades", ["x:B", "x:A"], snapshot=False),
            Subscription("trades", ["x:C", "x:*"], snapshot=2),
        ]
        self.there: list[Subscription] = []
        self.begun: dict[Subscription, dict[str, int]] = {}  # each symbol's seq when it was first live
        self._clock = ServerClock()
        self._inbox: list[Message] = []
        self._outbox: list[bytes] = []
        self._connect()

    def trade(self, number: int) -> None:
        self.stage.pipeline.receive(trade(SYMBOLS[number % 3], self.stage.clock()))

    def press(self, number: int) -> None:
        """Trades between one turn of the loop and the next."""
        for index in range(number):
            self.trade(index * number)
            self.stage.schedule.turn()

    def add(self, number: int) -> None:
        """The caller subscribes."""
        if self.waiting:
            subscription = self.waiting.pop(number % len(self.waiting))
            self.there.append(subscription)
            self.subscriptions.add(subscription)

    def say(self) -> bool:
        """The client's requests reach the service, which reads none while it owes something; whether some were."""
        requests = self.conversation.due(self.stage.clock())
        self._outbox += requests
        while self._outbox and not self._peer.client.behind:
            self._peer.session.receive(self._outbox.pop(0))
        return any(orjson.loads(request)["op"] != "ping" for request in requests) or bool(self._outbox)

    def read(self, most: int) -> bool:
        """What has come is read, or the first of it; whether there was something."""
        self._inbox += self._peer.sink.news()
        for message in self._inbox[:most]:
            self.conversation.receive(orjson.dumps(message), self.stage.clock())
            for subscription in self.there:
                if subscription._place._phase == "live" and subscription not in self.begun:
                    self.begun[subscription] = {symbol: self.seq(symbol) for symbol in SYMBOLS}
        read, self._inbox = self._inbox[:most], self._inbox[most:]
        return bool(read)

    def cut(self) -> None:
        """What was on its way is lost, and the client is back at once."""
        self._peer.leave()
        self._inbox.clear()
        self._outbox.clear()
        self.subscriptions.tell(LOST)
        self._connect()

    def end(self) -> None:
        """Nobody has anything more to say."""
        more = True
        while more:
            more = self.say()
            self.stage.schedule.settle()
            more = self.read(10**9) or more

    def seq(self, symbol: str) -> int:
        return self.stage.directory[symbol].trades.seq

    def do(self, what: str, number: int) -> None:
        """One of the things that may happen."""
        {
            "trade": lambda: self.trade(number),
            "press": lambda: self.press(number),
            "wait": lambda: self.stage.clock.advance(number / 1000),
            "turn": self.stage.schedule.turn,
            "settle": self.stage.schedule.settle,
            "add": lambda: self.add(number),
            "say": self.say,
            "read": lambda: self.read(number),
            "cut": self.cut,
        }[what]()

    def _connect(self) -> None:
        self._peer: Peer = self.stage.connect()
        self._peer.session.welcome()
        self.conversation = Conversation(self.subscriptions, self._clock, self.stage.clock(), has_token=False)


HAPPENINGS = ("trade", "press", "press", "wait", "turn", "turn", "settle", "add", "say", "say", "read", "read", "cut")
happenings = st.lists(st.tuples(st.sampled_from(HAPPENINGS), st.integers(0, 9)), min_size=10, max_size=80)


@settings(max_examples=400)
@given(happenings)
def test_each_subscription_gets_each_trade_once_and_in_order(happened: list[tuple[str, int]]) -> None:
    scene = Scene()
    for what, number in [("add", 0), ("say", 0), *happened]:
        scene.do(what, number)
        scene.stage.clock.advance(0.0001)
    scene.end()
    for subscription in scene.there:
        told = taken(subscription)
        assert not [update for update in told if isinstance(update, Gap)]
        for symbol in filter(subscription.matches, SYMBOLS):
            seqs = [update.seq for update in told if isinstance(update, Trade) and update.symbol == symbol]
            last, begun = scene.seq(symbol), scene.begun[subscription][symbol]
            first = min(seqs[0] if seqs else last + 1, begun + 1)
            assert seqs == list(range(first, last + 1))
