"""How `ticker watch` writes where there is no terminal."""

from dataclasses import replace

from tests.ticker.client.messages import SYMBOL, at, quote, status
from tests.ticker.watch.rows import row
from ticker.client import Connected, Lost, Rejected
from ticker.watch.lines import line


def test_each_update_is_a_line() -> None:
    figures = {"change_pct_24h": "1.21", "bid": "1.49", "ask": "1.51"}
    assert (
        line(row("1.50", **figures)) == f"{at(0)} {SYMBOL} ticker last=1.50 change_pct=1.21 bid=1.49 ask=1.51 volume=-"
    )
    stale = replace(status("stale"), reason="feed_silent")
    assert line(stale) == f"{at(0)} {SYMBOL} status state=stale reason=feed_silent"
    assert line(status("live")) == f"{at(0)} {SYMBOL} status state=live reason=-"
    rejected = Rejected(channel="ticker", symbol="demo:NOPE", code=404, reason="no such symbol")
    assert line(rejected) == "- demo:NOPE rejected no such symbol"
    assert line(Connected(server="ticker/0", session="s")) == "- - connected ticker/0"
    lost = Lost(reason="the service restarts", code=1012, retry_s=2.34)
    assert line(lost) == "- - lost the service restarts; next try in 2.3 s; prices above are old"


def test_what_has_no_line_is_left_out() -> None:
    assert line(quote("1")) is None
