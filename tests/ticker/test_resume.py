"""Resuming, whatever happens: a client that is cut again and again against one that never is.

It comes back with the `received` of the last trade or gap that it saw. In the end it has seen each trade, or a gap that
stands for it, and on each connection all of it in publish order.
"""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.market import Gap
from feeds.timestamps import nanoseconds, rfc3339
from tests.ticker.fakes import START, Message
from tests.ticker.stage import Peer, Stage, trade
from ticker import joining
from ticker.history import ENTRY_BYTES, Retention
from ticker.requests import Limits

SYMBOLS = ("x:A", "x:B", "x:C")


@pytest.fixture(autouse=True, scope="module")
def small_slices() -> Iterator[None]:
    """So that there is something between two slices of a few trades."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joining, "STEPS", 3)
        yield


class Tape:
    """What one client has seen of the trades, over all of its connections. The price is the publish order."""

    def __init__(self) -> None:
        self.seen: dict[str, set[int]] = {symbol: set() for symbol in SYMBOLS}
        self.numbers: list[int] = []  # each once, as they came
        self.gaps: list[Message] = []
        self.since = START
        self._last: dict[str, int] = dict.fromkeys(SYMBOLS, 0)
        self._told: set[int] = set()
        self._back = START
        self._seen_at: dict[tuple[str, int], int] = {}
        self._open: dict[str, int] = {}  # the last seq before a gap of which the end is not told
        self._newest = self._received = -1

    def connected(self) -> None:
        """A new connection: what comes on it is in order by itself."""
        self._newest = self._received = -1
        self._back = self.since

    def read(self, message: Message) -> None:
        if message["type"] not in ("trade", "gap"):
            return
        received = nanoseconds(message["received"])
        assert received >= self._received, "who is cut behind this would not get what should have come before"
        self._received = self.since = received
        if message["type"] == "gap":
            self._gap(message)
        else:
            self._seen_at[message["symbol"], message["seq"]] = received
            self._trade(message)

    def close(self, symbol: str, newest: int) -> None:
        """All has come: a gap that is open goes to the end."""
        lost_from = self._open.pop(symbol, None)
        if lost_from is not None:
            self.seen[symbol].update(range(lost_from + 1, newest + 1))

    def _trade(self, message: Message) -> None:
        symbol, seq, number = message["symbol"], message["seq"], int(message["price"])
        assert number > self._newest, "not in publish order"
        self._newest = number
        if number not in self._told:
            self._told.add(number)
            self.numbers.append(number)
        lost_from = self._open.pop(symbol, None)
        if lost_from is not None:
            self.seen[symbol].update(range(lost_from + 1, seq))
        self.seen[symbol].add(seq)
        self._last[symbol] = max(self._last[symbol], seq)

    def _gap(self, gap: Message) -> None:
        self.gaps.append(gap)
        symbol, first, last = gap["symbol"], gap["from_seq"], gap["to_seq"]
        if gap["reason"] == "feed" or (first is None and last is None and gap["reason"] == "slow_consumer"):
            return  # the venue's: it stands for none of ours
        if last is None:
            self._open.setdefault(symbol, self._last[symbol])
            return
        begin = self._last[symbol] + 1 if first is None else first
        before = [seq for seq in range(begin, last + 1) if self._seen_at.get((symbol, seq), self._back) < self._back]
        assert before == [], "told lost, though the client has seen them and did not ask for them"
        self.seen[symbol].update(range(begin, last + 1))
        self._last[symbol] = max(self._last[symbol], last)


class Scene:
    """A service, a client that is cut, and the tape of what it saw."""

    def __init__(self, retention: Retention, queue: int) -> None:
        self.stage = Stage(
            *SYMBOLS, retention=retention, slow_queue_messages=queue, limits=Limits(requests_burst=10**9)
        )
        self.tape = Tape()
        self.number = 0
        self.peer: Peer | None = None

    def trade(self, symbol: str) -> None:
        self.number += 1
        self.stage.pipeline.receive(trade(symbol, self.stage.clock(), str(self.number)))

    def come(self, high: int) -> None:
        if self.peer is None:
            self.peer = self.stage.connect(high)
            self.tape.connected()
            since = rfc3339(self.tape.since)
            request = {"op": "subscribe", "channel": "trades", "symbols": ["*"], "since": since}
            self.peer.session.receive(json.dumps(request).encode())

    def read(self, most: int | None = None) -> None:
        """The client reads what has come, or the first of it."""
        assert self.peer is not None
        for message in self.peer.sink.news()[:most]:
            self.tape.read(message)

    def cut(self, seen: int) -> None:
        if self.peer is not None:
            self.read(seen)
            self.peer.leave()
            self.peer = None

    def stall(self) -> None:
        if self.peer is not None:
            self.read()
            self.peer.sink.stalled = True

    def drain(self) -> None:
        if self.peer is not None:
            self.peer.sink.drain()
            self.stage.schedule.run_for(0.02)

    def end(self) -> None:
        """The client is there, and reads all there is."""
        self.come(10**9)
        for _ in range(100):
            self.drain()
        self.read()

    def storm(self, number: int) -> None:
        for index in range(4 + number):
            self.trade(SYMBOLS[(index + number) % 3])

    def press(self, number: int) -> None:
        """Trades between one turn of the loop and the next."""
        for index in range(number):
            self.trade(SYMBOLS[(index * number) % 3])
            self.stage.schedule.turn()

    def wait(self, seconds: float) -> None:
        self.stage.schedule.run_for(seconds)
        self.stage.retention.prune(self.stage.clock())

    def do(self, what: str, number: int) -> None:
        """One of the things that may happen."""
        symbol, stage = SYMBOLS[number % 3], self.stage
        {
            "trade": lambda: self.trade(symbol),
            "storm": lambda: self.storm(number),
            "press": lambda: self.press(number),
            "lose": lambda: stage.pipeline.receive(Gap(symbol, stage.clock(), number or None)),
            "wait": lambda: self.wait(number / 4),
            "turn": stage.schedule.turn,
            "settle": stage.schedule.settle,
            "come": lambda: self.come(high=(0, 300, 900)[number % 3]),
            "cut": lambda: self.cut(seen=number),
            "stall": self.stall,
            "drain": self.drain,
        }[what]()


TRADING = ("trade", "storm", "press", "press", "lose", "wait")
HAPPENINGS = (*TRADING, "turn", "settle", "come", "come", "cut", "cut", "stall", "drain")
happenings = st.lists(st.tuples(st.sampled_from(HAPPENINGS), st.integers(0, 8)), min_size=20, max_size=60)


def holes(scene: Scene) -> dict[str, set[int]]:
    """The seqs of which the client saw neither the trade nor a gap."""
    for symbol in SYMBOLS:
        scene.tape.close(symbol, scene.stage.directory[symbol].trades.seq)
    published = {symbol: set(range(1, scene.stage.directory[symbol].trades.seq + 1)) for symbol in SYMBOLS}
    return {symbol: seqs - scene.tape.seen[symbol] for symbol, seqs in published.items()}


@settings(max_examples=400)
@given(happenings, st.integers(1, 12), st.integers(0, 3), st.integers(1, 30), st.sampled_from((1, 4, 1000)))
def test_each_trade_is_seen_or_a_gap_stands_for_it(
    happened: list[tuple[str, int]], each: int, age_s: int, in_all: int, queue: int
) -> None:
    scene = Scene(Retention(START, trades_kept=each, trades_kept_s=age_s, bytes_kept=in_all * ENTRY_BYTES), queue)
    for what, number in happened:
        scene.do(what, number)
    scene.end()
    assert holes(scene) == {symbol: set() for symbol in SYMBOLS}


@given(happenings)
def test_where_enough_is_kept_nothing_is_missing(happened: list[tuple[str, int]]) -> None:
    scene = Scene(Retention(START), queue=10**6)
    for what, number in happened:
        scene.do(what, number)
    scene.end()
    assert scene.tape.numbers == list(range(1, scene.number + 1))
    assert {gap["reason"] for gap in scene.tape.gaps} <= {"feed"}
