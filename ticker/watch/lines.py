"""How `ticker watch` writes where there is no terminal: one line for each update, for other programs and for files."""

from ticker.client import Connected, Lost, Rejected, Status, Ticker, Update
from ticker.watch.words import NOTHING

FIGURES = {
    "last": "last",
    "change_pct": "change_pct_24h",
    "bid": "bid",
    "ask": "ask",
    "volume": "volume_24h",
}


def line(update: Update) -> str | None:
    """An update of the `ticker` channel as text: symbol, kind, and figures by name; None for what has no line."""
    match update:
        case Ticker():
            figures = (f"{name}={getattr(update, attribute) or NOTHING}" for name, attribute in FIGURES.items())
            return f"{update.received} {update.symbol} ticker {' '.join(figures)}"
        case Status():
            return f"{update.received} {update.symbol} status state={update.state} reason={update.reason or NOTHING}"
        case Rejected():
            return f"{NOTHING} {update.symbol} rejected {update.reason}"
        case Connected():
            return f"{NOTHING} {NOTHING} connected {update.server}"
        case Lost():
            return f"{NOTHING} {NOTHING} lost {update.reason}; next try in {update.retry_s:.1f} s; prices above are old"
    return None
