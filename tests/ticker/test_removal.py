"""A symbol that goes while the service runs: its holders are told, whatever they do, and nothing of it is left."""

import gc
from collections.abc import Iterable

import pytest

from feeds.market import Instrument
from tests.ticker.stage import Peer, Stage
from ticker.bus import Topic
from ticker.directory import Market
from ticker.series import Series


def name_of(thing: Market | Topic | Series) -> str:
    return thing.instrument.symbol if isinstance(thing, Market) else thing.symbol


def replace(stage: Stage, *symbols: str) -> None:
    """The feed has just these symbols from now on."""
    instruments = [Instrument(symbol) for symbol in symbols]
    gone, new = stage.pipeline.replace_feed("sim", instruments, [symbols], stage.clock())
    stage.hub.vanished(gone)
    stage.hub.appeared(new)
    stage.schedule.settle()


def stall(stage: Stage, peer: Peer) -> None:
    """The peer stops reading, and its transport is full."""
    peer.sink.stalled, peer.sink.high = True, 0
    stage.quote("sim:B", "1.11")
    assert peer.client.backlog is not None


def states(messages: Iterable[dict[str, object]], symbol: str) -> list[object]:
    return [m["state"] for m in messages if m["type"] == "status" and m["symbol"] == symbol]


@pytest.fixture
def stage() -> Stage:
    return lively("sim:A", "sim:B")


def lively(*symbols: str) -> Stage:
    """A stage on which each symbol has had something on each channel."""
    stage = Stage(*symbols)
    stage.link("connected")
    for symbol in symbols:
        stage.quote(symbol)
        stage.trade(symbol)
        stage.stats(symbol)
    return stage


def holder(stage: Stage, *channels: str) -> Peer:
    peer = stage.connect()
    for channel in channels:
        peer.subscribe(channel, "*", **({"interval": "1m"} if channel == "bars" else {}))
    peer.sink.news()
    return peer


EVERY = ("ticker", "quotes", "trades", "bars", "stats", "status")


@pytest.mark.parametrize("channel", EVERY)
def test_who_holds_it_is_told_once_and_gets_nothing_more(stage: Stage, channel: str) -> None:
    peer = holder(stage, channel)
    replace(stage, "sim:B")
    assert states(peer.sink.news(), "sim:A") == ["closed"]
    stage.quote("sim:B")
    assert all(topic.symbol == "sim:B" for topic in peer.client.topics)


def test_one_that_does_not_read_is_told_when_it_does(stage: Stage) -> None:
    peer = holder(stage, "quotes", "trades")
    stall(stage, peer)
    stage.trade("sim:A")
    replace(stage, "sim:B")
    peer.sink.drain()
    stage.schedule.run_for(1)
    assert states(peer.sink.news(), "sim:A")[-1] == "closed"


def test_one_that_is_still_being_told_of_it_is_not_ended(stage: Stage) -> None:
    peer = stage.connect()
    peer.session.receive(b'{"op":"subscribe","channel":"trades","symbols":["*"],"snapshot":50}')
    gone, _ = stage.pipeline.replace_feed("sim", [Instrument("sim:B")], [["sim:B"]], stage.clock())
    stage.hub.vanished(gone)
    stage.schedule.settle()
    assert not peer.sink.evicted
    assert {m["symbol"] for m in peer.sink.news() if m["type"] == "trade"} == {"sim:B"}
    assert {topic.symbol for topic in peer.client.topics} == {"sim:B"}


def test_a_subscription_can_be_given_up_though_its_symbol_is_gone(stage: Stage) -> None:
    peer = stage.connect()
    peer.subscribe("quotes", "sim:A")
    replace(stage, "sim:B")
    [ack] = peer.unsubscribe("quotes", "sim:A")[-1:]
    assert (ack["type"], ack["symbols"]) == ("ack", ["sim:A"])


def test_one_that_stays_keeps_its_numbering_and_its_state(stage: Stage) -> None:
    peer = holder(stage, "quotes")
    replace(stage, "sim:B")
    stage.quote("sim:B", "1.12")
    [told] = [m for m in peer.sink.news() if m["type"] == "quote"]
    assert (told["symbol"], told["seq"]) == ("sim:B", 2)
    assert stage.watch.symbols["sim:B"].state == "live"


def test_other_channels_make_another_symbol_of_it(stage: Stage) -> None:
    peer = holder(stage, "quotes")
    instrument = Instrument("sim:A", channels=("quotes",))
    gone, new = stage.pipeline.replace_feed("sim", [instrument], [["sim:A"]], stage.clock())
    assert ([m.instrument.symbol for m in gone], [m.instrument.symbol for m in new]) == (["sim:A", "sim:B"], ["sim:A"])
    stage.hub.vanished(gone)
    stage.hub.appeared(new)
    stage.schedule.settle()
    assert states(peer.sink.news(), "sim:A") == ["closed", "unknown"]


def test_nothing_of_it_is_left() -> None:
    symbol = "sim:REMOVED"  # no other test has it
    stage = lively(symbol, "sim:B")
    peers = [holder(stage, *EVERY) for _ in range(3)]
    stall(stage, peers[0])
    stage.quote(symbol)
    before = stage.retention.size
    replace(stage, "sim:B")
    peers[0].sink.drain()
    stage.schedule.run_for(1)
    stage.clock.advance(400)
    stage.retention.prune(stage.clock())
    stage.close_bars()
    assert stage.retention.size < before
    gc.collect()
    kinds = (Market, Topic, Series)
    left = [thing for thing in gc.get_objects() if isinstance(thing, kinds) and name_of(thing) == symbol]
    assert left == []
