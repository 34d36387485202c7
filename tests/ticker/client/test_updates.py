"""Messages of the service as typed updates."""

from dataclasses import FrozenInstanceError, fields
from decimal import Decimal

import orjson
import pytest

from tests.ticker.client.messages import SYMBOL, at, gap, quote_message, status_message, trade_message
from tests.ticker.fakes import START
from tests.ticker.stage import EPOCH, Stage
from tests.ticker.stage import quote as stage_quote
from tests.ticker.stage import stats as stage_stats
from tests.ticker.stage import trade as stage_trade
from ticker import frames
from ticker.client import ProtocolError, Quote, Status, Trade
from ticker.client.updates import read
from ticker.encodings import payload


def test_prices_stay_as_they_are_and_can_be_calculated_with() -> None:
    quote = read(quote_message("0.35130000"))
    assert isinstance(quote, Quote)
    assert quote.bid == "0.35130000"
    assert str(quote.decimal("bid")) == "0.35130000"
    assert quote.decimal("ask") == Decimal(2)


def test_what_is_unknown_is_none() -> None:
    quote = read({"type": "quote", "symbol": SYMBOL, "received": at(0)})
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.decimal("bid"), quote.snapshot) == (None, None, False)


def test_fields_that_are_not_known_are_left_out() -> None:
    assert read(quote_message("1", mood="good")) == read(quote_message("1"))


def test_snapshots_are_marked() -> None:
    trade = read(trade_message(1, snapshot=True))
    assert isinstance(trade, Trade)
    assert (trade.snapshot, trade.epoch, trade.channel) == (True, "one", "trades")


@pytest.mark.parametrize("kind", ["heartbeat", "auth", "of_a_later_version"])
def test_messages_of_other_types_are_ignored(kind: str) -> None:
    assert read({"type": kind, "time": at(0)}) is None


@pytest.mark.parametrize("field", ["symbol", "received"])
def test_data_of_no_symbol_or_time_is_none(field: str) -> None:
    with pytest.raises(ProtocolError, match="quote without"):
        read({**quote_message("1"), field: None})


def test_an_update_cannot_be_changed() -> None:
    status = read(status_message("live"))
    assert isinstance(status, Status)
    with pytest.raises(FrozenInstanceError):
        status.state = "stale"  # type: ignore[misc]
    assert not hasattr(status, "__dict__")


def test_every_field_that_the_service_sends_is_there() -> None:
    stage = Stage(SYMBOL)
    peer = stage.connect()
    for channel in ("ticker", "quotes", "trades", "stats"):
        peer.subscribe(channel, SYMBOL)
    for event in (stage_quote(SYMBOL), stage_trade(SYMBOL), stage_stats(SYMBOL)):
        stage.pipeline.receive(event)
    stage.schedule.run_for(1)
    sent = {message["type"]: message for message in peer.sink.messages if "symbol" in message}
    assert sent.keys() == {"ticker", "quote", "trade", "stats", "status"}
    for kind, message in sent.items():
        update = read(message)
        assert update is not None, kind
        assert message.keys() - {field.name for field in fields(update)} <= {"type", "epoch"}, kind


def test_a_gap_has_the_services_fields() -> None:
    sent = payload(frames.gap_frame(Stage(SYMBOL).directory[SYMBOL].trades, START, "feed", missed=3))
    assert read(orjson.loads(sent)) == gap(None, None, 3, epoch=EPOCH, reason="feed", received=0)
