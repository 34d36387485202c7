"""Each symbol's state, decided by market data alone."""

from feeds.market import CHANNELS, Channel, LinkState, LinkStatus
from feeds.timestamps import SECOND
from tests.ticker.fakes import START
from ticker.freshness import Watch

A, B, OTHER = "x:A", "x:B", "y:A"


class Scene:
    """A watch over a link with two symbols, and another feed's that is connected. Times in seconds from the start."""

    def __init__(self, quiet_s: float = 60) -> None:
        self.watch = Watch(disconnected_s=1.5, quiet_s=lambda _: quiet_s)
        self.watch.add_link("x", 0, (A, B), START)
        self.watch.add_link("y", 0, (OTHER,), START)
        self.link("connected", 0, feed="y")

    def link(self, state: LinkStatus, at: float, feed: str = "x") -> list[str]:
        return [m.symbol for m in self.watch.link_state(LinkState(feed, 0, state, moment(at), ()))]

    def data(self, at: float, symbol: str = A, channel: Channel = "quotes") -> bool:
        return self.watch.symbols[symbol].data(channel, moment(at))

    def confirm(self, at: float, symbol: str = A, channel: Channel = "quotes") -> None:
        self.watch.symbols[symbol].confirm(channel, moment(at))

    def tick(self, at: float) -> list[str]:
        return [member.symbol for member in self.watch.tick(moment(at))]

    def states(self, *symbols: str) -> list[str]:
        """State and reason of symbols, of the link's two where none are named."""
        found = [self.watch.symbols[symbol] for symbol in symbols or (A, B)]
        return [f"{member.state} {member.reason or ''}".strip() for member in found]

    def outage(self) -> None:
        """Both symbols were live, their link was down for two seconds and is up again, at 14."""
        self.link("connected", 0)
        self.data(10)
        self.data(10, B)
        self.link("disconnected", 12)
        assert self.tick(13.4) == []
        assert self.tick(13.5) == [A, B]
        assert self.link("connected", 14) == []


def moment(seconds: float) -> int:
    return START + round(seconds * SECOND)


def test_a_symbol_begins_as_unknown() -> None:
    scene = Scene()
    assert scene.states() == ["unknown starting"] * 2
    assert scene.link("connected", 1) == [A, B]
    assert scene.states() == ["unknown"] * 2


def test_a_symbol_whose_feed_cannot_be_reached_says_so() -> None:
    scene = Scene()
    assert scene.tick(1.4) == []
    assert scene.tick(1.5) == [A, B]
    assert scene.states() == ["unknown feed_disconnected"] * 2


def test_data_makes_a_symbol_live_and_tells_it_once() -> None:
    scene = Scene()
    scene.link("connected", 0)
    assert [scene.data(1), scene.data(2), scene.data(3, channel="trades")] == [True, False, False]
    assert scene.states() == ["live", "unknown"]
    status = scene.watch.symbols[A].status(moment(4))
    assert (status.since, status.received, status.last_received) == (moment(1), moment(4), moment(3))


def test_a_symbol_that_does_not_change_is_quiet_while_others_prove_its_feed_alive() -> None:
    scene = Scene(quiet_s=60)
    scene.link("connected", 0)
    scene.data(0)
    for second in range(0, 61, 5):
        scene.data(second, B)
        assert scene.tick(second) == ([A] if second == 60 else [])
    assert scene.states() == ["quiet", "live"]
    assert scene.tick(61) == []
    assert scene.data(62)
    assert scene.states() == ["live", "live"]


def test_without_newer_data_of_another_symbol_it_is_not_called_quiet() -> None:
    scene = Scene(quiet_s=60)
    scene.link("connected", 0)
    scene.data(0)
    scene.data(0, B)
    assert scene.tick(60) == []
    scene.data(60, OTHER)  # another feed proves nothing of this one
    assert scene.tick(61) == []
    assert scene.states() == ["live", "live"]


def test_a_short_disconnection_is_not_told() -> None:
    scene = Scene()
    scene.link("connected", 0)
    scene.data(10)
    scene.link("disconnected", 10)
    assert scene.tick(11.4) == []
    assert scene.link("connected", 11.4) == []
    assert scene.tick(20) == []
    assert scene.states() == ["live", "unknown"]


def test_a_longer_disconnection_makes_every_symbol_of_the_link_stale() -> None:
    scene = Scene()
    scene.link("connected", 0)
    scene.data(10)
    scene.data(10, OTHER)
    scene.link("disconnected", 10)
    assert scene.tick(11.5) == [A, B]
    assert scene.states(A, B, OTHER) == ["stale feed_disconnected", "unknown feed_disconnected", "live"]
    assert scene.tick(12) == []
    assert scene.watch.stale_feeds() == {"x"}


def test_connections_that_bring_nothing_do_not_end_an_outage() -> None:
    scene = Scene()
    scene.link("connected", 0)
    scene.data(10)
    scene.link("disconnected", 10)
    for at in (10.5, 11.0, 11.4):
        scene.link("connected", at)
        scene.link("disconnected", at + 0.1)
    assert scene.tick(11.6) == [A, B]


def test_silence_makes_stale_at_once_and_disconnecting_then_changes_nothing() -> None:
    scene = Scene()
    scene.link("connected", 0)
    scene.data(10)
    assert scene.link("silent", 20) == [A, B]
    assert scene.states() == ["stale feed_silent", "unknown feed_silent"]
    scene.link("disconnected", 20)
    assert A not in scene.tick(25)


def test_a_quiet_symbol_becomes_stale_too() -> None:
    scene = Scene(quiet_s=60)
    scene.link("connected", 0)
    scene.data(0)
    scene.data(60, B)
    assert scene.tick(60) == [A]
    assert scene.link("silent", 70) == [A, B]


def test_a_connection_alone_proves_nothing() -> None:
    scene = Scene()
    scene.outage()
    assert scene.tick(30) == []
    assert scene.states() == ["stale feed_disconnected"] * 2
    assert scene.watch.stale_feeds() == {"x"}


def test_after_an_outage_a_symbols_own_data_makes_it_live() -> None:
    scene = Scene()
    scene.outage()
    assert scene.data(15)
    scene.tick(16)
    assert scene.states() == ["live", "stale feed_disconnected"]
    assert scene.watch.stale_feeds() == set()


def test_after_an_outage_each_of_its_state_channels_has_to_speak_again() -> None:
    scene = Scene()
    scene.link("connected", 0)
    for channel in CHANNELS:
        scene.data(10, channel=channel)
    scene.link("silent", 20)
    scene.link("connected", 21)
    assert [scene.data(22, channel="trades"), scene.data(22)] == [False, False]
    assert scene.states() == ["stale feed_silent", "unknown"]
    assert scene.data(23, channel="stats")


def test_trades_alone_prove_no_quote_and_need_not_come_again_themselves() -> None:
    scene = Scene()
    scene.link("connected", 0)
    for channel in ("quotes", "trades"):
        scene.data(10, channel=channel)
    scene.link("silent", 20)
    scene.link("connected", 21)
    assert not scene.data(22, channel="trades")
    scene.link("silent", 30)
    scene.link("connected", 31)
    assert scene.data(32)


def test_a_channel_that_is_new_after_an_outage_does_not_speak_for_the_others() -> None:
    scene = Scene()
    scene.outage()
    assert not scene.data(15, channel="stats")
    assert scene.data(16)


def test_what_one_connection_said_does_not_count_for_the_next() -> None:
    scene = Scene()
    scene.link("connected", 0)
    for channel in CHANNELS:
        scene.data(10, channel=channel)
    scene.link("silent", 20)
    scene.link("connected", 21)
    scene.data(22)
    scene.link("disconnected", 23)
    scene.link("connected", 24)
    assert [scene.data(25, channel="stats"), scene.data(26)] == [False, True]


def test_what_the_venue_repeats_stands_once_its_link_is_proven_alive() -> None:
    scene = Scene()
    scene.outage()
    scene.confirm(15)
    assert scene.tick(16) == []
    scene.data(17, B)
    assert scene.tick(17) == [A]
    assert scene.states() == ["quiet", "live"]


def test_what_the_venue_repeated_before_the_outage_does_not_count() -> None:
    scene = Scene()
    scene.link("connected", 0)
    scene.data(5)
    scene.confirm(9)
    scene.outage()
    scene.data(15, B)
    assert scene.tick(16) == []


def test_a_symbol_that_the_venue_does_not_serve_stays_closed() -> None:
    scene = Scene()
    scene.link("connected", 0)
    assert scene.watch.symbols[A].become("closed", "removed", moment(1))
    assert not scene.watch.symbols[A].become("closed", "removed", moment(2))
    scene.link("silent", 20)
    scene.link("disconnected", 20)
    scene.tick(30)
    assert scene.states()[0] == "closed removed"
    assert scene.watch.symbols[A].since == moment(1)


def test_quiet_comes_by_each_symbols_own_time() -> None:
    watch = Watch(disconnected_s=1.5, quiet_s={A: 5.0, B: 60.0}.__getitem__)
    watch.add_link("x", 0, (A, B), START)
    watch.link_state(LinkState("x", 0, "connected", START, ()))
    for symbol in (A, B):
        watch.symbols[symbol].data("quotes", START)
    watch.symbols[B].data("quotes", moment(4))
    assert [member.symbol for member in watch.tick(moment(5))] == [A]


def short_outage(scene: Scene) -> None:
    """Both symbols were live, and their link was down for less than makes them stale; it is up again at 13."""
    scene.link("connected", 0)
    scene.data(10)
    scene.data(10, B)
    scene.link("disconnected", 12)
    assert scene.tick(13) == []
    scene.link("connected", 13)


def test_what_has_not_spoken_again_since_a_short_outage_is_never_called_quiet() -> None:
    scene = Scene(quiet_s=60)
    short_outage(scene)
    scene.data(72, B)
    assert scene.tick(72) == []
    scene.data(73, B)
    assert scene.tick(73) == [A]
    assert scene.states() == ["stale feed_disconnected", "live"]
    assert scene.data(74)


def test_what_has_spoken_again_since_a_short_outage_is_quiet_as_ever() -> None:
    scene = Scene(quiet_s=60)
    short_outage(scene)
    scene.confirm(14)
    scene.data(73, B)
    assert scene.tick(73) == [A]
    assert scene.states() == ["quiet", "live"]
