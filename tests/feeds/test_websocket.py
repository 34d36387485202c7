"""A feed's links: kept up for ever, with a wait between two tries, and replaced without a moment in between."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import ClassVar

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from feeds.feed import Feed
from feeds.market import Confirmed, Event, Gap, Instrument, LinkState, Quote, Trade
from feeds.ordering import HOLD
from feeds.timestamps import SECOND, clock
from feeds.websocket import CONNECT_BURST, SILENCE_FEW_S, SILENCE_S, KeptLink, WebSocketFeed
from tests.feeds.driving import Published, comes_true, feed_of, running, tasks_of_feeds
from tests.feeds.fakes import FakeAdapter, FakeVenue, link, options
from tests.venues.session import Session

LONG_S = 3_600.0


class ShortLived(FakeAdapter):
    """The venue ends connections after a while."""

    lifetime_limited: ClassVar[bool] = True


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture
def logs() -> Iterator[list[EventDict]]:
    with capture_logs() as entries:
        yield entries


def waits(logs: list[EventDict]) -> list[float]:
    """Seconds before each try after a loss."""
    return [log["next_try_s"] for log in logs if "next_try_s" in log]


def carrying(venue: FakeVenue, symbol: str) -> list[Session]:
    """The connections on which the trades of a symbol were asked for."""
    return [session for session in venue.open_sessions if f"trades:{symbol}" in session.subscriptions]


class TestTheFeed:
    def test_is_known_by_its_settings_and_links(self) -> None:
        links = link("trades A,B", "quotes A,B"), link("trades C")
        feed: Feed = WebSocketFeed(FakeAdapter(*links), options(), lambda _: None, clock())

        assert feed.name == "fake"
        assert feed.instruments == (Instrument("fake:A"), Instrument("fake:B"), Instrument("fake:C"))
        assert feed.link_symbols == (("fake:A", "fake:B"), ("fake:C",))
        assert not feed.tried

    @pytest.mark.parametrize(
        ("symbols", "silence_s", "expected"),
        [(4, None, SILENCE_FEW_S), (5, None, SILENCE_S), (4, 2.5, 2.5), (500, 2.5, 2.5)],
    )
    def test_may_be_silent_for_longer_with_few_symbols_unless_told(
        self, symbols: int, silence_s: float | None, expected: float
    ) -> None:
        wanted = link("trades " + ",".join(f"A{number}" for number in range(symbols)))
        feed = WebSocketFeed(FakeAdapter(wanted), options(silence_s=silence_s), lambda _: None, clock())

        assert KeptLink(feed, 0, wanted).silence_s() == expected

    def test_paces_all_connections_together_only_where_the_venue_counts_by_address(self) -> None:
        class ByAddress(FakeAdapter):
            spacing_per_address: ClassVar[bool] = True

        alone, together = (
            feed_of("ws://venue.example", print, adapter=adapter) for adapter in (FakeAdapter, ByAddress)
        )

        assert alone.gate() is not alone.gate()
        assert together.gate() is together.gate()

    async def test_counts_what_it_gets(self, published: Published) -> None:
        async with FakeVenue() as venue, running(feed := feed_of(venue.url, published)):
            session = await venue.session(0, "trades:A")
            await session.send("trade:A:1 trade:A:2")
            await session.send("quote:A:7")
            await published.until(lambda: len(published.events) == 4, "all of it")
            assert feed.tried
            assert feed.counts.connections == 1

        assert feed.counts.updates == {"trades": 2, "quotes": 1}
        assert feed.counts.received_bytes == len("ack:1trade:A:1 trade:A:2quote:A:7")
        assert feed.counts.last_data == published.events[3].received
        assert sum(feed.counts.delay.counts) == 1  # a frame's updates have one delay, and quotes have no time

    async def test_one_link_has_nothing_to_do_with_another(self, published: Published) -> None:
        async with FakeVenue() as venue:
            links = link("trades A", url=venue.url), link("trades B", url=venue.url)
            feed = WebSocketFeed(FakeAdapter(*links), options(), published, clock())
            async with running(feed):
                await venue.until(lambda: all(carrying(venue, name) for name in "AB"), "both links to be up")
                carrying(venue, "B")[0].drop()
                await venue.session(2, "trades:B")
                await published.until(lambda: len(published.states) == 4, "the second link to be back")

        assert sorted(published.states[:2]) == ["1 connected", "connected"]
        assert published.states[2:4] == ["1 disconnected", "1 connected"]
        assert feed.counts.reconnects == {"dropped": 1}

    async def test_says_which_symbols_a_link_carries(self, published: Published) -> None:
        async with FakeVenue() as venue, running(feed_of(venue.url, published, "trades A,B", "quotes B,C")):
            await published.state("connected")

        [connected, disconnected] = [event for event in published.events if isinstance(event, LinkState)]
        assert connected.feed == disconnected.feed == "fake"
        assert connected.symbols == disconnected.symbols == ("fake:A", "fake:B", "fake:C")


class TestOrder:
    async def test_trades_lost_over_a_reconnect_are_told_even_if_nothing_else_comes(self, published: Published) -> None:
        async with FakeVenue() as venue, running(feed_of(venue.url, published)):
            first = await venue.session(0, "trades:A")
            await first.send("trade:A:1")
            await published.trade(1)
            first.drop()
            second = await venue.session(1, "trades:A")
            await second.send("trade:A:5")
            await published.trade(5)
            await second.send("trade:A:7")
            await published.trade(7)

        assert [event.missed for event in published.events if isinstance(event, Gap)] == [3, 1]
        assert published.tape == ["1", "5", "7"]

    async def test_a_trade_that_waits_for_an_earlier_one_is_data(self, published: Published) -> None:
        async with FakeVenue() as venue, running(feed := feed_of(venue.url, published)):
            session = await venue.session(0, "trades:A")
            await session.send("trade:A:1")
            await published.trade(1)
            before = feed.counts.last_data
            await session.send("trade:A:3")
            await comes_true(lambda: feed.counts.last_data > before, "the trade to count as data")
            assert published.tape == ["1"]

    async def test_nothing_is_published_after_the_end(self, published: Published) -> None:
        async with FakeVenue() as venue:
            async with running(feed := feed_of(venue.url, published)):
                session = await venue.session(0, "trades:A")
                await session.send("trade:A:1 trade:A:3")
                await comes_true(lambda: feed.counts.updates["trades"] == 2, "both trades to come")
            at_the_end = list(published.events)
            over = asyncio.Event()
            # A timer that the feed had left behind would come before this one.
            asyncio.get_running_loop().call_later(1.2 * HOLD / SECOND, over.set)
            await over.wait()

        assert published.events == at_the_end
        assert published.tape == ["1"]

    async def test_what_a_venue_says_again_is_confirmed_and_no_news(self, published: Published) -> None:
        async with FakeVenue() as venue, running(feed := feed_of(venue.url, published)):
            session = await venue.session(0, "trades:A")
            await session.send("quote:A:7")
            await published.until(lambda: feed.counts.last_data, "the quote")
            news = feed.counts.last_data
            await session.send("quote:A:7")
            await published.until(lambda: type(published.events[-1]) is Confirmed, "the confirmation")

        assert feed.counts.last_data == news
        assert len([event for event in published.events if isinstance(event, Quote)]) == 1


class TestBackoff:
    async def test_waits_longer_after_each_vain_try(self, published: Published, logs: list[EventDict]) -> None:
        async with FakeVenue() as venue:
            venue.accepting = False
            feed = feed_of(venue.url, published, uniform=1.0, backoff_min_s=0.01, backoff_max_s=0.05)
            async with running(feed):
                await comes_true(lambda: len(waits(logs)) >= 5, "five tries")

        assert waits(logs)[:5] == [0.01, 0.02, 0.04, 0.05, 0.05]

    async def test_does_not_try_more_often_than_the_venue_allows(self, published: Published) -> None:
        class Rationed(FakeAdapter):
            connect_spacing_s: ClassVar[float] = LONG_S

        async with FakeVenue() as venue:
            venue.accepting = False
            rationed, free = (
                feed_of(venue.url, published, adapter=adapter, backoff_max_s=0.01)
                for adapter in (Rationed, FakeAdapter)
            )
            async with running(rationed, free):
                await comes_true(lambda: free.counts.reconnects["connect"] >= 2 * CONNECT_BURST, "many tries")
                await comes_true(lambda: rationed.counts.reconnects["connect"] == CONNECT_BURST, "as many as allowed")

    async def test_is_reset_by_new_data_and_by_nothing_less(self, published: Published, logs: list[EventDict]) -> None:
        said = ["trade:A:1", "alive", "trade:A:1 unknown:what", "trade:A:2", "alive"]
        async with FakeVenue() as venue, running(feed_of(venue.url, published, uniform=1.0, backoff_max_s=1)):
            for number, frame in enumerate(said):
                session = await venue.session(number, "trades:A")
                await session.send(frame)
                await session.close()
            await venue.session(len(said))

        assert waits(logs) == [0.01, 0.02, 0.04, 0.01, 0.02]


class TestRollover:
    async def test_an_old_connection_goes_when_the_new_one_has_data(self, published: Published) -> None:
        async with (
            FakeVenue() as venue,
            running(feed := feed_of(venue.url, published, adapter=ShortLived, rollover_s=0.1)),
        ):
            first = await venue.session(0, "trades:A")
            await first.send("trade:A:1")
            second = await venue.session(1, "trades:A")
            await first.send("trade:A:2")
            await published.trade(2)
            assert not first.ended
            assert feed.counts.connections == 2
            await second.send("trade:A:2 trade:A:3")
            await published.trade(3)
            await venue.until(lambda: first.ended, "the old connection to be left")

        assert published.tape == ["1", "2", "3"]
        assert published.states == ["connected", "disconnected"]
        assert not feed.counts.reconnects

    async def test_data_that_the_old_connection_brought_first_is_data_all_the_same(self, published: Published) -> None:
        async with FakeVenue() as venue, running(feed_of(venue.url, published)):
            first = await venue.session(0, "trades:A")
            await first.send("trade:A:1 goodbye")
            second = await venue.session(1, "trades:A")
            await first.send("trade:A:2")
            await published.trade(2)
            await second.send("trade:A:2")
            await venue.until(lambda: first.ended, "the old connection to be left")
            assert not second.ended

        assert published.tape == ["1", "2"]

    async def test_the_old_connection_stays_until_every_request_on_the_new_one_is_answered(
        self, published: Published
    ) -> None:
        class Slow(FakeVenue):
            async def received(self, session: Session, message: str) -> None:
                if self.sessions.index(session) == 0 or "quotes" not in message:
                    await super().received(session, message)

        async with Slow() as venue, running(feed_of(venue.url, published, "trades A", "quotes A")):
            first = await venue.session(0, "trades:A", "quotes:A")
            await first.send("goodbye")
            second = await venue.session(1, "trades:A")
            await second.send("trade:A:1")
            await published.trade(1)
            await first.send("trade:A:2")
            await published.trade(2)
            assert not first.ended
            await second.send("ack:2")
            await venue.until(lambda: first.ended, "the old connection to be left")

    async def test_a_venue_that_says_several_times_that_it_goes_is_left_once(
        self, published: Published, logs: list[EventDict]
    ) -> None:
        async with FakeVenue() as venue, running(feed := feed_of(venue.url, published)):
            first = await venue.session(0, "trades:A")
            await first.send("goodbye goodbye")
            await first.send("goodbye")
            second = await venue.session(1, "trades:A")
            await second.send("trade:A:1")
            await venue.until(lambda: first.ended, "the old connection to be left")
            await second.send("trade:A:2")
            await published.trade(2)
            assert len(venue.sessions) == 2
            assert feed.counts.connections == 1

        assert len([log for log in logs if log["event"].startswith("opening a new connection")]) == 1

    async def test_the_old_connection_stays_while_no_new_one_can_be_had(
        self, published: Published, logs: list[EventDict]
    ) -> None:
        async with FakeVenue() as venue, running(feed := feed_of(venue.url, published)):
            first = await venue.session(0, "trades:A")
            await first.send("trade:A:1")
            await published.trade(1)
            venue.accepting = False
            await first.send("goodbye")
            await comes_true(lambda: feed.counts.reconnects["connect"] >= 3, "three vain tries")
            await first.send("trade:A:2")
            await published.trade(2)
            venue.accepting = True
            second = await venue.session(1, "trades:A")
            await second.send("trade:A:3")
            await venue.until(lambda: first.ended, "the old connection to be left")

        assert published.states == ["connected", "disconnected"]
        assert published.tape == ["1", "2", "3"]

    async def test_a_venue_that_cuts_the_old_connection_first_is_not_a_disconnected_one(
        self, published: Published
    ) -> None:
        async with FakeVenue() as venue, running(feed := feed_of(venue.url, published)):
            first = await venue.session(0, "trades:A")
            await first.send("trade:A:1 goodbye")
            second = await venue.session(1, "trades:A")
            await comes_true(lambda: feed.counts.connections == 2, "both connections")
            first.drop()
            await comes_true(lambda: feed.counts.reconnects["dropped"] == 1, "the loss to be counted")
            await second.send("trade:A:2")
            await published.trade(2)
            assert published.states == ["connected"]
            second.drop()
            await venue.session(2, "trades:A")
            await published.state("connected", "disconnected", "connected")

        assert feed.counts.reconnects == {"dropped": 2}

    async def test_when_both_are_cut_that_is_said_once(self, published: Published) -> None:
        async with FakeVenue() as venue, running(feed := feed_of(venue.url, published)):
            first = await venue.session(0, "trades:A")
            await first.send("trade:A:1 goodbye")
            await venue.session(1, "trades:A")
            await comes_true(lambda: feed.counts.connections == 2, "both connections")
            venue.drop_all()
            third = await venue.session(2, "trades:A")
            await third.send("trade:A:2")
            await published.trade(2)
            assert published.states == ["connected", "disconnected", "connected"]

    async def test_a_mute_new_connection_does_not_make_the_link_silent(self, published: Published) -> None:
        async with FakeVenue() as venue, running(feed := feed_of(venue.url, published, silence_s=0.1)):
            first = await venue.session(0, "trades:A")
            await first.send("trade:A:1 goodbye")
            number = 1
            while feed.counts.reconnects["silent"] < 2:
                number += 1
                await first.send(f"trade:A:{number}")
                await published.trade(number)
            assert not first.ended

        assert published.states == ["connected", "disconnected"]

    async def test_two_mute_connections_do(self, published: Published) -> None:
        async with FakeVenue() as venue, running(feed_of(venue.url, published, silence_s=0.1)):
            await (await venue.session(0, "trades:A")).send("goodbye")
            await venue.session(1, "trades:A")
            await published.until(lambda: "silent" in published.states, "the silence")

        assert published.states[:2] == ["connected", "silent"]

    async def test_a_venue_that_sends_every_connection_away_is_not_flooded(self, published: Published) -> None:
        class Leaving(FakeVenue):
            async def opened(self, session: Session) -> None:
                await session.send("goodbye")

        async with Leaving() as venue:
            feed = feed_of(venue.url, published, uniform=1.0, backoff_min_s=LONG_S, backoff_max_s=LONG_S)
            async with running(feed):
                session = await venue.session(0, "trades:A")
                for number in range(1, 30):
                    await session.send(f"trade:A:{number}")
                    await published.trade(number)
                assert len(venue.sessions) == 1


class TestTheEnd:
    async def test_is_told_once_for_each_link(self, published: Published) -> None:
        async with FakeVenue() as venue:
            async with running(feed_of(venue.url, published)):
                first = await venue.session(0, "trades:A")
                await first.send("trade:A:1 goodbye")
                await venue.session(1, "trades:A")
            await venue.until(lambda: not venue.open_sessions, "both connections to be closed")

        assert published.states == ["connected", "disconnected"]

    async def test_may_come_during_a_handshake(self, published: Published) -> None:
        asked = asyncio.Event()

        async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.set()
            await reader.read()
            writer.close()

        async with await asyncio.start_server(never_answer, "127.0.0.1", 0) as server:
            address = server.sockets[0].getsockname()[1]
            async with running(feed_of(f"ws://127.0.0.1:{address}", published)):
                await asked.wait()

        assert published.events == []

    async def test_may_come_during_the_wait_before_a_try(self, published: Published) -> None:
        async with FakeVenue() as venue:
            venue.accepting = False
            async with running(
                feed := feed_of(venue.url, published, uniform=1.0, backoff_min_s=LONG_S, backoff_max_s=LONG_S)
            ):
                await comes_true(lambda: feed.tried, "a vain try")


class TestABug:
    async def test_surfaces_and_leaves_nothing_behind(self, published: Published) -> None:
        def publish(event: Event) -> None:
            if isinstance(event, Trade):
                raise RuntimeError("no room")
            published(event)

        async with FakeVenue() as venue:
            feed = feed_of(venue.url, publish)
            run = asyncio.create_task(feed.run())
            await (await venue.session(0, "trades:A")).send("trade:A:1")
            with pytest.raises(ExceptionGroup) as failure:
                await run
            assert failure.group_contains(RuntimeError, match="no room")
            assert tasks_of_feeds() == []
            assert feed.counts.connections == 0
            assert published.states == ["connected", "disconnected"]

    async def test_does_not_keep_the_feed_from_running_again(self, published: Published) -> None:
        failing = True

        def publish(event: Event) -> None:
            if failing:
                raise RuntimeError("no room")
            published(event)

        async with FakeVenue() as venue:
            feed = feed_of(venue.url, publish)
            with contextlib.suppress(ExceptionGroup):
                await feed.run()
            failing = False
            async with running(feed):
                await (await venue.session(1, "trades:A")).send("trade:A:1")
                await published.trade(1)

        assert published.states == ["connected", "disconnected"]
