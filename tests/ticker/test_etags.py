"""What changes an entity tag, and what `If-None-Match` finds."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.market import Gap
from tests.ticker.stage import Stage
from ticker.bus import Topic
from ticker.etags import etag, has_it, version

SYMBOLS = (BTC, ETH) = ("sim:BTC-USDT", "sim:ETH-USDT")
TAG = 'W/"5f3c"'


@pytest.fixture
def stage() -> Stage:
    """Both symbols live, with one value of each channel."""
    stage = Stage(*SYMBOLS)
    stage.link("connected")
    for symbol in SYMBOLS:
        stage.quote(symbol)
        stage.trade(symbol)
    return stage


def topics(stage: Stage, symbol: str, *channels: str) -> list[Topic]:
    """The topics of a snapshot of one symbol."""
    market = stage.directory[symbol]
    return [market.status, *(market.topics[channel] for channel in channels)]


def disconnect(stage: Stage) -> None:
    """Lose the feed for so long that its symbols are stale."""
    stage.link("disconnected")
    stage.clock.advance(2)
    stage.pipeline.tick(stage.clock())


def lose_trades(stage: Stage) -> None:
    """The feed notices a hole in the trades, which has no seq."""
    stage.pipeline.receive(Gap(BTC, stage.clock(), 3))


def grow_old(stage: Stage) -> None:
    """What is retained is so no longer."""
    stage.clock.advance(301)
    stage.retention.prune(stage.clock())


CHANGES: list[tuple[str, Callable[[Stage], None], bool]] = [
    ("quotes", lambda stage: stage.quote(BTC), True),
    ("quotes", lambda stage: stage.quote(ETH), False),
    ("quotes", lambda stage: stage.trade(BTC), False),
    ("quotes", disconnect, True),
    ("quotes", grow_old, False),
    ("ticker", lambda stage: stage.quote(BTC), True),
    ("ticker", lambda stage: stage.trade(BTC), True),
    ("ticker", lambda stage: stage.stats(BTC), True),
    ("ticker", lambda stage: stage.stats(ETH), False),
    ("trades", lambda stage: stage.trade(BTC), True),
    ("trades", lambda stage: stage.quote(BTC), False),
    ("trades", lose_trades, True),
    ("trades", grow_old, True),
    ("status", lambda stage: stage.quote(BTC), False),
    ("status", disconnect, True),
]


@pytest.mark.parametrize(("channel", "change", "changes"), CHANGES)
def test_a_tag_changes_with_what_it_is_for(
    stage: Stage, channel: str, change: Callable[[Stage], None], changes: bool
) -> None:
    wanted = topics(stage, BTC, channel)
    before = etag(map(version, wanted))
    assert etag(map(version, wanted)) == before
    change(stage)
    assert (etag(map(version, wanted)) != before) is changes


def test_another_run_has_other_tags(stage: Stage) -> None:
    wanted = topics(stage, BTC, "quotes")
    before = etag(map(version, wanted))
    for topic in wanted:
        topic.epoch = "other"
    assert etag(map(version, wanted)) != before


def test_other_topics_have_other_tags(stage: Stage) -> None:
    asked = [
        topics(stage, symbol, *channels)
        for symbol in SYMBOLS
        for channels in ((), ("quotes",), ("trades",), ("quotes", "trades"), ("trades", "quotes"))
    ]
    assert len({etag(map(version, wanted)) for wanted in [*asked, []]}) == len(asked) + 1


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([], False),
        ([""], False),
        ([TAG], True),
        (['"5f3c"'], True),  # a proxy made it strong: weak comparison does not mind
        (['W/"5F3C"'], False),
        (['"a,b" , W/"5f3c"'], True),
        (['"a"', TAG], True),
        (['"a,5f3c"'], False),
        (['"W/5f3c"'], False),
        (["*"], True),
        ([" * "], True),
        (['"*"'], False),
        (["5f3c"], False),
        (["W/5f3c"], False),
        (['W/"5f3c'], False),
    ],
)
def test_a_tag_is_looked_for_in_the_header(lines: list[str], found: bool) -> None:
    assert has_it(lines, TAG) is found


@given(st.lists(st.from_regex(r'\A(W/)?"[!#-~\x80-\xff]*"\Z'), max_size=4), st.booleans())
def test_a_tag_is_found_among_any_others(others: list[str], ours: bool) -> None:
    tags = sorted([*others, TAG] if ours else others)
    assert has_it([", ".join(tags)], TAG) is any(tag.removeprefix("W/") == '"5f3c"' for tag in tags)


@given(st.text())
def test_whatever_a_client_sends_is_no_error(header: str) -> None:
    assert has_it([header], TAG) in (True, False)
