"""How `ticker watch` looks: what stands where, what is cut and what never is."""

from dataclasses import replace

import pytest
from rich.console import Console

from feeds.timestamps import SECOND, nanoseconds
from tests.ticker.client.messages import OTHER, SYMBOL, status
from tests.ticker.fakes import START
from tests.ticker.watch.rows import row
from ticker.client import Connected, Lost, Rejected, Update
from ticker.watch.board import Board
from ticker.watch.screen import View, picture

CONNECTED = Connected(server="ticker/0", session="s")
LOST = Lost(reason="cannot connect: Connection refused", code=None, retry_s=3.0)
FIGURES = {"change_pct_24h": "-1.25", "bid": "68250.00", "ask": "68250.01", "volume_24h": "1234567.8"}
RED_BACK, GREEN_BACK, DIM = "\x1b[37;41m", "\x1b[30;42m", "\x1b[2m"


def shown(
    *updates: Update, width: int = 110, height: int = 20, retry_in_s: float | None = None, colours: bool = False
) -> list[str]:
    """The lines of the picture after some updates, half a minute after the tests' start."""
    board, now = Board(), START + 30 * SECOND
    for update in updates:
        board.take(update, now)
    console = Console(
        width=width,
        height=height,
        force_terminal=colours,
        color_system="standard" if colours else None,
        legacy_windows=False,
    )
    view = View(width, height, now, retry_in_s, lambda time: (now - nanoseconds(time)) / SECOND)
    with console.capture() as capture:
        console.print(picture(board, "127.0.0.1:8080", view))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_figures_line_up() -> None:
    lines = shown(CONNECTED, status("live"), row("68250.01", **FIGURES), status("quiet", OTHER), row("1.08412", OTHER))
    assert lines == [
        "connected to 127.0.0.1:8080  ticker/0, 2 symbols",
        "",
        "symbol                last  change %       bid       ask     volume   age  state",
        "demo:BTC-USDT     68250.01     -1.25  68250.00  68250.01  1,234,568  30 s  live",
        "demo:ETH-USDT      1.08412         -         -         -          -  30 s  quiet",
    ]


def test_a_stale_symbol_is_dim_and_says_why() -> None:
    stale = replace(status("stale"), reason="feed_disconnected")
    *_, line = shown(CONNECTED, stale, row(**FIGURES), row("1.60", **FIGURES), colours=True)
    assert line.startswith(DIM)
    assert "stale: feed disconnected" in line
    assert GREEN_BACK not in line


@pytest.mark.parametrize(("last", "style"), [("1.60", GREEN_BACK), ("1.40", RED_BACK)])
def test_a_price_that_changes_flashes(last: str, style: str) -> None:
    *_, line = shown(CONNECTED, status("live"), row("1.50"), row(last), colours=True)
    assert f"{style}{last}" in line


def test_a_lost_connection_cannot_be_missed() -> None:
    head, *_, line = shown(CONNECTED, status("live"), row(), LOST, retry_in_s=2.6, colours=True)
    assert "NOT CONNECTED to 127.0.0.1:8080; these prices are OLD; next try in 3 s (cannot connect: Con" in head
    assert "\x1b[1;37;41m" in head
    assert line.startswith(DIM)
    assert "not connected" in line
    assert "live" not in line


def test_the_first_tries_are_told() -> None:
    assert shown()[0] == "connecting to 127.0.0.1:8080 ..."
    assert shown(LOST, retry_in_s=0.2)[0].startswith(" NOT CONNECTED to 127.0.0.1:8080; trying ... (cannot connect")


def test_a_wrong_name_and_a_pattern_without_symbols_are_told() -> None:
    rejected = Rejected(
        channel="ticker", symbol="demo:APPL", code=404, reason="no such symbol; did you mean demo:AAPL?"
    )
    lines = shown(CONNECTED, rejected)
    assert lines[1:] == ["demo:APPL: no such symbol; did you mean demo:AAPL?", "", "no symbol matches, so far"]


def test_what_the_window_cannot_hold_is_counted() -> None:
    rows = [row(symbol=f"demo:{number}") for number in range(30)]
    lines = shown(CONNECTED, *rows, height=12)
    assert len(lines) <= 12
    assert lines[-1] == "and 22 more: a taller window shows them"


@pytest.mark.parametrize("width", range(44, 120, 4))
def test_no_number_is_ever_cut(width: int) -> None:
    lines = shown(CONNECTED, replace(status("stale"), reason="feed_silent"), row("68250.01", **FIGURES), width=width)
    assert max(map(len, lines)) <= width
    words = lines[-1].split()
    known = ["demo:BTC-USDT", "68250.01", "-1.25", "68250.00", "68250.01", "1,234,568", "30", "s"]
    assert [word for word in words[: words.index("s")] if word not in known] == []
    assert words[:2] == [SYMBOL, "68250.01"]
