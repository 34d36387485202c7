"""How `ticker watch` looks in a terminal: a headline that tells how the connection is, and a table of the symbols."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ticker.client import Connected, Lost
from ticker.watch.board import Board, Line
from ticker.watch.words import NOTHING, aligned, duration, signed, state, volume

FLASH_STYLES = {"up": "black on green", "down": "white on red"}  # of the last price; the others' colour alone
COLOURS = {"up": "green", "down": "red"}
STATE_STYLES = {"live": "green", "quiet": "", "unknown": "dim"}
TROUBLE = "not dim bold yellow"
GAP = 2  # spaces between columns
# A number that is cut is a wrong one: where the window is too narrow for all, whole columns go, these first.
DISPENSABLE = ("volume", "change %", "ask", "bid")
STATE_LEAST = len("not connected")
HEADLINES = 3  # the headline, an empty line, the columns' names


class Column(NamedTuple):
    """A column's name, its cells' text of equal width, and which figure's flashes it shows."""

    name: str
    cells: Sequence[str]
    figure: str | None = None

    @property
    def width(self) -> int:
        return max(len(self.name), *map(len, self.cells)) if self.cells else len(self.name)


class View(NamedTuple):
    """What the picture depends on besides the board: the window's size, the time, and the client's clock."""

    width: int
    height: int
    now: int
    retry_in_s: float | None
    age_s: Callable[[str], float]


def picture(board: Board, address: str, view: View) -> RenderableType:
    """The whole screen."""
    notes = [one_line((f"{symbol}: {reason}", TROUBLE)) for symbol, reason in board.rejected.items()]
    room = max(1, view.height - HEADLINES - len(notes) - 1)
    shown = dict(list(board.lines.items())[:room])
    hidden = len(board.lines) - len(shown)
    parts: list[RenderableType] = [headline(board, address, view), *notes, Text()]
    if shown:
        parts.append(table(shown, board.connected, view))
    elif board.connected:
        parts.append(Text("no symbol matches, so far", style="dim"))
    if hidden:
        parts.append(Text(f"and {hidden} more: a taller window shows them", style="dim"))
    return Group(*parts)


def headline(board: Board, address: str, view: View) -> Text:
    """The connection: unmistakable where there is none."""
    match board.connection:
        case Connected(server=server):
            symbols = f"{len(board.lines)} symbol{'' if len(board.lines) == 1 else 's'}"
            return one_line(("connected", "green"), f" to {address}", (f"  {server}, {symbols}", "dim"))
        case Lost(reason=reason):
            left = view.retry_in_s or 0
            coming = f"next try in {left:.0f} s" if left >= 0.5 else "trying ..."
            old = "these prices are OLD; " if board.lines else ""
            text = f" NOT CONNECTED to {address}; {old}{coming} ({reason})"
            return one_line((text.ljust(view.width), "bold white on red"))
        case _:
            return one_line((f"connecting to {address} ...", TROUBLE))


def one_line(*parts: str | tuple[str, str]) -> Text:
    """Text, with styles, that takes one line in any window."""
    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


def table(lines: Mapping[str, Line], connected: bool, view: View) -> Table:
    """The symbols; dim where a figure does not stand."""
    *figures, states = fitting(_columns(lines, connected, view), view.width)
    found = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold")
    for column in figures:
        justify: Literal["left", "right"] = "left" if column.name == "symbol" else "right"
        found.add_column(column.name, justify=justify, no_wrap=True, min_width=column.width)
    room = view.width - sum(column.width + GAP for column in figures)
    found.add_column(states.name, no_wrap=True, max_width=max(len(states.name), room))
    for number, line in enumerate(lines.values()):
        dim = not (connected and line.stands)
        cells = [_cell(column, column.cells[number], None if dim else line, view.now) for column in figures]
        cells.append(Text(states.cells[number], style=_state_style(line, connected)))
        found.add_row(*cells, style="dim" if dim else "")
    return found


def fitting(columns: Sequence[Column], width: int) -> list[Column]:
    """The columns that there is room for; the last one may be cut."""
    kept = list(columns)
    for name in DISPENSABLE:
        if sum(column.width + GAP for column in kept[:-1]) + min(kept[-1].width, STATE_LEAST) <= width:
            break
        kept = [column for column in kept if column.name != name]
    return kept


def _columns(lines: Mapping[str, Line], connected: bool, view: View) -> list[Column]:
    rows = [line.row for line in lines.values()]

    def figures(name: str) -> list[str | None]:
        return [None if row is None else getattr(row, name) for row in rows]

    return [
        Column("symbol", list(lines)),
        Column("last", aligned(figures("last")), "last"),
        Column("change %", aligned([signed(change) for change in figures("change_pct_24h")])),
        Column("bid", aligned(figures("bid")), "bid"),
        Column("ask", aligned(figures("ask")), "ask"),
        Column("volume", [volume(figure) for figure in figures("volume_24h")]),
        Column("age", [duration(view.age_s(row.received)) if row else NOTHING for row in rows]),
        Column("state", [state(line.status) if connected else "not connected" for line in lines.values()]),
    ]


def _state_style(line: Line, connected: bool) -> str:
    known = line.status.state if line.status is not None else "unknown"
    return STATE_STYLES.get(known, TROUBLE) if connected else TROUBLE


def _cell(column: Column, text: str, fresh: Line | None, now: int) -> Text:
    """A figure, in colour where it is of a line that stands."""
    if fresh is None:
        return Text(text)
    if column.figure is not None and (direction := fresh.flash(column.figure, now)) is not None:
        return _styled(text, (FLASH_STYLES if column.figure == "last" else COLOURS)[direction])
    return Text(text, style=_sign_style(text.strip()) if column.name == "change %" else "")


def _styled(text: str, style: str) -> Text:
    """A figure in a style, the room around it as it was."""
    figure = text.strip()
    before = text.index(figure)
    return Text.assemble(text[:before], (figure, style), text[before + len(figure) :])


def _sign_style(change: str) -> str:
    return "" if change == NOTHING else {"+": "green", "-": "red"}.get(change[:1], "")
