import pytest
import structlog
from structlog.testing import capture_logs

from feeds.adapter import Acknowledged, Alive, GoingAway
from feeds.counts import FeedCounts
from feeds.market import Quote, Stats, Trade
from feeds.reader import Complaints, Reader
from tests.feeds.fakes import FakeAdapter, link

RECEIVED = 1_790_000_000_000_000_000


@pytest.fixture
def counts() -> FeedCounts:
    return FeedCounts()


@pytest.fixture
def complaints() -> Complaints:
    return Complaints(structlog.get_logger("feed"))


@pytest.fixture
def reader(counts: FeedCounts, complaints: Complaints) -> Reader:
    return another_reader(counts, complaints)


def another_reader(counts: FeedCounts, complaints: Complaints) -> Reader:
    return Reader(FakeAdapter(link("trades A")), counts, complaints)


def trades(reader: Reader, frame: str) -> list[str | None]:
    updates, _ = reader.read(frame.encode(), RECEIVED)
    return [update.trade_id for update in updates if isinstance(update, Trade)]


def test_tells_updates_from_notices_and_keeps_the_order_of_each(reader: Reader) -> None:
    updates, notices = reader.read(b"ack:1 quote:A:7 alive stats:A:8 goodbye trade:A:9", RECEIVED)

    assert [type(update) for update in updates] == [Quote, Stats, Trade]
    assert all(update.received == RECEIVED for update in updates)
    assert notices == [Acknowledged(1), Alive(), GoingAway()]


def test_a_frame_without_notices_has_none(reader: Reader) -> None:
    assert list(reader.read(b"trade:A:1", RECEIVED)[1]) == []


def test_counts_bytes_and_updates_by_channel(reader: Reader, counts: FeedCounts) -> None:
    reader.read(b"quote:A:7 trade:A:1 trade:A:2", RECEIVED)
    reader.read(b"stats:A:8", RECEIVED)

    assert counts.received_bytes == len(b"quote:A:7 trade:A:1 trade:A:2stats:A:8")
    assert counts.updates == {"quotes": 1, "trades": 2, "stats": 1}


def test_counts_unknown_messages_and_goes_on(reader: Reader, counts: FeedCounts) -> None:
    assert trades(reader, "unknown:what unknown:that trade:A:1") == ["1"]
    assert counts.unknown_messages == 2


class TestUndecodableFrames:
    @pytest.mark.parametrize(("frame", "kind"), [("bad:ticker", "ticker"), ("nonsense", "adapter")])
    def test_are_counted_and_cost_nothing_else(self, reader: Reader, counts: FeedCounts, frame: str, kind: str) -> None:
        with capture_logs():
            assert reader.read(f"trade:A:1 {frame}".encode(), RECEIVED) == ([], ())

        assert counts.decode_errors == {kind: 1}
        assert not counts.updates
        assert trades(reader, "trade:A:1") == ["1"]

    def test_are_logged_once_per_kind_and_feed_with_the_field_and_the_frame(
        self, reader: Reader, counts: FeedCounts, complaints: Complaints
    ) -> None:
        with capture_logs() as logs:
            for _ in range(3):
                reader.read(b"bad:ticker and more", RECEIVED)
                reader.read(b"bad:trade", RECEIVED)
            another_reader(counts, complaints).read(b"bad:trade", RECEIVED)

        assert [(log["kind"], log["problem"], log["frame"]) for log in logs] == [
            ("ticker", "ticker: price: is no price", "bad:ticker and more"),
            ("trade", "trade: price: is no price", "bad:trade"),
        ]
        assert counts.decode_errors == {"ticker": 3, "trade": 4}

    def test_that_an_adapter_fails_on_are_logged_with_the_kind_of_failure(self, reader: Reader) -> None:
        with capture_logs() as logs:
            reader.read(b"nonsense", RECEIVED)

        assert [log["problem"] for log in logs] == ["KeyError('nonsense')"]

    def test_show_no_more_than_their_beginning_in_the_log_whatever_their_bytes(self, reader: Reader) -> None:
        with capture_logs() as logs:
            reader.read(b"\xff" * 100_000, RECEIVED)

        assert logs[0]["frame"] == "\N{REPLACEMENT CHARACTER}" * 200


class TestNumberedFrames:
    def test_may_begin_anywhere_and_go_through_in_order(self, reader: Reader, counts: FeedCounts) -> None:
        for number in range(40, 45):
            assert trades(reader, f"number:{number} trade:A:{number}") == [str(number)]

        assert counts.sequence_gaps == 0

    @pytest.mark.parametrize("again", [3, 5])
    def test_that_are_late_or_repeated_say_nothing_at_all(self, reader: Reader, counts: FeedCounts, again: int) -> None:
        for number in (3, 4, 5):
            trades(reader, f"number:{number}")

        assert reader.read(f"number:{again} trade:A:1 goodbye".encode(), RECEIVED) == ([], ())
        assert trades(reader, "number:6 trade:A:2") == ["2"]
        assert counts.updates == {"trades": 1}
        assert counts.sequence_gaps == 0

    def test_that_are_missing_are_counted_as_one_gap(self, reader: Reader, counts: FeedCounts) -> None:
        trades(reader, "number:3")

        assert trades(reader, "number:9 trade:A:1") == ["1"]
        assert trades(reader, "number:10 trade:A:2") == ["2"]
        assert counts.sequence_gaps == 1

    def test_that_are_missing_are_logged_once(self, reader: Reader, counts: FeedCounts) -> None:
        with capture_logs() as logs:
            for number in (3, 9, 10, 20):
                trades(reader, f"number:{number}")

        assert [(log["after"], log["before"]) for log in logs] == [(3, 9)]
        assert counts.sequence_gaps == 2

    def test_are_numbered_by_connection(self, reader: Reader, counts: FeedCounts, complaints: Complaints) -> None:
        trades(reader, "number:7")

        assert trades(another_reader(counts, complaints), "number:0 trade:A:1") == ["1"]
        assert counts.sequence_gaps == 0
