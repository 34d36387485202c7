"""Who gets what when: topics that are thinned, and clients that are slow."""

import pytest

from feeds.market import Gap
from feeds.timestamps import SECOND
from tests.ticker.fakes import brief
from tests.ticker.stage import Stage
from ticker.clients import Options


class TestThinned:
    """Topics that come ten times a second at most."""

    def test_the_first_at_once_then_the_newest_at_the_cadences_time(self) -> None:
        service = Stage("x:A", "x:B")
        peer = service.connect()
        began = service.clock()
        peer.join(service.directory["x:A"].ticker, rate=10)
        for _ in range(25):
            service.quote("x:A")
            service.schedule.run_for(0.01)
        service.schedule.run_for(1)
        assert [(at - began) // 10_000_000 for at in peer.sink.written_at] == [0, 10, 20, 30]
        assert [message["seq"] for message in peer.sink.messages] == [1, 10, 20, 25]
        assert service.fanout.counts.conflated == {("ticker", "rate"): 21}
        assert service.fanout.counts.receipt == {}  # it would count the wait that was wanted

    def test_topics_are_thinned_each_by_itself(self) -> None:
        service = Stage("x:A", "x:B")
        peer = service.connect()
        peer.join(*(service.directory[symbol].ticker for symbol in ("x:A", "x:B")), rate=10)
        for symbol in ("x:A", "x:A", "x:B", "x:B"):
            service.quote(symbol)
        assert brief(peer.sink.news()) == ["ticker 1", "ticker 1"]
        service.schedule.run_for(0.1)
        assert brief(peer.sink.news()) == ["ticker 2", "ticker 2"]

    def test_what_comes_right_before_the_cadences_time_waits_for_the_one_after(self) -> None:
        service = Stage("x:A")
        peer, began = service.connect(), service.clock()
        peer.join(service.directory["x:A"].ticker, rate=10)
        service.schedule.run_for(0.09)
        for _ in range(2):
            service.quote("x:A")
        service.schedule.run_for(1)
        assert [(at - began) // 10_000_000 for at in peer.sink.written_at] == [9, 20]

    def test_nobody_waits_for_a_cadence_without_changes(self) -> None:
        service = Stage("x:A", "x:B")
        peer = service.connect()
        peer.join(service.directory["x:A"].ticker, rate=10)
        service.quote("x:A")
        service.quote("x:A")
        service.schedule.run_for(1)
        assert len(service.schedule) == 0

    def test_a_time_at_which_nothing_is_due_makes_no_flush(self) -> None:
        service = Stage("x:A")
        peer = service.connect()
        peer.join(service.directory["x:A"].ticker, rate=10)
        for _ in range(2):
            service.quote("x:A")
        service.schedule.run_for(1)
        assert len(peer.sink.written_at) == 2
        assert sum(service.fanout.counts.flush.counts) == 2

    def test_a_long_round_is_cut_in_slices_and_sends_the_newest_once(self) -> None:
        service = Stage("x:A", "x:B", "x:C")
        peer = service.connect()
        peer.join(*(service.directory[f"x:{name}"].ticker for name in "ABC"), rate=10)
        for _ in range(2):
            for name in "ABC":
                service.quote(f"x:{name}")
        peer.sink.news()
        service.clock.advance(0.1)
        service.clock.creep = SECOND // 300  # a slice is over after two topics
        service.schedule.turn()
        service.clock.creep = 0
        service.quote("x:C")  # changes once more while it waits for its turn
        service.schedule.run_for(1)
        assert brief(peer.sink.messages) == ["ticker 1"] * 3 + ["ticker 2", "ticker 2", "ticker 3"]
        assert peer.sink.written_at[-1] - peer.sink.written_at[0] < 0.2 * SECOND

    @pytest.mark.parametrize(("before", "after"), [(10, None), (10, 5)])
    def test_what_was_held_back_goes_at_once_when_the_rate_changes(self, before: float, after: float | None) -> None:
        service = Stage("x:A", "x:B")
        peer, topic = service.connect(), service.directory["x:A"].ticker
        peer.join(topic, rate=before)
        service.quote("x:A")
        service.quote("x:A")
        service.fanout.change(peer.client, topic, Options(after))
        service.schedule.settle()
        assert brief(peer.sink.news()) == ["ticker 1", "ticker 2"]
        service.schedule.run_for(1)
        assert peer.sink.news() == []
        assert service.fanout.counts.sent["ticker", "websocket"] == 2

    def test_a_change_of_rate_brings_others_nothing_new(self) -> None:
        service = Stage("x:A")
        peer, other, topic = service.connect(), service.connect(), service.directory["x:A"].ticker
        peer.join(topic, rate=1)
        other.join(topic, rate=4)
        for _ in range(2):
            service.quote("x:A")
        service.schedule.run_for(0.3)
        assert brief(other.sink.news()) == ["ticker 1", "ticker 2"]
        service.fanout.change(peer.client, topic, Options(4))
        service.schedule.run_for(1)
        assert brief(peer.sink.news()) == ["ticker 1", "ticker 2"]
        assert other.sink.news() == []

    def test_what_was_held_back_goes_on_waiting_if_the_rate_does_not_change(self) -> None:
        service = Stage("x:A")
        peer, topic = service.connect(), service.directory["x:A"].ticker
        peer.join(topic, rate=10)
        for _ in range(2):
            service.quote("x:A")
        service.fanout.change(peer.client, topic, Options(10))
        service.schedule.run_for(0.05)
        assert brief(peer.sink.news()) == ["ticker 1"]
        service.schedule.run_for(0.05)
        assert brief(peer.sink.news()) == ["ticker 2"]

    def test_a_change_of_rate_holds_from_the_next_update(self) -> None:
        service = Stage("x:A", "x:B")
        peer, topic = service.connect(), service.directory["x:A"].ticker
        peer.join(topic)
        service.fanout.change(peer.client, topic, Options(10))
        service.fanout.change(peer.client, topic, Options(10))
        for _ in range(3):
            service.quote("x:A")
        assert brief(peer.sink.news()) == ["ticker 1"]
        service.schedule.run_for(0.1)
        assert brief(peer.sink.news()) == ["ticker 3"]


class TestSlow:
    """Clients whose transport is full."""

    def test_nothing_is_written_until_it_drains_and_then_the_newest_and_one_gap(self) -> None:
        service = Stage("x:A", "x:B", slow_queue_messages=2)
        peer, market = service.connect(high=0), service.directory["x:A"]
        peer.join(market.quotes, market.trades)
        peer.sink.stalled = True
        for price in "12345":
            service.trade("x:A", price)
            service.quote("x:A", price)
        assert brief(peer.sink.news()) == ["trade 1"]
        assert len(service.fanout.slow.clients) == 1
        peer.sink.drain()
        service.schedule.run_for(0.02)
        gap, *kept, newest = peer.sink.news()
        assert (gap["type"], gap["from_seq"], gap["to_seq"]) == ("gap", 2, 3)
        assert brief([*kept, newest]) == ["trade 4", "trade 5", "quote 5"]
        assert newest["bid"] == "5"

    def test_thinned_topics_of_a_slow_client_wait_too(self) -> None:
        service = Stage("x:A", "x:B")
        peer = service.connect(high=0)
        peer.join(service.directory["x:A"].ticker, rate=10)
        peer.sink.stalled = True
        for _ in range(3):
            service.quote("x:A")
        service.schedule.run_for(1)
        assert brief(peer.sink.news()) == ["ticker 1"]
        peer.sink.drain()
        service.schedule.run_for(0.02)
        assert brief(peer.sink.news()) == ["ticker 3"]

    def test_what_the_feed_lost_meanwhile_is_told_in_its_place(self) -> None:
        service = Stage("x:A")
        peer = service.connect(high=0)
        peer.join(service.directory["x:A"].trades)
        peer.sink.stalled = True
        for _ in range(2):
            service.trade("x:A")
        service.pipeline.receive(Gap("x:A", service.clock(), 3))
        service.trade("x:A")
        peer.sink.drain()
        service.schedule.run_for(0.02)
        assert brief(peer.sink.messages) == ["trade 1", "trade 2", "gap", "trade 3"]

    def test_a_topic_that_it_leaves_or_gets_otherwise_meanwhile(self) -> None:
        service = Stage("x:A", "x:B")
        peer = service.connect(high=0)
        a, b = service.directory["x:A"].quotes, service.directory["x:B"].ticker
        peer.join(a)
        peer.join(b, rate=10)
        for _ in range(2):
            service.quote("x:B")
        peer.sink.stalled = True
        for _ in range(2):
            service.quote("x:A")
        service.schedule.run_for(0.01)
        service.fanout.change(peer.client, b, Options(None))
        service.fanout.leave(peer.client, a)
        service.schedule.run_for(0.2)
        peer.sink.drain()
        service.schedule.run_for(0.02)
        assert brief(peer.sink.messages) == ["ticker 1", "quote 1", "ticker 2"]

    def test_others_are_not_kept_waiting(self) -> None:
        service = Stage("x:A", "x:B")
        slow, quick = service.connect(high=0), service.connect()
        slow.sink.stalled = True
        for peer in (slow, quick):
            peer.join(service.directory["x:A"].quotes)
        for _ in range(3):
            service.quote("x:A")
        assert brief(quick.sink.news()) == ["quote 1", "quote 2", "quote 3"]

    def test_without_progress_for_the_deadline_it_is_evicted(self) -> None:
        service = Stage("x:A", "x:B", write_deadline_s=30)
        peer = service.connect(high=0)
        peer.join(service.directory["x:A"].quotes)
        peer.sink.stalled = True
        service.quote("x:A")
        service.schedule.run_for(29.9)
        assert not peer.sink.evicted
        service.schedule.run_for(0.2)
        assert peer.sink.evicted
