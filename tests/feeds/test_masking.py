"""No log line and no report gives away what an address may hold."""

import pytest

from feeds.masking import masked


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("wss://venue.test/stream", "wss://venue.test/stream"),
        ("wss://venue.test:9443/ws/btcusdt@trade", "wss://venue.test:9443/ws/btcusdt@trade"),
        ("ws://me:secret@venue.test/ws", "ws://***@venue.test/ws"),
        ("ws://me:sec@ret@venue.test", "ws://***@venue.test"),
        ("ws://token@venue.test", "ws://***@venue.test"),
        ("wss://venue.test/?token=secret", "wss://venue.test/?token=***"),
        ("wss://venue.test/?a=secret&b=secret#there", "wss://venue.test/?a=***&b=***#there"),
        ("wss://venue.test/?secret", "wss://venue.test/?***"),
        ("wss://venue.test/?token=sec=ret&flag", "wss://venue.test/?token=***&***"),
        ("wss://venue.test/?token=", "wss://venue.test/?token=***"),
        ("BTC-USD?a=b", "BTC-USD?a=b"),
    ],
)
def test_secrets_in_a_url_are_hidden(url: str, shown: str) -> None:
    assert masked(url) == shown
