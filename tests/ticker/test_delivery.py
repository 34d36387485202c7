"""The fan-out against a simple model: whatever happens in whatever order, each client gets what it was promised."""

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from feeds.market import Bar, Gap, Interval
from feeds.timestamps import to_the_second
from tests.ticker.stage import Peer, Stage
from tests.ticker.witness import Witness, stream
from ticker.bus import ChannelName, Topic
from ticker.fields import PAYLOAD
from ticker.requests import Limits, channel_named

SYMBOLS = ("x:A-B", "y:A-B")
NAMES = (*SYMBOLS, "*", "x:*", "*:A-*", "none:*")
QUEUE_MESSAGES, QUEUE_BYTES = 4, 1_000
INTERVALS: tuple[Interval, ...] = ("1s", "1m")

symbols = st.sampled_from(SYMBOLS)
channels = st.sampled_from(("ticker", "ticker", "quotes", "trades", "stats", "status", "bars 1s", "bars 1s", "bars 1m"))
names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)
rates = st.sampled_from((50, 10, 10, 4, 0.2, None))
options = (
    st.sampled_from(({}, {"snapshot": True}, {"snapshot": False}, {"snapshot": 2}))
    | rates.map(lambda rate: {"max_rate": rate})
    | st.builds(lambda rate, number: {"max_rate": rate, "fields": number}, rates, st.integers(1, 2))
)
updates = st.lists(st.tuples(symbols, st.sampled_from(("quote", "trade", "stats"))), min_size=1, max_size=8)


def in_parts(stream: str) -> tuple[ChannelName, str | None]:
    """The channel and the interval of `bars 1m`, or of a channel alone."""
    channel, _, interval = stream.partition(" ")
    return channel_named(channel), interval or None


def key(topic: Topic) -> tuple[str, str]:
    """What a witness knows the topic by."""
    return stream(topic.channel, topic.interval), topic.symbol


class Delivery(RuleBasedStateMachine):
    """Up to three clients, some of which stall; after each step all that was written is read and judged."""

    @initialize(channel=channels, names=names, options=options)
    def start(self, channel: str, names: list[str], options: dict[str, Any]) -> None:
        self.stage = Stage(
            *SYMBOLS,
            slow_queue_messages=QUEUE_MESSAGES,
            slow_queue_bytes=QUEUE_BYTES,
            limits=Limits(snapshot_trades=3, intervals=INTERVALS),
            intervals=INTERVALS,
        )
        self.note_closings()
        self.stage.link("connected")
        self.witnesses: dict[Peer, Witness] = {}
        self.closings: dict[Peer, dict[tuple[Topic, int], int]] = {}  # by topic and start the seq, since all had come
        self.number = 0
        for index in range(2):
            self.connect()
            self.subscribe(index, "trades", ["*"], {})
            self.subscribe(index, channel, names, options)

    def note_closings(self) -> None:
        close_bar = self.stage.bus.close_bar

        def noted(topic: Topic, bar: Bar) -> None:
            close_bar(topic, bar)
            for peer, witness in self.witnesses.items():
                closings = self.closings.setdefault(peer, {})
                closings.pop((topic, bar.start), None)
                if witness.book.covering(*key(topic)):
                    closings[topic, bar.start] = topic.seq

        self.stage.bus.close_bar = noted  # type: ignore[method-assign]

    @property
    def topics(self) -> list[Topic]:
        return [topic for market in self.stage.directory.all() for topic in market.all_topics()]

    def peer(self, index: int) -> Peer:
        return list(self.witnesses)[index % len(self.witnesses)]

    @precondition(lambda self: len(self.witnesses) < 3)
    @rule()
    def connect(self) -> None:
        self.witnesses[self.stage.connect(high=1_500)] = Witness()

    @precondition(lambda self: len(self.witnesses) == 3)
    @rule(index=st.integers(0, 2))
    def disconnect(self, index: int) -> None:
        peer = self.peer(index)
        peer.leave()
        del self.witnesses[peer]

    @precondition(lambda self: self.witnesses)
    @rule(index=st.integers(0, 2), channel=channels, names=names, options=options)
    def subscribe(self, index: int, channel: str, names: list[str], options: dict[str, Any]) -> None:
        name, interval = in_parts(channel)
        if "fields" in options:
            options = options | {"fields": PAYLOAD[name][: options["fields"]]}
        request = {"op": "subscribe", "channel": name, "interval": interval, "symbols": names, **options}
        self.ask(self.peer(index), request)

    @precondition(lambda self: self.witnesses)
    @rule(index=st.integers(0, 2), channel=channels | st.just("bars"), names=st.none() | names)
    def unsubscribe(self, index: int, channel: str, names: list[str] | None) -> None:
        name, interval = in_parts(channel)
        request = {"op": "unsubscribe", "channel": name, "interval": interval, "symbols": names}
        self.ask(self.peer(index), request)

    def ask(self, peer: Peer, request: dict[str, Any]) -> None:
        if peer.client.behind:  # then the driver does not read from it
            return
        witness = self.witnesses[peer]
        for topic in self.topics:
            witness.note(*key(topic), topic.seq)
        peer.session.receive(json.dumps(request).encode())
        self.stage.schedule.settle()
        self.read()

    @rule(updates=updates)
    def publish(self, updates: list[tuple[str, str]]) -> None:
        before = {topic: topic.seq for topic in self.topics}
        for symbol, kind in updates:
            self.number += 1
            if kind == "trade":
                self.stage.trade(symbol, str(self.number), age_s=0)
            else:
                getattr(self.stage, kind)(symbol, str(self.number))
        self.expect(before)

    @rule(symbol=symbols, ages=st.lists(st.sampled_from((-0.5, 0.4, 1.0, 1.0, 4.5, 9.0)), min_size=1, max_size=3))
    def publish_late(self, symbol: str, ages: list[float]) -> None:
        """Trades that are not of now correct closed bars, or come too late for that, or begin the next too early."""
        before = {topic: topic.seq for topic in self.topics}
        for age_s in ages:
            self.number += 1
            self.stage.trade(symbol, str(self.number), age_s)
        self.expect(before)

    @rule(symbol=symbols, missed=st.none() | st.integers(1, 3))
    def lose(self, symbol: str, missed: int | None) -> None:
        losses = {peer: witness.losses for peer, witness in self.witnesses.items()}
        before = {topic: topic.seq for topic in self.topics}
        self.stage.pipeline.receive(Gap(symbol, self.stage.clock(), missed))
        self.stage.schedule.settle()
        self.expect(before)
        for peer, witness in self.witnesses.items():
            if not peer.sink.stalled and witness.book.covering("trades", symbol):
                assert witness.losses == losses[peer] + 1

    @rule(state=st.sampled_from(("connected", "disconnected", "silent")))
    def link(self, state: Any) -> None:
        before = {topic: topic.seq for topic in self.topics}
        self.stage.link(state)
        self.expect(before)

    def expect_closed_bars(self, peer: Peer, most: int) -> None:
        """Each bar that closed has come as closed, or the newest ones if it is too many while the client is slow."""
        witness = self.witnesses[peer]
        for (topic, start), seq in list(self.closings.pop(peer, {}).items())[-most:]:
            if witness.book.covering(*key(topic)) and seq > witness.began[key(topic)]:
                last, closed = witness.bars[*key(topic), to_the_second(start)]
                assert closed
                assert last >= seq, f"the end of {topic}'s bar of {to_the_second(start)} did not come"

    def expect(self, before: dict[Topic, int]) -> None:
        """Who keeps up and gets every update has each new one by now, once."""
        self.read()
        for peer, witness in self.witnesses.items():
            if peer.sink.stalled:
                continue
            self.expect_closed_bars(peer, 10**9)
            for topic in self.topics:
                covering = witness.book.covering(*key(topic))
                along = topic.channel == "status" and witness.book.has(topic.symbol)
                if along or (covering and witness.book.rates[covering] is None):
                    due = {(*key(topic), seq) for seq in range(before[topic] + 1, topic.seq + 1)}
                    assert due <= witness.got, f"{topic} did not come"

    @precondition(lambda self: self.witnesses)
    @rule(index=st.integers(0, 2), high=st.sampled_from((0, 1_500)))
    def stall(self, index: int, high: int) -> None:
        """The client reads no more: the next write fills its transport, or one of the next."""
        peer = self.peer(index)
        self.witnesses[peer].stalled()
        peer.sink.stalled, peer.sink.high = True, high

    @precondition(lambda self: self.witnesses)
    @rule(index=st.integers(0, 2), updates=st.lists(st.sampled_from(SYMBOLS), min_size=3, max_size=9))
    def storm(self, index: int, updates: list[str]) -> None:
        """Trades, more than the queue holds, while a client does not read."""
        self.stall(index, 0)
        self.publish([(symbol, kind) for symbol in updates for kind in ("trade", "quote")])
        self.drain(index)

    @precondition(lambda self: self.witnesses)
    @rule(index=st.integers(0, 2))
    def drain(self, index: int) -> None:
        peer = self.peer(index)
        self.witnesses[peer].stalled()
        peer.sink.drain()
        self.stage.schedule.run_for(0.02)
        self.read()
        self.expect_closed_bars(peer, QUEUE_MESSAGES)
        self.witnesses[peer].drained()

    @precondition(lambda self: self.witnesses)
    @rule(index=st.integers(0, 2), symbol=symbols, rate=rates, updates=st.integers(1, 3))
    def change_rate_while_a_value_waits(self, index: int, symbol: str, rate: float | None, updates: int) -> None:
        self.publish([(symbol, "quote")] * updates)
        self.subscribe(index, "quotes", [symbol], {"max_rate": rate})
        self.publish([(symbol, "quote")])

    @precondition(lambda self: self.witnesses)
    @rule(index=st.integers(0, 2), symbol=symbols, pattern=rates, exact=rates)
    def fall_back(self, index: int, symbol: str, pattern: float | None, exact: float | None) -> None:
        """A name's subscription ends while a pattern's with another rate goes on."""
        self.subscribe(index, "quotes", ["*"], {"max_rate": pattern})
        self.subscribe(index, "quotes", [symbol], {"max_rate": exact})
        self.publish([(symbol, "quote")] * 2)
        self.unsubscribe(index, "quotes", [symbol])
        self.publish([(symbol, "quote")] * 2)
        self.wait(0.32)

    @precondition(lambda self: self.witnesses)
    @rule(index=st.integers(0, 2), rate=rates, slow=st.booleans(), ages=st.lists(st.sampled_from((0, 1)), max_size=6))
    def close_bars_of_a_second(self, index: int, rate: float | None, slow: bool, ages: list[float]) -> None:
        """Bars that end, are corrected and begin, while a client is thinned or does not read."""
        self.subscribe(index, "bars 1s", ["*"], {"max_rate": rate})
        if slow:
            self.stall(index, 0)
        for age_s in ages:
            self.publish_late(SYMBOLS[0], [0, age_s])
            self.wait(0.32)
        if self.witnesses:  # one may have been evicted
            self.drain(index)

    @rule(seconds=st.sampled_from((0.003, 0.025, 0.125, 0.2, 0.32, 6.25, 31.0)))
    def wait(self, seconds: float) -> None:
        self.stage.schedule.run_for(seconds)
        self.read()
        for peer, witness in self.witnesses.items():
            for topic in self.topics if not peer.sink.stalled else ():
                assert not witness.late(*key(topic), topic.seq, seconds), f"{topic} is late"
        before = {topic: topic.seq for topic in self.topics}
        self.stage.pipeline.tick(self.stage.clock())
        self.stage.close_bars()
        self.expect(before)
        for peer in list(self.witnesses):
            if peer.sink.evicted:
                peer.leave()
                del self.witnesses[peer]

    @invariant()
    def read(self) -> None:
        for peer, witness in self.witnesses.items():
            for at, message in peer.sink.timed_news():
                witness.read(message, at)
                if message["type"] == "synced":
                    witness.synced({key(topic): topic.seq for topic in self.topics})

    @invariant()
    def a_paused_client_costs_a_bounded_amount(self) -> None:
        assert self.stage.fanout.slow.queued <= QUEUE_MESSAGES * len(self.stage.fanout.slow.clients)
        for peer in self.witnesses:
            backlog = peer.client.backlog
            if backlog is not None:
                assert peer.client.pending == []
                assert len(backlog.changed) <= len(self.topics)
                assert len(backlog) <= QUEUE_MESSAGES

    def teardown(self) -> None:
        """In the end all drain: the newest of everything has come, and no trade is missing unannounced."""
        if not hasattr(self, "stage"):
            return
        for index in range(len(self.witnesses)):
            self.drain(index)
        self.stage.schedule.run_for(7)
        self.read()
        for witness in self.witnesses.values():
            for topic in self.topics:
                if witness.book.covering(*key(topic)):
                    assert witness.position[key(topic)] == topic.seq, f"{topic} did not come"
        for peer in list(self.witnesses):
            peer.leave()
        assert list(self.stage.fanout.topics) == []
        assert len(self.stage.fanout.slow.clients) == 0
        self.stage.schedule.run_for(7)
        assert len(self.stage.schedule) == 0, "nobody is left to do anything for"


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=40, stateful_step_count=30, deadline=None, report_multiple_bugs=False)
