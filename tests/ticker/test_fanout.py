"""Who gets what: a topic's way to the clients that keep up."""

from itertools import pairwise

import pytest

from feeds.market import Gap
from feeds.timestamps import SECOND
from tests.ticker.fakes import START, FakeSink, brief, messages
from tests.ticker.stage import Stage, quote, trade
from ticker import frames
from ticker.clients import Joining, Options
from ticker.encodings import EVENT, WEBSOCKET

GAP = Gap("x:A", START, 3)


class TestEveryUpdate:
    """Clients that keep up."""

    def test_all_updates_come_in_order_and_at_once(self) -> None:
        service = Stage("x:A", "x:B")
        peer = service.connect()
        peer.join(service.directory["x:A"].quotes)
        for bid in "123":
            service.quote("x:A", bid)
            assert [message["bid"] for message in peer.sink.news()] == [bid]

    def test_one_frame_is_shared_by_all(self) -> None:
        service = Stage("x:A", "x:B")
        peers = [service.connect() for _ in range(3)]
        for peer in peers:
            peer.join(service.directory["x:A"].quotes)
        service.quote("x:A")
        assert len({id(peer.sink.writes[-1]) for peer in peers}) == 1
        assert service.fanout.counts.sent["quotes", "websocket"] == 3

    @pytest.mark.parametrize("direct", [False, True])
    def test_each_transport_shares_frames_of_its_own_and_its_bytes_are_told_apart(self, direct: bool) -> None:
        service = Stage("x:A")
        topic, counts = service.directory["x:A"].trades, service.fanout.counts
        sinks = {encoding: [FakeSink(service.clock) for _ in range(2)] for encoding in (WEBSOCKET, EVENT)}
        for encoding, sink in ((encoding, sink) for encoding, mine in sinks.items() for sink in mine):
            if direct:
                service.sockets.open(sink)
            service.fanout.join(service.fanout.attach("it", sink, encoding), [Joining(topic, Options(), False)])
        service.schedule.settle()
        service.trade("x:A")
        service.pipeline.receive(GAP)
        service.schedule.settle()
        for encoding, (one, other) in sinks.items():
            assert [id(data) for data in one.writes] == [id(data) for data in other.writes]
            assert one.writes == [frames.update(topic, encoding), frames.feed_gap(topic, GAP, encoding)]
        written = {
            encoding: sum(len(data) for sink in mine for data in sink.writes) for encoding, mine in sinks.items()
        }
        assert (counts.sent_bytes, counts.streamed_bytes) == (sum(written.values()), written[EVENT])
        assert counts.sent == {("trades", "websocket"): 2, ("trades", "event"): 2}

    def test_a_burst_goes_in_one_write(self) -> None:
        service = Stage("x:A", "x:B")
        peer, market = service.connect(), service.directory["x:A"]
        peer.join(market.quotes, market.trades)
        service.pipeline.receive(quote("x:A", service.clock()))
        service.pipeline.receive(trade("x:A", service.clock()))
        service.pipeline.receive(quote("x:A", service.clock()))
        service.schedule.settle()
        assert [brief(messages(data)) for data in peer.sink.writes] == [["quote 1", "trade 1", "quote 2"]]

    def test_who_does_not_have_a_topic_gets_nothing_of_it(self) -> None:
        service = Stage("x:A", "x:B")
        peer = service.connect()
        peer.join(service.directory["x:A"].quotes)
        service.quote("x:B")
        assert peer.sink.writes == []

    def test_a_lost_trade_is_told(self) -> None:
        service = Stage("x:A", "x:B")
        peer = service.connect()
        peer.join(service.directory["x:A"].trades)
        service.pipeline.receive(Gap("x:A", service.clock(), 3))
        service.pipeline.receive(Gap("x:B", service.clock(), None))
        service.schedule.settle()
        assert [(m["type"], m["missed"]) for m in peer.sink.news()] == [("gap", 3)]
        assert service.fanout.counts.gaps["feed"] == 2
        assert service.fanout.counts.lost["feed"] == 3


class TestLeaving:
    """Topics and clients that go."""

    def test_nothing_comes_of_a_topic_that_was_left(self) -> None:
        service = Stage("x:A", "x:B")
        peer, topic = service.connect(), service.directory["x:A"].quotes
        peer.join(topic)
        service.fanout.leave(peer.client, topic)
        service.fanout.leave(peer.client, topic)
        service.quote("x:A")
        assert brief(peer.sink.news()) == []
        assert list(service.fanout.topics) == []

    def test_a_slow_client_that_goes_leaves_nothing_behind(self) -> None:
        service = Stage("x:A", "x:B")
        peer, market = service.connect(high=0), service.directory["x:A"]
        peer.join(market.quotes, market.trades)
        peer.sink.stalled = True
        for _ in range(3):
            service.trade("x:A")
        service.fanout.detach(peer.client)
        service.fanout.detach(peer.client)
        assert (list(service.fanout.topics), list(service.fanout.clients)) == ([], [])
        assert (len(service.fanout.slow.clients), service.fanout.slow.queued) == (0, 0)
        service.trade("x:A")
        service.schedule.run_for(1)
        assert brief(peer.sink.news()) == ["trade 1"]


class TestHeartbeat:
    """Clients that would hear nothing."""

    def test_it_comes_before_the_time_is_over_to_those_who_heard_nothing(self) -> None:
        service = Stage("x:A", "x:B", heartbeat_s=10)
        quiet, busy = service.connect(), service.connect()
        busy.join(service.directory["x:A"].quotes)
        for _ in range(300):
            now = service.clock()
            service.fanout.heartbeat(now, now + SECOND // 10)
            service.schedule.run_for(0.1)
            if now % SECOND == 0:
                service.quote("x:A")
        beats = [at for at, data in zip(quiet.sink.written_at, quiet.sink.writes, strict=True) if b"heartbeat" in data]
        assert len(beats) in (2, 3)
        assert all(later - earlier <= 10 * SECOND for earlier, later in pairwise(beats))
        assert all(message["type"] == "quote" for message in busy.sink.messages)

    def test_a_paused_client_gets_none(self) -> None:
        service = Stage("x:A", "x:B", heartbeat_s=10)
        peer = service.connect(high=0)
        peer.join(service.directory["x:A"].quotes)
        peer.sink.stalled = True
        service.quote("x:A")
        service.schedule.run_for(20)
        service.fanout.heartbeat(service.clock(), service.clock() + 1)
        service.schedule.settle()
        assert brief(peer.sink.news()) == ["quote 1"]
