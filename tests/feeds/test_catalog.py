"""The feeds there are: each is listed everywhere, and becomes what its stanza says."""

import asyncio
import json
from itertools import count
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from feeds.catalog import DEMO, VENUES, AnyOptions, build
from feeds.counts import FeedCounts
from feeds.errors import CaptureError
from feeds.feed import Feed
from feeds.market import Event, Gap, Instrument, LinkState, Quote, Trade
from feeds.playback import Playback
from feeds.replay import ReplayOptions
from feeds.timestamps import SECOND, clock
from feeds.websocket import WebSocketFeed

DEADLINE_S = 10
OPTIONS: TypeAdapter[Any] = TypeAdapter(AnyOptions)


def feed(stanza: dict[str, object]) -> Feed:
    return build(OPTIONS.validate_python(stanza), lambda _: None, clock())


def replay_of(capture: Path, **others: object) -> dict[str, object]:
    """A stanza that replays a Binance capture."""
    stanza = {"name": "old", "adapter": "replay", "venue": "binance", "path": str(capture), "symbols": ["BTC-USDT"]}
    return stanza | others


def problem_of(stanza: dict[str, object]) -> str:
    with pytest.raises(ValidationError) as problem:
        OPTIONS.validate_python(stanza)
    return str(problem.value)


def adapter_names(options: type[BaseModel]) -> set[str]:
    return set(get_args(options.model_fields["adapter"].annotation))


def test_each_venue_is_listed_by_the_name_that_its_stanza_gives() -> None:
    assert {name: adapter_names(options) for name, (options, _) in VENUES.items()} == {name: {name} for name in VENUES}


def test_each_venue_can_be_configured() -> None:
    schema = OPTIONS.json_schema()

    assert set(schema["discriminator"]["mapping"]) == {*VENUES, "simulated", "replay"}


def test_each_venue_s_captures_can_be_replayed() -> None:
    assert set(get_args(ReplayOptions.model_fields["venue"].annotation)) == set(VENUES)


@pytest.mark.parametrize("venue", VENUES)
def test_a_venue_becomes_a_feed_under_the_name_of_its_stanza(venue: str) -> None:
    built = feed({"name": "mine", "adapter": venue, "symbols": ["BTC-USD", "ETH-USD"], "channels": ["trades"]})

    assert isinstance(built, WebSocketFeed)
    assert built.name == "mine"
    assert built.instruments == tuple(
        Instrument(f"mine:{name}", "crypto", ("trades",)) for name in ("BTC-USD", "ETH-USD")
    )
    assert built.link_symbols == (("mine:BTC-USD", "mine:ETH-USD"),)


def test_a_simulated_feed_is_played() -> None:
    built = feed({"name": "sim", "adapter": "simulated", "symbols": 3})

    assert isinstance(built, Playback)
    assert built.link_symbols == (("sim:SYM0", "sim:SYM1", "sim:SYM2"),)


def test_the_demo_can_be_had() -> None:
    names = [
        build(options, lambda _: None, clock()).name
        for options in TypeAdapter(tuple[AnyOptions, ...]).validate_python(DEMO)
    ]

    assert len(names) == len(set(names)) > 1


def test_an_adapter_that_there_is_not_is_refused() -> None:
    assert "'nyse'" in problem_of({"name": "a", "adapter": "nyse", "symbols": ["IBM"]})


def test_a_replay_of_instruments_that_the_venue_cannot_have_is_refused(tmp_path: Path) -> None:
    assert "'BTCUSDT' is not a pair; write it as BASE-QUOTE" in problem_of(replay_of(tmp_path, symbols=["BTCUSDT"]))


def test_a_replay_of_a_missing_capture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError):
        feed(replay_of(tmp_path / "missing"))


def trade(number: int) -> str:
    event = {"e": "aggTrade", "a": number, "s": "BTCUSDT", "p": f"{number}.50", "q": "0.10", "T": 1_790_000_000_000}
    return json.dumps(event | {"m": True})


def quote(order: int) -> str:
    return json.dumps({"u": order, "s": "BTCUSDT", "b": "1.00", "B": "2", "a": "1.01", "A": "3"})


def played(tmp_path: Path, *connections: list[str]) -> tuple[list[Event], FeedCounts]:
    """What is published of a capture of these connections' frames, each received a second after the one before."""
    lines = []
    for number, frames in enumerate(connections):
        lines += [f"wss://venue.example/{number} <-> 99.0", *(f"100.0: {frame}" for frame in frames)]
    capture = tmp_path / "capture"
    capture.write_text("\n".join(lines) + "\n")
    published: list[Event] = []
    now = count(1_790_000_100 * SECOND, SECOND)
    built = build(OPTIONS.validate_python(replay_of(capture)), published.append, lambda: next(now))

    async def run() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await built.run()

    asyncio.run(run())
    return published, built.counts


def test_a_replay_s_frames_are_decoded_and_put_in_order_over_all_its_connections(tmp_path: Path) -> None:
    published, counts = played(tmp_path, [quote(7), trade(1), trade(2)], [quote(6), trade(2), trade(3), quote(8)])

    assert [type(event) for event in published] == [LinkState, Quote, Trade, Trade, Trade, Quote, LinkState]
    assert [event.number for event in published if isinstance(event, Trade)] == [1, 2, 3]
    assert counts.updates == {"quotes": 3, "trades": 4}


def test_a_replay_tells_lost_trades(tmp_path: Path) -> None:
    published, _ = played(tmp_path, [trade(1), trade(5), quote(7)])

    assert [type(event) for event in published[1:-1]] == [Trade, Gap, Trade, Quote]


def test_a_replay_s_bad_frames_are_counted(tmp_path: Path) -> None:
    published, counts = played(tmp_path, [trade(1), "{nonsense", '{"e":"depth"}', trade(2)])

    assert [event.number for event in published if isinstance(event, Trade)] == [1, 2]
    assert counts.decode_errors == {"json": 1}
    assert counts.unknown_messages == 1
