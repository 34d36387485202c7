"""What `ticker watch` knows."""

from feeds.timestamps import SECOND
from tests.ticker.client.messages import OTHER, SYMBOL, status
from tests.ticker.watch.rows import row
from ticker.client import Connected, Lost, Rejected
from ticker.watch.board import FLASH, Board

CONNECTED = Connected(server="ticker/0", session="s")
LOST = Lost(reason="cut", code=1006, retry_s=1.0)


def test_symbols_stay_in_the_order_of_their_coming() -> None:
    board = Board()
    for update in (status("live", OTHER), status("live"), row(), row(symbol=OTHER), row("2")):
        board.take(update, 0)
    assert list(board.lines) == [OTHER, SYMBOL]
    assert board.lines[SYMBOL].row == row("2")
    assert board.lines[OTHER].status == status("live", OTHER)


def test_a_change_shows_for_a_moment() -> None:
    board = Board()
    for update in (row("1.5", bid="1", ask="2"), row("1.6", bid="0.9", ask="2.0")):
        board.take(update, 10 * SECOND)
    line = board.lines[SYMBOL]
    now = 10 * SECOND
    assert [line.flash(name, now) for name in ("last", "bid", "ask")] == ["up", "down", None]
    assert line.flash("last", now + FLASH - 1) == "up"
    assert line.flash("last", now + FLASH) is None


def test_what_was_unknown_has_not_changed() -> None:
    board = Board()
    for last in (None, "1.5", None, "1.6"):
        board.take(row(last), 0)
    assert board.lines[SYMBOL].flashes == {}


def test_a_symbols_figures_stand_unless_its_status_says_otherwise() -> None:
    board = Board()
    board.take(row(), 0)
    stands: dict[str | None, bool] = {None: board.lines[SYMBOL].stands}
    for state in ("live", "quiet", "stale", "halted", "closed", "unknown"):
        board.take(status(state), 0)
        stands[state] = board.lines[SYMBOL].stands
    assert [state for state, there in stands.items() if there] == [None, "live", "quiet"]


def test_the_connection_comes_and_goes() -> None:
    board = Board()
    states = [board.connected]
    for update in (LOST, CONNECTED, LOST):
        board.take(update, 0)
        states.append(board.connected)
    assert states == [False, False, True, False]
    assert board.connection == LOST


def test_what_is_rejected_is_known_until_the_next_connection() -> None:
    board = Board()
    board.take(Rejected(channel="ticker", symbol="demo:NOPE", code=404, reason="no such symbol"), 0)
    board.take(LOST, 0)
    assert board.rejected == {"demo:NOPE": "no such symbol"}
    board.take(CONNECTED, 0)
    assert board.rejected == {}
