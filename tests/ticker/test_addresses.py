"""What addresses mean."""

import pytest

from ticker.addresses import is_loopback, is_unspecified, reachable


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "app.localhost"])
def test_this_machine_alone(host: str) -> None:
    assert is_loopback(host)
    assert not is_unspecified(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "prices.example", "localhost.example", ""])
def test_others_too(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("host", "typed"), [("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1"), ("::1", "[::1]"), ("prices.example",) * 2]
)
def test_what_to_type(host: str, typed: str) -> None:
    assert reachable(host) == typed
