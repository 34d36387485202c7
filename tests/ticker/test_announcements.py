"""The first lines of the log."""

from typing import Any

import pytest
import structlog.testing

from ticker import announcements


def before(host: str, *, demo: bool = False) -> list[tuple[str, str]]:
    with structlog.testing.capture_logs() as logged:
        announcements.before(host, 8080, demo=demo)
    return [(entry["log_level"], entry["event"]) for entry in logged]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_on_loopback_there_is_nothing_to_warn_of(host: str) -> None:
    assert before(host) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "prices.example"])
def test_elsewhere_the_first_line_says_who_can_read(host: str) -> None:
    assert before(host) == [("warning", f"anyone who reaches {host}:8080 can read every symbol; set [access]")]


def test_the_demo_is_called_one_and_says_how_to_get_real_prices() -> None:
    [(level, said)] = before("127.0.0.1", demo=True)
    assert level == "info"
    assert "made up" in said
    assert "ticker serve --feed coinbase:BTC-USD,ETH-USD" in said


@pytest.mark.parametrize(
    ("host", "typed"),
    [
        ("127.0.0.1", "127.0.0.1:80"),
        ("0.0.0.0", "127.0.0.1:80"),
        ("::", "127.0.0.1:80"),
        ("::1", "[::1]:80"),
        ("prices.example", "prices.example:80"),
    ],
)
def test_where_to_look_is_told_as_it_can_be_typed(host: str, typed: str) -> None:
    with structlog.testing.capture_logs() as logged:
        announcements.listening(host, 80, ["sim", "coinbase"], "sim:BTC-USDT")
    said: dict[str, Any] = {key: value for entry in logged for key, value in entry.items()}
    assert said["feeds"] == ["sim", "coinbase"]
    assert said["page"] == f"http://{typed}/"
    assert said["websocket"] == f"ws://{typed}/v1/ws"
    assert said["metrics"] == f"http://{typed}/metrics"
    assert said["command"] == f"curl 'http://{typed}/v1/snapshot?channel=ticker&symbols=sim:BTC-USDT'"
