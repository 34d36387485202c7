"""How a topic goes live for a client: its snapshot, and then what follows."""

from itertools import pairwise, repeat

from tests.ticker.fakes import brief
from tests.ticker.stage import Stage
from ticker import frames
from ticker.clients import Joining, Options
from ticker.joining import BYTES, SLICE, STEPS


class TestSnapshots:
    """How a topic goes live."""

    def test_the_current_value_comes_first_and_then_what_follows(self) -> None:
        service = Stage("x:A", "x:B")
        service.quote("x:A")
        peer = service.connect()
        peer.join(service.directory["x:A"].quotes)
        service.quote("x:A")
        assert brief(peer.sink.news()) == ["quote 1s", "quote 2"]

    def test_without_a_value_or_if_not_wanted_there_is_none(self) -> None:
        service = Stage("x:A", "x:B")
        service.quote("x:A")
        peer = service.connect()
        peer.join(service.directory["x:B"].quotes)
        peer.join(service.directory["x:A"].quotes, snapshot=False)
        assert brief(peer.sink.news()) == []
        service.quote("x:A")
        service.quote("x:B")
        assert brief(peer.sink.news()) == ["quote 2", "quote 1"]

    def test_frames_and_topics_come_in_the_order_in_which_they_were_asked_for(self) -> None:
        service = Stage("x:A", "x:B")
        service.quote("x:A")
        service.quote("x:B")
        peer = service.connect()
        hello = frames.heartbeat(service.clock())
        a, b = (service.directory[symbol].quotes for symbol in ("x:A", "x:B"))
        service.fanout.join(peer.client, [Joining(a, Options(), True), hello, Joining(b, Options(), True)])
        service.fanout.send(peer.client, hello)
        service.schedule.settle()
        assert brief(peer.sink.news()) == ["quote 1s", "heartbeat", "quote 1s", "heartbeat"]

    def test_a_topic_is_live_from_the_moment_of_its_snapshot(self) -> None:
        service = Stage(*(f"x:S{n}" for n in range(600)))
        for n in range(600):
            service.quote(f"x:S{n}")
        peer = service.connect(high=8_000)
        peer.sink.stalled = True
        peer.join(*(service.directory[f"x:S{n}"].quotes for n in range(600)))
        first = brief(peer.sink.news())
        assert 0 < len(first) < 600
        assert len(peer.client.topics) == len(first)
        assert peer.sink.paused
        for n in (0, 599):
            service.quote(f"x:S{n}", "9")
        peer.sink.drain()
        service.schedule.run_for(1)
        assert len(peer.client.joining) == 0
        rest = peer.sink.news()
        assert brief(rest[:1]) == ["quote 2"]
        assert brief(rest[-1:]) == ["quote 2s"]
        assert len(rest) == 1 + 600 - len(first)

    def test_topics_without_a_value_are_taken_in_though_nothing_is_written(self) -> None:
        service = Stage(*(f"x:S{n}" for n in range(600)))
        peer = service.connect()
        peer.join(*(service.directory[f"x:S{n}"].quotes for n in range(600)))
        assert (peer.sink.writes, len(peer.client.topics), peer.client.behind) == ([], 600, False)

    def test_many_clients_take_turns_between_which_the_loop_turns(self) -> None:
        service = Stage(*(f"x:S{n}" for n in range(200)))
        peers = [service.connect() for _ in range(20)]
        topics = [service.directory[f"x:S{n}"].quotes for n in range(200)]
        service.clock.creep = SLICE // 3
        for peer in peers:
            service.fanout.join(peer.client, [Joining(topic, Options(), True) for topic in topics])
        service.schedule.turn()
        assert 0 < sum(bool(peer.client.topics) for peer in peers) < 5
        service.schedule.settle()
        assert all(len(peer.client.topics) == 200 for peer in peers)

    def test_a_client_alone_does_not_get_more_of_a_turn(self) -> None:
        service = Stage(*(f"x:S{n}" for n in range(5_000)))
        peer = service.connect()
        topics = [service.directory[f"x:S{n}"].quotes for n in range(5_000)]
        service.clock.creep = SLICE // 5 + 1  # a slice is over after five looks at the clock
        service.fanout.join(peer.client, [Joining(topic, Options(), True) for topic in topics])
        taken = [0]
        while peer.client.behind:
            service.schedule.turn()
            taken.append(len(peer.client.topics))
        assert max(after - before for before, after in pairwise(taken)) <= 5 * STEPS

    def test_big_snapshots_go_in_slices(self) -> None:
        service = Stage(*(f"x:S{n}" for n in range(1_000)))
        for n in range(1_000):
            service.quote(f"x:S{n}")
        peer = service.connect(high=10**9)
        peer.join(*(service.directory[f"x:S{n}"].quotes for n in range(1_000)))
        assert len(peer.sink.messages) == 1_000
        assert len(peer.sink.writes) > 2
        assert max(map(len, peer.sink.writes)) < BYTES + 1_000

    def test_a_client_that_goes_takes_what_was_waiting_with_it(self) -> None:
        service = Stage(*(f"x:S{n}" for n in range(600)))
        for n in range(600):
            service.quote(f"x:S{n}")
        peer = service.connect(high=8_000)
        peer.sink.stalled = True
        peer.join(*(service.directory[f"x:S{n}"].quotes for n in range(600)))
        service.fanout.detach(peer.client)
        assert not peer.client.behind
        assert list(service.fanout.topics) == []

    def test_the_next_request_is_read_when_everything_is_on_its_way(self) -> None:
        service = Stage(*(f"x:S{n}" for n in range(600)))
        for n in range(600):
            service.quote(f"x:S{n}")
        peer = service.connect(high=8_000)
        peer.sink.stalled = True
        peer.join(*(service.directory[f"x:S{n}"].quotes for n in range(600)))
        assert (peer.client.behind, peer.sink.resumptions) == (True, 0)
        peer.sink.drain()
        service.schedule.run_for(0.1)
        assert not peer.client.behind
        assert peer.sink.resumptions > 0

    def test_a_client_whose_connection_is_gone_is_told_nothing_more(self) -> None:
        service = Stage("x:A")
        peer = service.connect()
        endless = repeat(frames.heartbeat(service.clock()))
        peer.sink.closed = True
        service.fanout.join(peer.client, endless)
        service.schedule.run_for(1)
        assert not peer.client.behind
        assert peer.sink.resumptions == 1
