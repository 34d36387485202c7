import pytest
from pydantic import TypeAdapter, ValidationError

from feeds.names import InstrumentNames

NAMES = TypeAdapter(InstrumentNames)


def test_keeps_the_order_and_drops_repetitions() -> None:
    assert NAMES.validate_python(["ETH-USD", "BTC-USD", "ETH-USD"]) == ("ETH-USD", "BTC-USD")


@pytest.mark.parametrize("name", ["btc-usd", "", "BTC USD", "BTC,ETH", "sim:BTC", "BTC-*"])
def test_refuses_what_is_no_instrument_and_says_how_one_is_written(name: str) -> None:
    with pytest.raises(ValidationError, match="upper case, like BTC-USD"):
        NAMES.validate_python(["AAPL", name])


def test_refuses_an_empty_list() -> None:
    with pytest.raises(ValidationError, match="at least 1 item"):
        NAMES.validate_python([])
